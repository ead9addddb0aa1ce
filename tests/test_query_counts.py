"""No page takes more than twelve queries, though there are 200 rows of everything."""

from dataclasses import replace
from datetime import timedelta

import pytest
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.contenttypes.models import ContentType
from django.utils import timezone

from agents.models import (
    Ability,
    Agent,
    ApiToken,
    Conversation,
    Invitation,
    Membership,
    Message,
    MessageRole,
    Role,
    User,
    Workspace,
)
from experiments import lifecycle
from experiments.models import MAX_VARIANTS, Action, Event, Experiment, Kind, Status
from tests.factories import ExperimentFactory
from tests.roles import Cast
from tests.urls_by_role import SECTIONS
from tests.visits import arrive
from tests.world import ROUTES, World, make_world

pytestmark = pytest.mark.django_db

ROWS = 200


@pytest.fixture
def crowded(cast: Cast) -> World:
    """A lot of everything; the experiment runs and nothing is counted yet. The Owner is staff."""
    world = make_world(cast)
    User.objects.filter(pk=cast.owner.pk).update(is_staff=True)
    busy = Conversation.objects.get(pk=world.values["conversation_id"])
    fill_workspace(cast)
    fill_agent(cast.agent, busy)
    return replace(world, values={**world.values, "experiment_id": running(cast).pk})


@pytest.mark.parametrize(
    ("role", "sections"),
    [
        ("editor", ["operation", "pages", "api", "accounts"]),
        ("owner", ["pages", "api", "admin"]),
        ("superuser", ["pages", "admin"]),
    ],
)
def test_no_url_takes_more_queries_for_many_rows(
    crowded: World, role: str, sections: list[str]
) -> None:
    rows = {name: row for section in sections for name, row in SECTIONS[section].items()}
    for name, row in rows.items():
        status = crowded.ask(role, "GET", row.address or crowded.address(ROUTES[name]))
        assert status in (200, 302, 403, 404, 405), name


def fill_workspace(cast: Cast) -> None:
    people = User.objects.bulk_create(User(email=f"member{n}@example.com") for n in range(ROWS))
    Membership.objects.bulk_create(
        Membership(workspace=cast.workspace, user=person, role=Role.EDITOR) for person in people
    )
    elsewhere = Workspace.objects.bulk_create(Workspace(name=f"Elsewhere {n}") for n in range(ROWS))
    Membership.objects.bulk_create(
        Membership(workspace=workspace, user=person, role=Role.OWNER)
        for workspace in elsewhere
        for person in cast.members
    )
    Agent.objects.bulk_create(
        Agent(workspace=workspace, name="Agent")
        for workspace in [cast.workspace, *elsewhere]
        for _ in range(ROWS if workspace == cast.workspace else 1)
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


def running(cast: Cast) -> Experiment:
    """With as many variants as may be, visitors on many days, and a long history."""
    variants = [
        {"name": f"Variant {n}", "weight": 1, "config": {"persona": {"name": f"Persona {n}"}}}
        for n in range(MAX_VARIANTS)
    ]
    experiment = lifecycle.start(
        ExperimentFactory.create(agent=cast.agent, variants=variants),
        by=cast.owner,
        on_conflict=lifecycle.OnConflict.KEEP_RUNNING,
    )
    for day in range(ROWS // MAX_VARIANTS):
        at = timezone.now() - timedelta(days=day)
        arrive(experiment, [(2, 1)] * MAX_VARIANTS, at=at)
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
