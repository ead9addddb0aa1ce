"""A membership offered by e-mail."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from agents import limits
from agents.models import Invitation, Role, User
from agents.people import invitations
from agents.workspaces import members
from glozr.errors import Conflict, Forbidden, Invalid, NotFound
from tests.factories import PASSWORD, UserFactory
from tests.roles import Cast
from tests.threads import at_once

pytestmark = pytest.mark.django_db
NEW = "new@example.com"


def invited(cast: Cast, email: str = NEW, role: Role = Role.ADMIN) -> tuple[Invitation, str]:
    return invitations.invite(workspace=cast.workspace, email=email, role=role, by=cast.owner)


def proof(secret: str) -> str:
    """What the mail holds beside the secret."""
    return invitations.proof_of(invitations.find(secret))


def test_the_secret_is_not_stored(cast: Cast) -> None:
    invitation, secret = invited(cast)
    stored = Invitation.objects.filter(pk=invitation.pk).values().get()
    assert secret not in str(stored)
    assert invitations.find(secret) == invitation


def test_it_makes_the_person_a_member_and_is_used_up(cast: Cast) -> None:
    _, secret = invited(cast)
    user = UserFactory.create(email="NEW@example.com")
    assert invitations.accept(secret, user=user).role == Role.ADMIN
    with pytest.raises(NotFound):
        invitations.accept(secret, user=user)
    assert cast.workspace.memberships.filter(user=user).count() == 1


def test_it_is_for_its_address_alone(cast: Cast) -> None:
    _, secret = invited(cast)
    with pytest.raises(Forbidden, match=NEW):
        invitations.accept(secret, user=cast.outsider)
    assert not cast.workspace.memberships.filter(user=cast.outsider).exists()


def test_it_expires_after_seven_days(cast: Cast) -> None:
    invitation, secret = invited(cast)
    left = invitation.expires_at - timezone.now()
    assert timedelta(days=6, hours=23) < left <= timedelta(days=7)
    Invitation.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    with pytest.raises(NotFound, match="expired"):
        invitations.find(secret)
    again, _ = invited(cast)
    assert list(cast.workspace.invitations.all()) == [again]


def test_sending_it_again_ends_the_old_link(cast: Cast) -> None:
    invitation, old = invited(cast)
    _, new = invitations.resend(invitation, by=cast.admin)
    with pytest.raises(NotFound):
        invitations.find(old)
    assert invitations.find(new) == invitation


def test_a_revoked_one_is_worth_nothing(cast: Cast) -> None:
    invitation, secret = invited(cast)
    invitations.withdraw(invitation, by=cast.admin)
    invitations.withdraw(invitation, by=cast.admin)
    with pytest.raises(NotFound):
        invitations.find(secret)
    with pytest.raises(NotFound):
        invitations.resend(invitation, by=cast.admin)


@pytest.mark.parametrize(
    ("email", "code"),
    [("", "blank"), ("nobody", "invalid"), ("owner@example.com", "already_member")],
)
def test_what_is_no_address_to_invite_is_refused(cast: Cast, email: str, code: str) -> None:
    with pytest.raises(Invalid) as refused:
        invited(cast, email)
    assert [(error.field, error.code) for error in refused.value.errors] == [("email", code)]


def test_an_address_is_invited_once(cast: Cast) -> None:
    invited(cast)
    with pytest.raises(Invalid) as refused:
        invited(cast, NEW.upper())
    assert [(error.field, error.code) for error in refused.value.errors] == [
        ("email", "already_invited")
    ]


def test_no_more_than_a_hundred_are_open_at_once(cast: Cast, monkeypatch: Any) -> None:
    monkeypatch.setattr(limits, "OPEN_INVITATIONS", 2)
    invited(cast, "a@example.com")
    invited(cast, "b@example.com")
    with pytest.raises(Conflict, match="Withdraw some"):
        invited(cast, "c@example.com")


def test_an_admin_neither_invites_nor_withdraws_an_owner(cast: Cast) -> None:
    with pytest.raises(Forbidden, match="Only an Owner"):
        invitations.invite(workspace=cast.workspace, email=NEW, role=Role.OWNER, by=cast.admin)
    invitation, _ = invited(cast, role=Role.OWNER)
    with pytest.raises(Forbidden, match="Only an Owner"):
        invitations.withdraw(invitation, by=cast.admin)
    with pytest.raises(Forbidden, match="Only an Owner"):
        invitations.resend(invitation, by=cast.admin)
    assert Invitation.objects.open().count() == 1


def test_an_editor_invites_nobody(cast: Cast) -> None:
    with pytest.raises(Forbidden):
        invitations.invite(workspace=cast.workspace, email=NEW, role=Role.EDITOR, by=cast.editor)


def test_a_new_person_signs_up_through_it(cast: Cast) -> None:
    _, secret = invited(cast, role=Role.EDITOR)
    user = invitations.sign_up(secret, proof=proof(secret), name="Ada", password=PASSWORD)
    assert (user.email, str(user)) == (NEW, "Ada")
    assert User.objects.get(email=NEW).check_password(PASSWORD)
    assert cast.workspace.memberships.get(user=user).role == Role.EDITOR


def test_a_weak_password_is_refused_and_leaves_the_invitation_open(cast: Cast) -> None:
    _, secret = invited(cast)
    with pytest.raises(Invalid) as refused:
        invitations.sign_up(secret, proof=proof(secret), name="Ada", password="12345")
    assert {error.field for error in refused.value.errors} == {"password"}
    assert invitations.find(secret)
    assert not User.objects.filter(email=NEW).exists()


def test_it_takes_over_no_account_that_exists(cast: Cast) -> None:
    UserFactory.create(email=NEW)
    _, secret = invited(cast)
    with pytest.raises(Conflict, match="has an account"):
        invitations.sign_up(
            secret, proof=proof(secret), name="Eve", password="another good password"
        )
    assert User.objects.get(email=NEW).check_password(PASSWORD)


def test_a_member_keeps_the_role(cast: Cast) -> None:
    _, secret = invited(cast, role=Role.EDITOR)
    user = UserFactory.create(email=NEW)
    members.add(workspace=cast.workspace, user=user, role=Role.OWNER)
    assert invitations.accept(secret, user=user).role == Role.OWNER


@pytest.mark.django_db(transaction=True)
def test_two_clicks_at_once_make_one_membership(cast: Cast) -> None:
    _, secret = invited(cast)
    user = UserFactory.create(email=NEW)

    def accept() -> bool:
        try:
            return bool(invitations.accept(secret, user=user))
        except NotFound:
            return False

    assert sorted(at_once([accept, accept, accept])) == [False, False, True]
    assert cast.workspace.memberships.filter(user=user).count() == 1
