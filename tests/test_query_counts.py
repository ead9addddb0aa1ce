"""No page takes more than twelve queries, though there are 200 rows of nearly everything."""

from dataclasses import replace
from datetime import timedelta

import pytest
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.contenttypes.models import ContentType
from django.db import connection
from django.urls import reverse
from django.utils import timezone

from agents.models import (
    Ability,
    Agent,
    ApiToken,
    Conversation,
    Invitation,
    MailState,
    Membership,
    Message,
    MessageRole,
    OutgoingMail,
    Role,
    User,
)
from agents.workspaces import members
from agents.workspaces.editing import create_workspace
from experiments import lifecycle, limits
from experiments.models import (
    Action,
    Delivery,
    Event,
    Experiment,
    Kind,
    Notice,
    NoticeKind,
    Status,
    Webhook,
)
from tests.factories import AgentFactory, ExperimentFactory
from tests.roles import Cast
from tests.urls_by_role import MODELS, ROLES, SECTIONS
from tests.visits import arrive
from tests.world import ROUTES, World, make_world

pytestmark = pytest.mark.django_db

ROWS = 200
WORKSPACES = 40
"""Far more than the queries that a page may take, too; each is made by the services."""
OF_WORKSPACES = [name for name, (staff, _) in MODELS.items() if "list" in staff]


OF_ONE_THAT_RUNS = {"experiment_start": 302, "experiment_stop": 200}
"""What these answer here; the experiment of the table is a draft."""


@pytest.fixture
def crowded(cast: Cast) -> World:
    """A lot of everything; the experiment runs and nothing is counted yet. The Owner is staff."""
    world = make_world(cast)
    User.objects.filter(pk=cast.owner.pk).update(is_staff=True)
    busy = Conversation.objects.get(pk=world.values["conversation_id"])
    fill_workspace(cast)
    fill_workspaces(cast)
    fill_agent(cast.agent, busy)
    runs = running(cast)
    fill_notices(cast, runs)
    experiment = runs.pk
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")  # as autovacuum does; plans for empty tables take seconds here
    values = {
        "experiment_id": experiment,
        "experiments.experiment": experiment,
        "step_id": runs.events.latest("id").pk,
    }
    return replace(world, values={**world.values, **values})


def test_no_url_takes_more_queries_for_many_rows(crowded: World, cast: Cast) -> None:
    for role, sections in (
        ("editor", ["operation", "pages", "api", "accounts"]),
        ("owner", ["pages", "api"]),
        ("superuser", ["pages", "admin"]),
    ):
        for name, row in ((n, r) for section in sections for n, r in SECTIONS[section].items()):
            if name.endswith("_xlsx"):  # holds every row, read a batch at a time
                continue
            status = crowded.ask(role, "GET", row.address or crowded.address(ROUTES[name]))
            of_a_draft = row.get[ROLES.index(role)]
            expected = of_a_draft if of_a_draft == 403 else OF_ONE_THAT_RUNS.get(name, of_a_draft)
            assert status == expected, (role, name)
    # An Owner on the staff, of many workspaces, is in no row of the table.
    seen = [
        name
        for name, row in SECTIONS["admin"].items()
        if crowded.ask("owner", "GET", row.address or crowded.address(ROUTES[name])) == 200
    ]
    assert {f"admin:{model}_changelist" for model in OF_WORKSPACES} <= set(seen)
    assert {f"admin:{model}_change" for model in OF_WORKSPACES} <= set(seen)
    assert {f"admin:{model}_history" for model in OF_WORKSPACES} <= set(seen)
    draft = Experiment.objects.get(name="Draft")
    for step in ("start", "edit", "delete"):
        address = reverse(f"experiment_{step}", args=[cast.agent.pk, draft.pk])
        assert crowded.ask("owner", "GET", address) == 200


def fill_workspace(cast: Cast) -> None:
    people = User.objects.bulk_create(User(email=f"member{n}@example.com") for n in range(ROWS))
    Membership.objects.bulk_create(
        Membership(workspace=cast.workspace, user=person, role=Role.EDITOR) for person in people
    )
    Agent.objects.bulk_create(
        Agent(workspace=cast.workspace, name=f"Agent {n}") for n in range(ROWS)
    )
    Invitation.objects.bulk_create(
        Invitation(
            workspace=cast.workspace,
            email=f"invited{n}@example.com",
            role=Role.EDITOR,
            digest=str(n),
            invited_by=people[n],
            expires_at=timezone.now() + timedelta(days=1),
        )
        for n in range(ROWS)
    )
    OutgoingMail.objects.bulk_create(
        OutgoingMail(
            workspace=cast.workspace,
            recipient=person.email,
            state=MailState.FAILED,
            requested_by=person,
        )
        for person in people
    )
    ApiToken.objects.bulk_create(
        ApiToken(
            workspace=cast.workspace,
            name=f"Token {n}",
            digest=str(n),
            abilities=list(Ability),
            created_by=people[n],
        )
        for n in range(ROWS)
    )


def fill_workspaces(cast: Cast) -> None:
    """Others of the Owner and the Editor, with all that their roles need."""
    for number in range(WORKSPACES):
        workspace = create_workspace(name=f"Elsewhere {number}", owner=cast.owner)
        members.add(workspace=workspace, user=cast.editor, role=Role.EDITOR)
        AgentFactory.create(workspace=workspace)


def fill_agent(agent: Agent, busy: Conversation) -> None:
    """Experiments of which all have run, visitors of another, and a long conversation."""
    now = timezone.now()
    Experiment.objects.bulk_create(
        Experiment(
            agent=agent,
            name=f"Past {n}",
            kind=Kind.CTA,
            status=Status.STOPPED,
            started_at=now - timedelta(days=n + 2),
            stopped_at=now - timedelta(days=n + 1),
        )
        for n in range(ROWS)
    )
    Message.objects.bulk_create(
        Message(agent=agent, conversation=busy, role=MessageRole.VISITOR, content="Hello")
        for _ in range(ROWS)
    )


def fill_notices(cast: Cast, experiment: Experiment) -> None:
    """All of them new to everybody, and each on its way to a webhook."""
    notices = Notice.objects.bulk_create(
        Notice(
            workspace=cast.workspace,
            experiment=experiment,
            kind=NoticeKind.AGENT_EDITED,
            key=str(n),
            text="Ada edited the agent while it ran.",
        )
        for n in range(ROWS)
    )
    webhook = Webhook.objects.get()
    Delivery.objects.bulk_create(Delivery(notice=notice, webhook=webhook) for notice in notices)


def running(cast: Cast) -> Experiment:
    """With as many variants as may be, visitors on many days, and a long history."""
    variants = [
        {"name": f"Variant {n}", "weight": 1, "config": {"persona": {"name": f"Persona {n}"}}}
        for n in range(limits.MAX_VARIANTS)
    ]
    experiment = lifecycle.start(
        ExperimentFactory.create(agent=cast.agent, variants=variants),
        by=cast.owner,
        on_conflict=lifecycle.OnConflict.KEEP_RUNNING,
    )
    for day in range(ROWS // limits.MAX_VARIANTS):
        at = timezone.now() - timedelta(days=day)
        arrive(experiment, [(2, 1)] * limits.MAX_VARIANTS, at=at)
    Event.objects.bulk_create(
        Event(experiment=experiment, action=Action.EDITED, actor=person, actor_name=person.email)
        for person in User.objects.all()[:ROWS]
    )
    LogEntry.objects.bulk_create(
        LogEntry(
            user=person,
            content_type=ContentType.objects.get_for_model(Experiment),
            object_id=str(experiment.pk),
            object_repr=experiment.name,
            action_flag=CHANGE,
        )
        for person in User.objects.all()[:ROWS]
    )
    return experiment
