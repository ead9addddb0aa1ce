"""What the migration makes of accounts of the release before."""

from datetime import timedelta
from importlib import import_module

import pytest
from allauth.account.models import EmailAddress
from django.apps import apps
from django.core.management import call_command
from django.test import Client
from django.utils import timezone

from agents.models import Role, User, Workspace
from agents.people import addresses
from experiments.demo import seeding
from tests.factories import MembershipFactory, UserFactory
from tests.roles import Cast, signed_in

pytestmark = pytest.mark.django_db
migration = import_module("agents.migrations.0011_unprove_invited")


def migrate() -> None:
    migration.unprove_invited(apps, None)


def is_in(client: Client) -> bool:
    return client.get("/app/").status_code == 200


@pytest.fixture
def invited(cast: Cast) -> User:
    """Signed up by an invitation a while after the workspace was made."""
    Workspace.objects.update(created_at=timezone.now() - timedelta(days=9))
    return MembershipFactory.create(workspace=cast.workspace, role=Role.EDITOR).user


def test_what_an_invitation_confirmed_is_unproven_and_signed_out(invited: User) -> None:
    theirs = signed_in(invited)
    migrate()
    assert not invited.is_proven
    assert EmailAddress.objects.get(user=invited).email == invited.email
    assert not is_in(theirs)


def test_an_account_that_was_there_before_its_workspace_is_unproven(cast: Cast) -> None:
    """As a squatted one that `create_workspace` adopted."""
    squatted = UserFactory.create(date_joined=timezone.now() - timedelta(days=9))
    call_command("create_workspace", "Fabrikam", owner=squatted.email)
    migrate()
    assert not squatted.is_proven


def test_somebody_without_a_workspace_may_have_been_invited(invited: User) -> None:
    invited.memberships.all().delete()
    migrate()
    assert not invited.is_proven


def test_owners_and_the_demo_stay_proven_and_signed_in() -> None:
    seeding.seed()
    call_command("create_workspace", "Fabrikam", owner="founder@example.com")
    founder = User.objects.get(email="founder@example.com")
    addresses.mark_proven(founder)  # as the release before did
    theirs = signed_in(founder)
    migrate()
    people = User.objects.exclude(email="root@example.com")
    assert people.count() == 4
    assert all(person.is_proven for person in people)
    assert is_in(theirs)


def test_other_addresses_have_no_power(invited: User) -> None:
    EmailAddress.objects.create(user=invited, email="before@example.com", verified=True)
    EmailAddress.objects.create(user=invited, email="pending@example.com")
    migrate()
    assert [row.email for row in EmailAddress.objects.filter(user=invited)] == [invited.email]


def test_it_may_run_again(invited: User) -> None:
    migrate()
    addresses.prove(invited)
    migrate()
    assert EmailAddress.objects.filter(user=invited).count() == 1
