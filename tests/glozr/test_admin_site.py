"""The admin by role: every registered model, its list, its form, adding and deleting."""

from datetime import timedelta
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.contrib import admin
from django.contrib.auth.models import Group
from django.contrib.contenttypes.models import ContentType
from django.db.models import Model
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from agents.admin.scope import ScopedAdmin
from agents.models import (
    Agent,
    ApiToken,
    Conversation,
    Invitation,
    Lead,
    Membership,
    Message,
    OutgoingMail,
    User,
    Workspace,
    WorkspaceGrant,
)
from experiments.models import Assignment, Event, Experiment, PendingCount, Variant, VariantTotals
from tests.factories import ExperimentFactory, LeadFactory, UserFactory
from tests.roles import Cast
from tests.runtime import Runtime

MEMBERS = {"owner", "admin", "editor"}
MANAGERS = {"owner", "admin"}
NOBODY: set[str] = set()
# Beside superusers: who sees rows of their own workspace, changes, adds, and deletes them.
TABLE: dict[type[Model], tuple[set[str], set[str], set[str], set[str]]] = {
    Agent: (MEMBERS, MANAGERS, MANAGERS, NOBODY),
    ApiToken: (MANAGERS, MANAGERS, MANAGERS, NOBODY),
    Assignment: (MEMBERS, NOBODY, NOBODY, NOBODY),
    Authenticator: (NOBODY, NOBODY, NOBODY, NOBODY),
    Conversation: (MEMBERS, NOBODY, NOBODY, NOBODY),
    EmailAddress: (NOBODY, NOBODY, NOBODY, NOBODY),
    Event: (MEMBERS, NOBODY, NOBODY, NOBODY),
    Experiment: (MEMBERS, MANAGERS, MANAGERS, MANAGERS),
    Group: (NOBODY, NOBODY, NOBODY, NOBODY),
    Invitation: (MANAGERS, NOBODY, NOBODY, MANAGERS),
    Lead: (MEMBERS, MANAGERS, NOBODY, NOBODY),
    Membership: (MANAGERS, MANAGERS, MANAGERS, MANAGERS),
    Message: (MEMBERS, NOBODY, NOBODY, NOBODY),
    OutgoingMail: (MANAGERS, MANAGERS, NOBODY, NOBODY),
    PendingCount: (MEMBERS, NOBODY, NOBODY, NOBODY),
    User: (NOBODY, NOBODY, NOBODY, NOBODY),
    Variant: (MEMBERS, NOBODY, NOBODY, NOBODY),
    VariantTotals: (MEMBERS, NOBODY, NOBODY, NOBODY),
    Workspace: (MEMBERS, MANAGERS, NOBODY, NOBODY),
    WorkspaceGrant: (MANAGERS, NOBODY, NOBODY, NOBODY),
}
# What a superuser may not do either: these follow from other rows, or are history.
SUPERUSERS: dict[type[Model], tuple[bool, bool, bool]] = {
    Agent: (True, True, False),
    ApiToken: (True, True, False),
    Authenticator: (True, False, True),
    Experiment: (True, True, True),
    Invitation: (False, False, True),
    Lead: (True, False, False),
    Membership: (True, True, True),
    OutgoingMail: (True, False, False),
    User: (True, True, False),
    Workspace: (True, True, False),
}


@pytest.fixture
def world(cast: Cast) -> dict[type[Model], Model]:
    """A row of every model, in the cast's workspace where it has one."""
    from experiments import lifecycle

    experiment = ExperimentFactory.create(agent=cast.agent)
    lifecycle.start(experiment, by=cast.owner)
    runtime = Runtime.of(cast.agent)
    conversation = runtime.resolve("visitor")["conversation_id"]
    runtime.say("visitor", conversation)
    LeadFactory.create(agent=cast.agent, visitor_id="visitor")
    now = timezone.now()
    Invitation.objects.create(
        workspace=cast.workspace,
        email="invited@example.com",
        role="editor",
        digest="0" * 64,
        expires_at=now + timedelta(days=7),
    )
    numbers = dict.fromkeys(
        (
            field.name
            for field in VariantTotals._meta.fields
            if field.name.startswith(
                ("visitors", "converted", "leads", "conversations", "messages", "seconds")
            )
        ),
        1,
    )
    VariantTotals.objects.create(
        agent=cast.agent, variant=experiment.variants.all()[0], assigned_from=now, **numbers
    )
    Authenticator.objects.create(user=cast.owner, type="totp", data={"secret": "TOP-SECRET"})
    rows: dict[type[Model], Model] = {}
    for model in TABLE.keys() - {OutgoingMail}:
        rows[model] = model._default_manager.order_by("pk")[0]
    rows[OutgoingMail] = OutgoingMail.objects.create(
        workspace=cast.workspace, purpose="invitation", recipient="invited@example.com"
    )
    rows[Workspace] = cast.workspace
    rows[Membership] = Membership.objects.get(user=cast.editor)
    rows[WorkspaceGrant] = WorkspaceGrant.objects.filter(content_object=cast.workspace)[0]
    return rows


@pytest.fixture
def staff(cast: Cast) -> dict[str, Client]:
    """A signed-in client for each kind of staff."""
    User.objects.update(is_staff=True)
    people = {name: getattr(cast, name) for name in ("owner", "admin", "editor", "superuser")}
    people["outsider"] = cast.outsider
    people["loner"] = UserFactory.create(is_staff=True)
    clients = {name: Client() for name in people}
    for name, client in clients.items():
        client.force_login(people[name])
    return clients


ROLES = ["owner", "admin", "editor", "outsider", "loner", "superuser"]
EVERY = [(model, role) for model in TABLE for role in ROLES]


def address(model: type[Model], view: str, *arguments: Any) -> str:
    options = model._meta
    return reverse(f"admin:{options.app_label}_{options.model_name}_{view}", args=arguments)


def test_every_registered_model_is_in_the_table_and_scoped() -> None:
    registered = admin.site._registry

    assert registered.keys() == TABLE.keys()
    assert [a for a in registered.values() if not isinstance(a, ScopedAdmin)] == []


def test_list_shows_rows_to_who_may_see_them(
    world: dict[type[Model], Model], staff: dict[str, Client]
) -> None:
    for model, role in EVERY:
        response = staff[role].get(address(model, "changelist"))
        shown = role == "superuser" or role in TABLE[model][0]
        foreign = role == "outsider" and TABLE[model][0]
        assert response.status_code == (200 if shown or foreign else 403), (model, role)
        if response.status_code == 200:
            found = world[model] in response.context["cl"].result_list
            assert found == shown, (model, role)


def test_row_opens_for_who_may_see_it(
    world: dict[type[Model], Model], staff: dict[str, Client]
) -> None:
    for model, role in EVERY:
        response = staff[role].get(address(model, "change", world[model].pk))
        if role == "superuser" or role in TABLE[model][0]:
            assert response.status_code == 200, (model, role)
            may_change = SUPERUSERS.get(model, (False,))[0] and (
                role == "superuser" or role in TABLE[model][1]
            )
            assert response.context["has_change_permission"] == may_change, (model, role)
        else:
            assert response.status_code in (403, 404), (model, role)


def test_change_is_refused_to_who_may_not(
    world: dict[type[Model], Model], staff: dict[str, Client]
) -> None:
    for model, role in EVERY:
        if role in TABLE[model][1] or (role == "superuser" and SUPERUSERS.get(model, (False,))[0]):
            continue
        response = staff[role].post(address(model, "change", world[model].pk), {"name": "Stolen"})
        assert response.status_code in (403, 404), (model, role)


def test_add_form_opens_for_who_may_add(
    world: dict[type[Model], Model], staff: dict[str, Client]
) -> None:
    for model, role in EVERY:
        may = (
            SUPERUSERS.get(model, (False, False))[1]
            if role == "superuser"
            else role in TABLE[model][2] or (role == "outsider" and bool(TABLE[model][2]))
        )
        for response in (
            staff[role].get(address(model, "add")),
            staff[role].post(address(model, "add"), {}),
        ):
            assert response.status_code == (200 if may else 403), (model, role)


def test_delete_is_offered_to_who_may_delete(
    world: dict[type[Model], Model], staff: dict[str, Client]
) -> None:
    for model, role in EVERY:
        may = (
            SUPERUSERS.get(model, (False, False, False))[2]
            if role == "superuser"
            else role in TABLE[model][3]
        )
        response = staff[role].get(address(model, "delete", world[model].pk))
        if may:
            assert response.status_code == 200, (model, role)
        else:
            assert response.status_code in (403, 404), (model, role)
            response = staff[role].post(address(model, "delete", world[model].pk), {"post": "yes"})
            assert response.status_code in (403, 404), (model, role)
            assert model._base_manager.filter(pk=world[model].pk).exists()


def test_history_of_another_workspaces_row_is_not_found(
    world: dict[type[Model], Model], staff: dict[str, Client]
) -> None:
    for model, role in EVERY:
        if role not in ("outsider", "loner"):
            continue
        response = staff[role].get(address(model, "history", world[model].pk))
        assert response.status_code in (403, 404), (model, role)


def test_who_is_not_staff_is_kept_out(cast: Cast) -> None:
    client = Client()
    client.force_login(cast.owner)

    assert client.get(reverse("admin:index"), follow=True).status_code == 403


def test_signing_in_is_the_products(db: None) -> None:
    response = Client().get(reverse("admin:login"))

    assert response.status_code == 302
    assert response["Location"].startswith(reverse("account_login"))


def test_index_lists_nothing_for_staff_without_a_role(staff: dict[str, Client]) -> None:
    assert staff["loner"].get(reverse("admin:index")).context["app_list"] == []


@pytest.mark.parametrize(
    ("model", "field"), [(ApiToken, "digest"), (Invitation, "digest"), (Authenticator, "data")]
)
def test_secrets_are_neither_shown_nor_guessed(
    model: type[Model], field: str, world: dict[type[Model], Model], staff: dict[str, Client]
) -> None:
    secret = str(getattr(world[model], field))
    client = staff["superuser"]

    assert secret not in client.get(address(model, "change", world[model].pk)).text
    guess = client.get(address(model, "changelist"), {f"{field}__startswith": secret[:4]})
    assert guess.status_code == 400


@pytest.mark.parametrize(
    "query",
    [
        "q=%00",
        "q=%27",
        "agent__id__exact=x",
        "status__exact=%00",
        "p=-1",
        "p=99999",
        "o=99.x",
        "created_at__year=999999",
        "created_at__month=13",
        "e=1",
        "date_joined__year=0",
        "of=%00",
    ],
)
def test_odd_addresses_of_lists_are_answered(
    query: str, world: dict[type[Model], Model], staff: dict[str, Client]
) -> None:
    for model in TABLE:
        response = staff["superuser"].get(f"{address(model, 'changelist')}?{query}")
        assert response.status_code in (200, 302, 400), model


def test_ids_of_nothing_are_not_found(staff: dict[str, Client]) -> None:
    for model in TABLE:
        for odd in ("00000000-0000-0000-0000-000000000000", "x", "99999999999999999999", "_00"):
            response = staff["superuser"].get(address(model, "change", odd))
            assert response.status_code == 404, (model, odd)


def test_a_row_leads_to_its_page_and_no_id_leads_anywhere(client: Client, cast: Cast) -> None:
    experiment = ExperimentFactory.create(agent=cast.agent)
    client.force_login(cast.superuser)
    form = client.get(reverse("admin:experiments_experiment_change", args=[experiment.pk]))
    assert f'href="{experiment.get_absolute_url()}"' in form.content.decode()
    kind = ContentType.objects.get_for_model(Experiment).pk
    for row in ("zzz", experiment.pk):
        assert client.get(f"/admin/r/{kind}/{row}/").status_code == 404
