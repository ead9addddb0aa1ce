"""Who no longer counts, or counts otherwise, is in the experiments' histories: by number alone."""

from datetime import timedelta

import pytest
from django.utils import timezone

from agents.models import Agent, Conversation
from experiments import lifecycle
from experiments.history import steps_of
from experiments.lifecycle import OnConflict
from experiments.lifecycle.narrative import step_of
from experiments.models import Event, Experiment
from experiments.visitors.erasing import erase_old, erase_visitor
from experiments.visitors.leaving_out import count_in, leave_out
from experiments.visitors.merging import merge
from tests.experiments.visitors.counted import counted
from tests.experiments.visitors.user_agents import BOTS
from tests.factories import ExperimentFactory, unused_id
from tests.roles import Cast
from tests.runtime import Runtime

pytestmark = pytest.mark.django_db


def visit(runtime: Runtime, *names: str, domain: str = "example.com", **body: str) -> None:
    for name in names:
        talk = unused_id()
        runtime.say(name, talk, **body)
        runtime.leave(name, f"{name}@{domain}", conversation_id=talk)


def told(experiment: Experiment) -> list[str]:
    """What is said of visitors, the oldest first."""
    steps = [step_of(event).what for event in steps_of(experiment)]
    return [what for what in reversed(steps) if "visitor" in what]


def test_a_rule_is_told_where_it_touches_figures(
    cast: Cast, runtime: Runtime, agent: Agent, experiment: Experiment
) -> None:
    visit(runtime, "qa-1", "qa-2", "ada")
    later = lifecycle.start(
        ExperimentFactory.create(agent=agent), on_conflict=OnConflict.STOP_CURRENT, by=None
    )
    visit(runtime, "qa-2")
    rule = leave_out(cast.workspace, kind="beginning", value="qa-", by=cast.owner)
    leave_out(cast.workspace, kind="visitor", value="nobody", by=cast.owner)
    count_in(cast.workspace, rule.pk, by=cast.owner)

    assert told(experiment) == [
        "left 2 visitors out of its figures (by beginning of visitor ids)",
        "counted 2 visitors in again (by beginning of visitor ids)",
    ]
    assert told(later)[0] == "left 1 visitor out of its figures (by beginning of visitor ids)"
    assert {event.actor for event in steps_of(later).filter(action="left_out")} == {cast.owner}
    assert "qa-" not in str(list(Event.objects.values_list("changes")))


def test_the_number_is_of_those_for_whom_the_rule_alone_decides(
    cast: Cast, runtime: Runtime, agent: Agent, experiment: Experiment
) -> None:
    visit(runtime, "qa-1", "qa-2", "qa-3", domain="glozr.example")
    visit(runtime, "crawler", "qa-4", user_agent=BOTS[0])
    merge(agent, visitor_id="qa-2", into="qa-1")
    before = counted(experiment)
    found = []
    for kind, value in (("visitor", "qa-3"), ("bots", ""), ("domain", "glozr.example")):
        leave_out(cast.workspace, kind=kind, value=value, by=None)
        after = counted(experiment)
        found.append(before.visitors - after.visitors)
        before = after
    leave_out(cast.workspace, kind="beginning", value="qa-", by=None)
    assert counted(experiment).visitors == before.visitors

    numbers = steps_of(experiment).filter(action="left_out").order_by("created_at", "id")
    assert [event.changes["visitors"] for event in numbers] == found == [1, 2, 1]


def test_merged_visitors_of_a_day_are_one_step(
    runtime: Runtime, agent: Agent, experiment: Experiment
) -> None:
    visit(runtime, "a", "b", "c")
    merge(agent, visitor_id="a", into="b")
    merge(agent, visitor_id="a", into="b")
    merge(agent, visitor_id="nobody", into="nobody-else")
    assert told(experiment) == ["merged 1 visitor with other ids of theirs"]
    merge(agent, visitor_id="b", into="c")
    assert told(experiment) == ["merged 2 visitors with other ids of theirs"]

    Event.objects.update(created_at=timezone.now() - timedelta(days=2))
    merge(agent, visitor_id="d", into="c")
    assert told(experiment)[1:] == ["merged 1 visitor with other ids of theirs"]


def test_erased_visitors_are_told_apart_by_who_erased_them(
    cast: Cast, runtime: Runtime, agent: Agent, experiment: Experiment
) -> None:
    visit(runtime, "a", "b", "c", "d", "e")
    erase_visitor(agent, "a", by=cast.owner)
    Conversation.objects.filter(visitor_id__in="bcd").update(
        started_at=timezone.now() - timedelta(days=300)
    )
    agent.leads.filter(visitor_id__in="bcd").update(created_at=timezone.now() - timedelta(days=300))
    cast.workspace.retention_months = 6
    cast.workspace.save()
    assert erase_old()

    assert told(experiment) == [
        "erased 1 visitor; the figures stayed what they were",
        "erased 3 visitors; the figures stayed what they were",
    ]
    names = [event.actor_name for event in steps_of(experiment).filter(action="erased")]
    assert names == ["Glozr", str(cast.owner)]
