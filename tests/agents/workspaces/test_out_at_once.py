"""Who is removed or demoted is out at once, by each door: each chain whole, in two browsers."""

from http import HTTPStatus
from typing import Any

import pytest
from django.contrib.messages import get_messages
from django.core.cache import cache
from django.test import Client
from django.urls import reverse

from agents.models import ApiToken, Invitation, Membership, Role, User
from agents.people import invitations
from agents.workspaces import members, tokens
from glozr.errors import NotFound
from tests.agents.letters import link_to
from tests.factories import MembershipFactory, UserFactory
from tests.roles import Cast, signed_in
from tests.runtime import Runtime
from tests.threads import at_once

pytestmark = pytest.mark.django_db
SAM = "sam@example.com"
SAMS = "otters dance by sevens"


@pytest.fixture(autouse=True)
def _no_attempts_so_far() -> None:
    cache.clear()


def address_of(cast: Cast, user: User, name: str) -> str:
    membership = cast.workspace.memberships.get(user=user)
    return reverse(name, args=[cast.workspace.pk, membership.pk])


def invite(client: Client, cast: Cast, email: str = SAM, role: str = "editor") -> str:
    """Invite somebody; the path of the link that was mailed."""
    client.post(reverse("members", args=[cast.workspace.pk]), {"email": email, "role": role})
    return link_to(email)


def token_of(cast: Cast, user: User, name: str = "Site") -> ApiToken:
    token, _ = tokens.create_token(
        workspace=cast.workspace, name=name, abilities=["runtime"], created_by=user
    )
    return token


def is_usable(token: ApiToken) -> bool:
    return ApiToken.objects.unrevoked().filter(pk=token.pk).exists()


def sign_up(link: str) -> int:
    return Client().post(link, {"name": "Sam", "password": SAMS}).status_code


class TestWhoIsRemoved:
    def test_sees_404_at_the_next_request_by_every_door(self, cast: Cast) -> None:
        User.objects.filter(pk=cast.admin.pk).update(is_staff=True)
        theirs = signed_in(cast.admin)
        doors = [
            reverse("workspace_open", args=[cast.workspace.pk]),
            reverse("members", args=[cast.workspace.pk]),
            reverse("agent_settings", args=[cast.agent.pk]),
            reverse("experiment_list", args=[cast.agent.pk]),
            reverse("api_experiments", args=[cast.agent.pk]),
            reverse("admin:agents_agent_change", args=[cast.agent.pk]),
            reverse("admin:agents_workspace_change", args=[cast.workspace.pk]),
        ]
        assert {theirs.get(door).status_code for door in doors} == {200, 302}
        signed_in(cast.owner).post(address_of(cast, cast.admin, "member_remove"))
        assert [theirs.get(door).status_code for door in doors] == [404] * len(doors)
        sent = theirs.post(doors[4], "{}", "application/json")
        assert sent.status_code == HTTPStatus.NOT_FOUND

    def test_has_no_invitation_left_that_lets_them_back_in(self, cast: Cast) -> None:
        """An Admin who expects to go invites a second address of theirs."""
        link = invite(signed_in(cast.admin), cast, role="admin")
        signed_in(cast.owner).post(address_of(cast, cast.admin, "member_remove"))
        assert sign_up(link) == HTTPStatus.NOT_FOUND
        assert not User.objects.filter(email=SAM).exists()
        assert not cast.workspace.invitations.exists()

    def test_leaves_the_invitations_of_others_open(self, cast: Cast) -> None:
        link = invite(signed_in(cast.owner), cast)
        signed_in(cast.owner).post(address_of(cast, cast.admin, "member_remove"))
        assert sign_up(link) == HTTPStatus.FOUND

    def test_leaves_an_invitation_that_somebody_else_sent_again(self, cast: Cast) -> None:
        invite(signed_in(cast.admin), cast)
        owner = signed_in(cast.owner)
        invitation = cast.workspace.invitations.get()
        owner.post(reverse("invitation_resend", args=[cast.workspace.pk, invitation.pk]))
        owner.post(address_of(cast, cast.admin, "member_remove"))
        assert sign_up(link_to(SAM)) == HTTPStatus.FOUND

    def test_loses_their_tokens_at_once_but_those_that_are_kept(self, cast: Cast) -> None:
        runtime = Runtime.of(cast.agent)
        token = tokens.usable_token(runtime.key)
        assert token
        ApiToken.objects.filter(pk=token.pk).update(created_by=cast.admin)
        kept, others = token_of(cast, cast.admin, "Kept"), token_of(cast, cast.owner)
        owner = signed_in(cast.owner)
        page = owner.get(address_of(cast, cast.admin, "member_remove")).content.decode()
        assert page.count("checked") == 2
        assert f'value="{token.pk}"' in page
        assert f'value="{others.pk}"' not in page
        made_meanwhile = token_of(cast, cast.admin, "Made meanwhile")
        sent = {"listed": [token.pk, kept.pk], "revoke": [token.pk]}
        owner.post(address_of(cast, cast.admin, "member_remove"), sent)
        assert tokens.usable_token(runtime.key) is None
        assert not is_usable(made_meanwhile)
        assert is_usable(kept)
        assert is_usable(others)

    @pytest.mark.parametrize("listed", ["", "x", "%00", "01a20e26-fbe1-746f-9dce-951914b5d14f"])
    def test_loses_them_whatever_is_sent(self, cast: Cast, listed: str) -> None:
        token = token_of(cast, cast.admin)
        owner = signed_in(cast.owner)
        owner.post(address_of(cast, cast.admin, "member_remove"), {"listed": [listed]})
        assert not is_usable(token)

    def test_loses_nothing_when_the_removal_is_refused(self, cast: Cast) -> None:
        token = token_of(cast, cast.owner)
        invite(signed_in(cast.owner), cast)
        refused = signed_in(cast.owner).post(address_of(cast, cast.owner, "member_remove"))
        assert refused.status_code == HTTPStatus.CONFLICT
        assert is_usable(token)
        assert cast.workspace.invitations.exists()

    def test_loses_the_same_in_the_admin_which_says_so(self, cast: Cast) -> None:
        token = token_of(cast, cast.admin)
        link = invite(signed_in(cast.admin), cast)
        membership = cast.workspace.memberships.get(user=cast.admin)
        address = reverse("admin:agents_membership_delete", args=[membership.pk])
        answer = signed_in(cast.superuser).post(address, {"post": "yes"})
        told = " ".join(str(message) for message in get_messages(answer.wsgi_request))
        assert "Revoked: Site" in told
        assert not is_usable(token)
        assert sign_up(link) == HTTPStatus.NOT_FOUND

    def test_may_leave_and_keep_a_token_running(self, cast: Cast) -> None:
        token = token_of(cast, cast.admin)
        theirs = signed_in(cast.admin)
        leave = reverse("workspace_leave", args=[cast.workspace.pk])
        assert "Revoke Site" in theirs.get(leave).content.decode()
        theirs.post(leave, {"listed": [token.pk]})
        assert is_usable(token)

    def test_revokes_by_leaving_nothing_that_an_editor_could_not(self, cast: Cast) -> None:
        token = token_of(cast, cast.editor)
        signed_in(cast.editor).post(reverse("workspace_leave", args=[cast.workspace.pk]))
        assert is_usable(token)

    def test_is_taken_from_one_workspace_alone(self, cast: Cast) -> None:
        elsewhere = MembershipFactory.create(user=cast.admin, role=Role.ADMIN).workspace
        token, _ = tokens.create_token(
            workspace=elsewhere, name="There", abilities=["runtime"], created_by=cast.admin
        )
        invitations.invite(workspace=elsewhere, email=SAM, role=Role.EDITOR, by=cast.admin)
        signed_in(cast.owner).post(address_of(cast, cast.admin, "member_remove"))
        assert is_usable(token)
        assert elsewhere.invitations.exists()


class TestWhoIsDemoted:
    def demote(self, cast: Cast, user: User, role: Role, **sent: Any) -> Any:
        owner = signed_in(cast.owner)
        return owner.post(address_of(cast, user, "member"), {"role": role.value, **sent})

    def test_is_asked_about_before_they_lose_something(self, cast: Cast) -> None:
        token = token_of(cast, cast.admin)
        invite(signed_in(cast.admin), cast)
        asked = self.demote(cast, cast.admin, Role.EDITOR).content.decode()
        assert f'value="{token.pk}"' in asked
        assert SAM in asked
        assert cast.workspace.memberships.get(user=cast.admin).role == Role.ADMIN
        assert is_usable(token)
        sent = {"confirmed": "yes", "listed": [token.pk], "revoke": [token.pk]}
        self.demote(cast, cast.admin, Role.EDITOR, **sent)
        assert cast.workspace.memberships.get(user=cast.admin).role == Role.EDITOR
        assert not is_usable(token)
        assert not cast.workspace.invitations.exists()

    def test_from_owner_to_admin_invites_no_owner_any_more(self, cast: Cast) -> None:
        second = MembershipFactory.create(workspace=cast.workspace, role=Role.OWNER).user
        token = token_of(cast, second)
        theirs = signed_in(second)
        as_owner = invite(theirs, cast, role="owner")
        as_admin = invite(theirs, cast, "alex@example.com", "admin")
        self.demote(cast, second, Role.ADMIN, confirmed="yes")
        assert sign_up(as_owner) == HTTPStatus.NOT_FOUND
        assert sign_up(as_admin) == HTTPStatus.FOUND
        assert is_usable(token)

    def test_in_the_admin_too(self, cast: Cast) -> None:
        token = token_of(cast, cast.admin)
        link = invite(signed_in(cast.admin), cast)
        membership = cast.workspace.memberships.get(user=cast.admin)
        address = reverse("admin:agents_membership_change", args=[membership.pk])
        signed_in(cast.superuser).post(address, {"role": "editor"})
        assert not is_usable(token)
        assert sign_up(link) == HTTPStatus.NOT_FOUND

    def test_manages_nothing_at_the_next_request(self, cast: Cast) -> None:
        theirs = signed_in(cast.admin)
        doors = [
            reverse("members", args=[cast.workspace.pk]),
            reverse("tokens", args=[cast.workspace.pk]),
            reverse("agent_new", args=[cast.workspace.pk]),
        ]
        assert [theirs.get(door).status_code for door in doors] == [200] * 3
        self.demote(cast, cast.admin, Role.EDITOR)
        assert [theirs.get(door).status_code for door in doors] == [403] * 3

    def test_to_what_they_are_loses_nothing(self, cast: Cast) -> None:
        token = token_of(cast, cast.editor)
        answer = self.demote(cast, cast.editor, Role.EDITOR)
        assert answer.status_code == HTTPStatus.FOUND
        assert is_usable(token)

    def test_who_is_promoted_loses_nothing(self, cast: Cast) -> None:
        token = token_of(cast, cast.admin)
        link = invite(signed_in(cast.admin), cast)
        answer = self.demote(cast, cast.admin, Role.OWNER)
        assert answer.status_code == HTTPStatus.FOUND
        assert is_usable(token)
        assert sign_up(link) == HTTPStatus.FOUND


class TestTheInvitersRight:
    """It is looked at again when the invitation is taken up, however it was lost."""

    def test_of_somebody_shut_out(self, cast: Cast) -> None:
        link = invite(signed_in(cast.admin), cast)
        User.objects.filter(pk=cast.admin.pk).update(is_active=False)
        answer = Client().post(link, {"name": "Sam", "password": SAMS})
        assert answer.status_code == HTTPStatus.NOT_FOUND
        assert "may no longer invite you" in answer.content.decode()
        assert not User.objects.filter(email=SAM).exists()

    def test_of_a_superuser_who_is_none_any_more(self, cast: Cast) -> None:
        link = invite(signed_in(cast.superuser), cast)
        User.objects.filter(pk=cast.superuser.pk).update(is_superuser=False)
        assert sign_up(link) == HTTPStatus.NOT_FOUND

    def test_of_somebody_gone_without_a_trace(self, cast: Cast) -> None:
        invite(signed_in(cast.owner), cast)
        Invitation.objects.update(invited_by=None)
        assert sign_up(link_to(SAM)) == HTTPStatus.NOT_FOUND

    def test_holds_for_who_has_an_account_too(self, cast: Cast) -> None:
        sam = UserFactory.create(email=SAM)
        _, secret = invitations.invite(
            workspace=cast.workspace, email=SAM, role=Role.EDITOR, by=cast.admin
        )
        Membership.objects.filter(user=cast.admin).update(role=Role.EDITOR)
        with pytest.raises(NotFound, match="may no longer invite"):
            invitations.accept(secret, user=sam)
        assert not cast.workspace.memberships.filter(user=sam).exists()


@pytest.mark.django_db(transaction=True)
def test_who_joins_while_the_inviter_goes_is_in_before_or_not_at_all(cast: Cast) -> None:
    for number in range(4):
        admin = MembershipFactory.create(workspace=cast.workspace, role=Role.ADMIN)
        sam = UserFactory.create()
        _, secret = invitations.invite(
            workspace=cast.workspace, email=sam.email, role=Role.EDITOR, by=admin.user
        )

        def join(secret: str = secret, sam: User = sam) -> bool:
            try:
                return bool(invitations.accept(secret, user=sam))
            except NotFound:
                return False

        def go(admin: Membership = admin) -> None:
            members.remove(admin, by=cast.owner)

        joined, _ = at_once([join, go])
        assert cast.workspace.memberships.filter(user=sam).exists() == joined, number
        assert not cast.workspace.invitations.exists()
