"""Nobody gets the account of a person whom they invite: each chain whole, in two browsers.

Mallory is an Admin of one workspace, and invites Sam, whom she doesn't know. Northwind invites Sam
as well, and must never see Mallory.
"""

import re
from http import HTTPStatus
from typing import Any

import pytest
from allauth.account.models import EmailAddress, EmailConfirmationHMAC
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from django.core import mail
from django.core.cache import cache
from django.core.management import call_command
from django.test import Client
from django.urls import reverse

from agents import limits
from agents.models import Invitation, Role, User, Workspace
from agents.people import invitations
from agents.workspaces import members
from experiments.demo import seeding
from tests.agents.letters import link_to, links_to
from tests.factories import PASSWORD, UserFactory, WorkspaceFactory
from tests.roles import Cast, signed_in

pytestmark = pytest.mark.django_db
SAM = "sam@example.com"
MALLORYS = "mallorys own password"
SAMS = "otters dance by sevens"


@pytest.fixture(autouse=True)
def _no_attempts_so_far() -> None:
    cache.clear()


@pytest.fixture
def mallory(cast: Cast) -> Client:
    return signed_in(cast.admin)


def invite(client: Client, workspace: Workspace, role: str = "editor") -> str:
    """Invite Sam; the path of the link that whoever invites sees."""
    page = client.post(reverse("members", args=[workspace.pk]), {"email": SAM, "role": role})
    found = re.search(r"http://testserver(/invitations/[^\"\s<]+)", page.content.decode())
    assert found
    return found[1]


def sign_up(client: Client, link: str, password: str) -> Any:
    return client.post(link, {"name": "Sam", "password": password})


def sign_in(client: Client, email: str, password: str) -> bool:
    client.post(reverse("account_login"), {"login": email, "password": password})
    return is_in(client)


def is_in(client: Client) -> bool:
    return client.get(reverse("agent_list")).status_code == HTTPStatus.OK


def sees(client: Client, workspace: Workspace) -> bool:
    page = client.get(reverse("workspace_open", args=[workspace.pk]))
    return page.status_code == HTTPStatus.FOUND and page["Location"] == reverse("agent_list")


def squatted() -> tuple[User, Client]:
    """An account of Sam's address as they were made until now: Mallory set its password, is signed
    in to it, has a change to an address of hers under way, and has a second factor on it."""
    user = UserFactory.create(email=SAM, proven=False)
    EmailAddress.objects.create(user=user, email=SAM, primary=True)
    EmailAddress.objects.create(user=user, email="mallory@example.net")
    TOTP.activate(user, generate_totp_secret())
    RecoveryCodes.activate(user)
    return user, signed_in(user)


class TestTheLinkThatTheInviterSees:
    def test_sets_no_password_and_makes_no_account(self, cast: Cast, mallory: Client) -> None:
        shown = invite(mallory, cast.workspace)
        her_other_browser = Client()
        assert sign_up(her_other_browser, shown, MALLORYS)["Location"] == shown
        page = her_other_browser.get(shown).content.decode()
        assert 'type="password"' not in page
        assert not User.objects.filter(email=SAM).exists()
        assert not is_in(her_other_browser)

    def test_does_not_hold_what_the_mail_does(self, cast: Cast, mallory: Client) -> None:
        shown = invite(mallory, cast.workspace)
        assert link_to(SAM).startswith(shown)
        proof = link_to(SAM).removeprefix(shown)
        pages = [
            mallory.get(reverse("members", args=[cast.workspace.pk])),
            mallory.get(shown),
            Client().get(shown),
            Client().post(shown),
        ]
        assert all(proof.strip("/") not in page.content.decode() for page in pages)

    @pytest.mark.parametrize("guess", ["x", "0" * 64, "%00", "é"])
    def test_and_a_guess_of_the_proof_are_nothing(
        self, cast: Cast, mallory: Client, guess: str
    ) -> None:
        shown = invite(mallory, cast.workspace)
        for answer in (
            Client().get(f"{shown}{guess}/"),
            sign_up(Client(), f"{shown}{guess}/", SAMS),
        ):
            assert answer.status_code == HTTPStatus.NOT_FOUND

    def test_has_the_mail_sent_again_and_not_without_end(
        self, cast: Cast, mallory: Client, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        shown = invite(mallory, cast.workspace)
        again = Client()
        assert "a moment ago" in again.post(shown, follow=True).content.decode()
        Invitation.objects.update(mailed_at=None)
        assert "is on its way" in again.post(shown, follow=True).content.decode()
        first, second = links_to(SAM)
        assert first == second
        monkeypatch.setattr(limits, "INVITATION_MAILS", 2)
        Invitation.objects.update(mailed_at=None)
        again.post(shown)
        assert len(links_to(SAM)) == 2

    def test_of_the_release_before_still_leads_to_the_mail(self, cast: Cast) -> None:
        _, secret = invitations.invite(
            workspace=cast.workspace, email=SAM, role=Role.EDITOR, by=cast.owner
        )
        Client().post(reverse("invitation", args=[secret]))
        sam = Client()
        sign_up(sam, link_to(SAM), SAMS)
        assert sees(sam, cast.workspace)


class TestTheMailedLink:
    def test_brings_sam_in_and_mallory_nowhere(self, cast: Cast, mallory: Client) -> None:
        shown = invite(mallory, cast.workspace)
        sign_up(mallory, shown, MALLORYS)
        northwind = WorkspaceFactory.create()
        invite(signed_in(northwind.memberships.get().user), northwind)
        sam = Client()
        sign_up(sam, link_to(SAM), SAMS)
        assert sees(sam, northwind)
        assert User.objects.get(email=SAM).is_proven
        assert not sign_in(Client(), SAM, MALLORYS)
        assert sign_in(Client(), SAM, SAMS)
        assert sam.post(shown).status_code == HTTPStatus.FOUND  # signed in, the address is proven
        assert sees(sam, cast.workspace)

    def test_works_once_and_takes_over_nobody_who_has_proven_the_address(
        self, cast: Cast, mallory: Client
    ) -> None:
        invite(mallory, cast.workspace)
        link = link_to(SAM)
        UserFactory.create(email=SAM)
        assert "Sign in" in sign_up(Client(), link, MALLORYS).content.decode()
        sam = Client()
        assert sign_in(sam, SAM, PASSWORD)
        sam.post(link)
        assert sees(sam, cast.workspace)
        assert Client().get(link).status_code == HTTPStatus.NOT_FOUND

    def test_takes_everything_from_who_had_the_account_before(self, cast: Cast) -> None:
        """The squatter's password, browser, pending change and second factor, in every way in."""
        user, mallory = squatted()
        members.add(workspace=cast.workspace, user=user, role=Role.EDITOR)
        northwind = WorkspaceFactory.create()
        invite(signed_in(northwind.memberships.get().user), northwind)
        sam = Client()
        page = sam.get(link_to(SAM)).content.decode()
        assert 'type="password"' in page
        sign_up(sam, link_to(SAM), SAMS)
        assert sees(sam, northwind)
        assert not is_in(mallory)
        assert not sign_in(Client(), SAM, PASSWORD)
        assert not Authenticator.objects.filter(user=user).exists()
        assert sign_in(Client(), SAM, SAMS)  # and is asked for no code
        assert list(EmailAddress.objects.filter(user=user).values_list("email", "verified")) == [
            (SAM, True)
        ]

    def test_opened_in_the_squatters_own_browser_signs_that_out_too(self, cast: Cast) -> None:
        _, shared = squatted()
        invite(signed_in(cast.owner), cast.workspace)
        sign_up(shared, link_to(SAM), SAMS)
        assert sees(shared, cast.workspace)
        assert sign_in(Client(), SAM, SAMS)

    def test_makes_no_member_of_who_is_signed_in_without_proof(self, cast: Cast) -> None:
        user, mallory = squatted()
        northwind = WorkspaceFactory.create()
        _, secret = invitations.invite(
            workspace=northwind, email=SAM, role=Role.ADMIN, by=northwind.memberships.get().user
        )
        mallory.post(reverse("invitation", args=[secret]))
        assert not northwind.memberships.filter(user=user).exists()


class TestAnAccountThatNobodyHasProven:
    def test_is_signed_in_to_by_nobody(self, cast: Cast) -> None:
        UserFactory.create(email=SAM, proven=False)
        mallory = Client()
        assert not sign_in(mallory, SAM, PASSWORD)
        answer = mallory.post(reverse("account_login"), {"login": SAM, "password": PASSWORD})
        assert answer["Location"] == reverse("account_email_verification_sent")
        assert links_to(SAM)

    def test_is_its_owners_by_the_link_that_signing_in_has_mailed(self, cast: Cast) -> None:
        user, mallory = squatted()
        sign_in(Client(), SAM, PASSWORD)
        sam = Client()
        confirm = link_to(SAM)
        assert "choose a password" in sam.get(confirm).content.decode()
        chosen = sam.post(confirm, follow=True)
        sam.post(chosen.request["PATH_INFO"], {"password1": SAMS, "password2": SAMS})
        assert sign_in(sam, SAM, SAMS)
        assert not is_in(mallory)
        assert not sign_in(Client(), SAM, PASSWORD)
        assert not Authenticator.objects.filter(user=user).exists()

    def test_is_its_owners_by_a_password_reset(self, cast: Cast) -> None:
        """The chain of old: a pending change of address waits for the reset, and takes over."""
        user, mallory = squatted()
        pending = EmailAddress.objects.get(email="mallory@example.net")
        hers = reverse("account_confirm_email", args=[EmailConfirmationHMAC(pending).key])
        sam = Client()
        sam.post(reverse("account_reset_password"), {"email": SAM})
        chosen = sam.get(link_to(SAM), follow=True).request["PATH_INFO"]
        sam.post(chosen, {"password1": SAMS, "password2": SAMS})
        for browser in (mallory, Client()):
            assert "no longer works" in browser.get(hers).content.decode()
            assert browser.post(hers).status_code == HTTPStatus.NOT_FOUND
        user.refresh_from_db()
        assert (user.email, user.is_proven) == (SAM, True)
        assert not is_in(mallory)
        assert sign_in(sam, SAM, SAMS)

    def test_gets_no_reset_link_for_an_address_that_it_only_asks_for(self, cast: Cast) -> None:
        """Who resets a password gets the account of the address, or none: not one that waits."""
        EmailAddress.objects.create(user=cast.outsider, email=SAM)
        Client().post(reverse("account_reset_password"), {"email": SAM})
        assert not mail.outbox

    def test_is_not_adopted_by_the_command(self) -> None:
        user, mallory = squatted()
        call_command("create_workspace", "Fabrikam", owner=SAM)
        assert Workspace.objects.get(name="Fabrikam").memberships.get().user == user
        assert not is_in(mallory)
        assert not sign_in(Client(), SAM, PASSWORD)
        assert not Authenticator.objects.filter(user=user).exists()

    def test_is_not_adopted_by_the_demo(self) -> None:
        theirs = seeding.SIGN_INS[0]
        user = UserFactory.create(email=theirs.email, proven=False)
        mallory = signed_in(user)
        seeding.seed()
        assert not is_in(mallory)
        assert not sign_in(Client(), theirs.email, PASSWORD)
        assert sign_in(Client(), theirs.email, theirs.password)

    def test_is_given_nothing_in_the_admin(self, cast: Cast) -> None:
        user, _ = squatted()
        root = signed_in(cast.superuser)
        form = {"name": "Fabrikam", "time_zone": "UTC", "owner": user.pk}
        assert root.post(reverse("admin:agents_workspace_add"), form).status_code == HTTPStatus.OK
        assert not Workspace.objects.filter(name="Fabrikam").exists()
        form = {"workspace": cast.workspace.pk, "email": SAM, "role": "editor"}
        answer = root.post(reverse("admin:agents_membership_add"), form)
        assert "Invite them by mail" in str(answer.context["adminform"].form.errors)
        assert not cast.workspace.memberships.filter(user=user).exists()
