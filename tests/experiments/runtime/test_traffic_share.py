"""Who is outside of an experiment's share of traffic gets no variant, at once and for good."""

from functools import partial
from itertools import count

import pytest

from agents.models import Agent, Conversation, Message
from experiments import lifecycle
from experiments.bucketing import takes_part
from experiments.lifecycle import OnConflict, editing
from experiments.models import Assignment, Experiment, PendingCount
from tests.experiments.runtime.test_assignment_races import first_messages
from tests.experiments.runtime.test_statements import statements
from tests.factories import ExperimentFactory, unused_id
from tests.runtime import Runtime
from tests.threads import at_once

pytestmark = pytest.mark.django_db


@pytest.fixture
def experiment(agent: Agent) -> Experiment:
    return lifecycle.start(ExperimentFactory.create(agent=agent, traffic_share=30), by=None)


def visitor_in(experiment: Experiment, low: int, high: int) -> str:
    """One who takes part from a share of over `low` up to `high` on."""
    names = (f"visitor-{number}" for number in count())
    return next(
        name
        for name in names
        if takes_part(experiment.pk, name, high) and not takes_part(experiment.pk, name, low)
    )


def raise_to(experiment: Experiment, share: int) -> None:
    editing.edit(experiment, sent={"traffic_share": share}, by=None)


def test_outside_of_it_a_conversation_is_decided_without_a_variant(
    runtime: Runtime, experiment: Experiment
) -> None:
    outside = visitor_in(experiment, 30, 100)
    conversation = unused_id()
    answer = runtime.say(outside, conversation)
    assert (answer["resolution"]["source"], answer.variant) == ("none", None)
    stored = Conversation.objects.get()
    assert (stored.variant_id, stored.decided_at is None) == (None, False)
    assert stored.revision == 1
    assert not Assignment.objects.exists()
    assert not PendingCount.objects.exists()
    assert runtime.resolve(visitor_in(experiment, 0, 30))["source"] == "new"


def test_raising_it_takes_effect_at_once_but_not_in_a_decided_conversation(
    runtime: Runtime, experiment: Experiment
) -> None:
    outside = visitor_in(experiment, 30, 50)
    decided = runtime.resolve(outside)["conversation_id"]
    raise_to(experiment, 50)
    assert runtime.resolve(outside, conversation_id=decided).variant is None
    assert runtime.resolve(outside)["source"] == "new"
    assert runtime.resolve(visitor_in(experiment, 50, 100))["source"] == "none"


def test_whoever_has_an_assignment_keeps_it(
    runtime: Runtime, agent: Agent, experiment: Experiment
) -> None:
    raise_to(experiment, 100)
    outside = visitor_in(experiment, 30, 100)
    first = runtime.resolve(outside)
    Experiment.objects.filter(pk=experiment.pk).update(traffic_share=30)  # as if it never was
    lifecycle.stop(experiment, by=None)
    lifecycle.start(experiment, by=None)
    assert (again := runtime.resolve(outside))["source"] == "visitor"
    assert again.variant == first.variant


def test_who_takes_no_part_in_the_active_one_gets_none_of_an_older_one(
    runtime: Runtime, agent: Agent, experiment: Experiment
) -> None:
    newer = ExperimentFactory.create(agent=agent, traffic_share=1)
    lifecycle.start(newer, by=None, on_conflict=OnConflict.KEEP_RUNNING)
    assert runtime.resolve(visitor_in(newer, 1, 100))["source"] == "none"


def test_takes_two_statements(
    runtime: Runtime, experiment: Experiment, monkeypatch: pytest.MonkeyPatch
) -> None:
    outside, conversation = visitor_in(experiment, 30, 100), unused_id()
    runtime.resolve(outside)  # the set-up and the answer are known from now on
    with statements(monkeypatch) as sent:
        runtime.say(outside, conversation)
    assert len(sent) == 2
    with statements(monkeypatch) as sent:
        runtime.say(outside, conversation)
    assert len(sent) == 1


@pytest.mark.django_db(transaction=True)
def test_simultaneous_first_messages_agree_while_it_is_raised(
    runtime: Runtime, experiment: Experiment
) -> None:
    visitor = visitor_in(experiment, 30, 60)
    calls = first_messages(runtime, visitor, 7)
    answers = [one for one in at_once([*calls, partial(raise_to, experiment, 60)]) if one]
    by_conversation: dict[str, set[str | None]] = {}
    for answer in answers:
        by_conversation.setdefault(answer["conversation_id"], set()).add(answer.variant)
    assert all(len(variants) == 1 for variants in by_conversation.values())
    named = {variant for variants in by_conversation.values() for variant in variants} - {None}
    assert len(named) <= 1
    assert Assignment.objects.count() == len(named)
    for conversation in Conversation.objects.all():
        (variant,) = by_conversation[str(conversation.pk)]
        assert (conversation.variant_id is None) == (variant is None)
    assert Message.objects.count() == len(calls) // 2
    assert runtime.resolve(visitor).variant is not None
