"""What real data brings, and what may not decide anything: one odd message, one odd visitor."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rest_framework.renderers import JSONRenderer

from agents.models import Agent, Conversation, Message, MessageRole
from experiments import lifecycle
from experiments.api.serializers.results import ResultsSerializer
from experiments.models import Assignment, Experiment, PendingCount
from experiments.results import rollup, verification
from experiments.results.report import ExperimentResults, results_of
from tests.factories import ExperimentFactory, unused_id
from tests.runtime import Runtime, assert_refused
from tests.visits import arrive

pytestmark = pytest.mark.django_db

MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)


@pytest.fixture
def experiment(agent: Agent) -> Experiment:
    return lifecycle.start(ExperimentFactory.create(agent=agent), by=None)


def ordinary(experiment: Experiment, at: datetime, *, visitors: int = 1_005) -> None:
    """So many visitors of each variant, with messages and sessions as people have them."""
    chance = random.Random(14)
    agent = experiment.agent
    for variant in experiment.variants.all():
        names = [unused_id() for _ in range(visitors)]
        Assignment.objects.bulk_create(
            Assignment(
                agent=agent, experiment=experiment, variant=variant, visitor_id=name, assigned_at=at
            )
            for name in names
        )
        talks = Conversation.objects.bulk_create(
            Conversation(
                agent=agent, visitor_id=name, variant_id=variant.pk, decided_at=at, started_at=at
            )
            for name in names
        )
        Message.objects.bulk_create(
            message for talk in talks for message in _dialogue(talk, at, chance)
        )
        PendingCount.objects.bulk_create(
            PendingCount(agent=agent, visitor_id=name) for name in names
        )


def _dialogue(talk: Conversation, at: datetime, chance: random.Random) -> Iterator[Message]:
    moment = at
    for _ in range(1 + round(chance.lognormvariate(1.2, 0.9))):
        moment += timedelta(seconds=chance.expovariate(1 / 40))
        yield message(talk, "visitor", moment)


def message(talk: Conversation, role: str, at: datetime) -> Message:
    return Message(
        agent_id=talk.agent_id,
        conversation=talk,
        role=MessageRole(role),
        content="Hello",
        sent_at=at,
        received_at=at,
    )


def widths(results: ExperimentResults) -> dict[str, float]:
    """How wide the interval of each metric's difference is, where there is one."""
    found = {}
    for metric in results.metrics:
        comparison = metric.rows[1].comparison
        assert comparison is not None
        if (interval := comparison.absolute.interval) and interval.upper is not None:
            found[metric.metric.key] = interval.upper - interval.lower
    return found


def assert_hardly_changed(before: ExperimentResults, after: ExperimentResults) -> None:
    for key in ("lead_capture_rate", "messages_per_visitor", "session_length"):
        if key in widths(before):
            assert widths(after)[key] < 1.1 * widths(before)[key], key
    kinds = [[metric.verdict.kind for metric in each.metrics[:3]] for each in (before, after)]
    assert kinds[0] == kinds[1]


class TestOddOnes:
    AT = datetime.now(UTC) - 6 * DAY

    @pytest.fixture
    def before(self, experiment: Experiment) -> ExperimentResults:
        ordinary(experiment, self.AT)
        assert rollup.bring_up_to_date(experiment.agent_id, seconds=60)
        results = results_of(experiment)
        assert {"messages_per_visitor", "session_length"} <= widths(results).keys()
        return results

    def talks(self, experiment: Experiment, number: int) -> list[Conversation]:
        variant = experiment.variants.all()[1]
        return list(Conversation.objects.filter(variant_id=variant.pk).order_by("pk")[:number])

    def after(self, experiment: Experiment, talks: list[Conversation]) -> ExperimentResults:
        PendingCount.objects.bulk_create(
            PendingCount(agent=experiment.agent, visitor_id=talk.visitor_id) for talk in talks
        )
        assert rollup.bring_up_to_date(experiment.agent_id, seconds=60)
        assert verification.departures(experiment) == []
        return results_of(experiment)

    def test_decide_nothing(self, experiment: Experiment, before: ExperimentResults) -> None:
        """Human answers days later, and a visitor who never stops."""
        talks = self.talks(experiment, 11)
        busy = talks.pop()
        Message.objects.bulk_create(
            message(talk, "human_agent", self.AT + 3 * DAY) for talk in talks
        )
        answered = self.after(experiment, talks)
        assert_hardly_changed(before, answered)

        every = timedelta(seconds=12)
        Message.objects.bulk_create(
            (message(busy, "visitor", self.AT + number * every) for number in range(49_854)),
            batch_size=5_000,
        )
        found = self.after(experiment, [busy])
        assert_hardly_changed(answered, found)
        assert found.total.capped == 1

    def test_a_message_of_1970_is_refused(self, runtime: Runtime) -> None:
        said = {"visitor_id": "ada", "role": "visitor", "content": "Hi"}
        old = {**said, "sent_at": "1970-01-01T00:00:00Z"}
        assert_refused(runtime, f"conversations/{unused_id()}/messages/", old, "sent_at", "too_old")


def test_sent_at_may_be_seven_days_back(runtime: Runtime, experiment: Experiment) -> None:
    week = datetime.now(UTC) - 7 * DAY
    runtime.say("ada", unused_id(), sent_at=(week + MINUTE).isoformat())
    late = {"visitor_id": "bob", "role": "visitor", "content": "Hi"}
    answer = runtime.post(
        f"conversations/{unused_id()}/messages/",
        {**late, "sent_at": (week - MINUTE).isoformat()},
    )
    assert answer.status == 400


Spoken = tuple[int, str, int]  # the conversation, who, and minutes after the first


@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    said=st.lists(
        st.tuples(st.integers(0, 2), st.sampled_from(MessageRole.values), st.integers(0, 200)),
        min_size=1,
        max_size=14,
    ),
    data=st.data(),
)
def test_order_lateness_and_repetition_change_no_sum(
    agent: Agent, said: list[Spoken], data: st.DataObject
) -> None:
    """The plain recount is asked both times."""
    shuffled = data.draw(st.permutations(said + said[: len(said) // 2]))
    assert counted(agent, said) == counted(agent, shuffled)


def counted(agent: Agent, said: list[Spoken]) -> dict[str, Any]:
    """The visitor's figures after messages, each with an id of its own, came in this order."""
    experiment = ExperimentFactory.create(agent=agent)
    variant = experiment.variants.all()[0]
    began = datetime.now(UTC) - 2 * DAY
    name = unused_id()
    Assignment.objects.create(
        agent=agent, experiment=experiment, variant=variant, visitor_id=name, assigned_at=began
    )
    talks = [
        Conversation.objects.create(
            agent=agent,
            visitor_id=name,
            variant_id=variant.pk,
            decided_at=began,
            started_at=began,
        )
        for _ in range(3)
    ]
    for number, (talk, role, minutes) in enumerate(said):
        if (talk, role, minutes) in said[:number]:
            continue  # sent again, with the id that it had
        came = message(talks[talk], role, began + minutes * MINUTE)
        came.received_at = began + 300 * MINUTE + number * timedelta(seconds=1)
        came.save()
        PendingCount.objects.create(agent=agent, visitor_id=name)
        if number % 3 == 0:
            rollup.fold(agent.pk)
    assert rollup.bring_up_to_date(agent.pk, seconds=10)
    assert verification.departures(experiment) == []
    row = Assignment.objects.get(experiment=experiment)
    fields = ("conversations", "messages", "sessions", "seconds", "handed_over", "is_capped")
    return {field: getattr(row, field) for field in fields}


def test_what_is_final_stays_so_while_the_world_goes_on(
    runtime: Runtime, agent: Agent, experiment: Experiment
) -> None:
    """A year of traffic on top changes not a byte."""
    began = datetime.now(UTC) - 400 * DAY
    arrive(experiment, [(150, 15), (150, 30)], at=began, messages=3)
    lifecycle.stop(experiment, by=None)
    backdate(experiment, began)
    final = shown(experiment)
    assert b'"is_final":true' in final
    names = list(Assignment.objects.values_list("visitor_id", flat=True))

    for number, month in enumerate(range(9, 365, 60)):
        newer = lifecycle.start(ExperimentFactory.create(agent=agent), by=None)
        arrive(newer, [(20, 5), (20, 5)], at=began + month * DAY)
        lifecycle.stop(newer, by=None)
        for name in names[number::40]:
            runtime.say(name, unused_id())
            runtime.leave(name, f"{name}@example.com")
            runtime.leave(name, f"{name}@another.example")
    for talk in Conversation.objects.filter(visitor_id__in=names[::25]):
        message(talk, "human_agent", began + MINUTE).save()
        Message.objects.filter(conversation=talk, role="human_agent").update(
            received_at=began + 300 * DAY
        )
    PendingCount.objects.bulk_create(PendingCount(agent=agent, visitor_id=name) for name in names)

    again = shown(experiment)
    assert again == final
    assert verification.departures(experiment) == []


def backdate(experiment: Experiment, began: datetime) -> None:
    """Have it run for a day, long ago."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE experiments SET started_at = %s, stopped_at = %s WHERE id = %s",
            [began, began + DAY, experiment.pk],
        )
        cursor.execute(
            "UPDATE experiment_events SET created_at = %s + CASE action WHEN 'stopped'"
            " THEN interval '24 hours' ELSE interval '0' END WHERE experiment_id = %s",
            [began, experiment.pk],
        )
    experiment.refresh_from_db()


def shown(experiment: Experiment) -> bytes:
    """The answer of the API, byte for byte."""
    assert rollup.bring_up_to_date(experiment.agent_id, seconds=30)
    results = ResultsSerializer().to_representation(results_of(experiment))
    return bytes(JSONRenderer().render(results))
