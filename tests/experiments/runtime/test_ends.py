"""An end holds by itself, over real connections: no background process runs here."""

from collections import Counter
from datetime import datetime, timedelta
from functools import partial

import pytest
from django.utils import timezone

from agents.models import Agent, Conversation
from experiments import lifecycle
from experiments.lifecycle import Schedule
from experiments.models import Assignment, Experiment
from glozr.postgres.clock import database_time
from tests.experiments.schedules.moments import from_now, given
from tests.factories import ExperimentFactory, unused_id
from tests.runtime import Answer, Runtime
from tests.threads import at_once

CONNECTIONS = 12


@pytest.fixture
def experiment(agent: Agent) -> Experiment:
    return lifecycle.start(ExperimentFactory.create(agent=agent), by=None)


def per_variant(experiment: Experiment) -> list[int]:
    found = Counter(experiment.assignments.values_list("variant_id", flat=True))
    return [found[variant.pk] for variant in experiment.variants.all()]


@pytest.mark.django_db
class TestOnceTheEndHasCome:
    def test_new_visitors_get_none_and_old_ones_keep_theirs(
        self, runtime: Runtime, experiment: Experiment
    ) -> None:
        begun = runtime.resolve("ada")
        given(experiment, ends_at=from_now(seconds=-1))
        talk = unused_id()
        assert runtime.say("bob", talk)["resolution"]["source"] == "none"
        late = runtime.resolve("eve")
        assert (late["source"], late["experiment"], late.variant) == ("none", None, None)
        assert Conversation.objects.get(pk=talk).decided_at is not None
        under_way = runtime.resolve("ada", conversation_id=begun["conversation_id"])
        assert (under_way["source"], under_way.variant) == ("conversation", begun.variant)
        # It is running until the stop is written: who has a variant of it keeps it till then.
        assert runtime.resolve("ada").variant == begun.variant
        assert Assignment.objects.count() == 1

    def test_decided_without_one_stays_so(self, runtime: Runtime, experiment: Experiment) -> None:
        given(experiment, ends_at=from_now(seconds=-1))
        talk = runtime.resolve("ada")["conversation_id"]
        given(experiment, ends_at=None)
        assert runtime.resolve("ada", conversation_id=talk)["source"] == "conversation"
        assert runtime.resolve("ada", conversation_id=talk).variant is None
        assert runtime.resolve("ada")["source"] == "new"

    @pytest.mark.parametrize("hours", [-24, 24], ids=["slow", "fast"])
    def test_by_the_databases_clock(
        self,
        runtime: Runtime,
        experiment: Experiment,
        monkeypatch: pytest.MonkeyPatch,
        hours: int,
    ) -> None:
        wrong: datetime = timezone.now() + timedelta(hours=hours)
        monkeypatch.setattr(timezone, "now", lambda: wrong)
        given(experiment, ends_at=from_now(seconds=-1))
        assert runtime.resolve("ada")["source"] == "none"
        given(experiment, ends_at=from_now(minutes=1))
        assert runtime.resolve("ada")["source"] == "new"

    def test_no_variant_gets_more_than_the_number(
        self, runtime: Runtime, experiment: Experiment
    ) -> None:
        runtime.resolve("somebody before")
        lifecycle.set_schedule(experiment, Schedule(ends_at_visitors=4), by=None)
        answers = [runtime.resolve(f"visitor-{number}") for number in range(20)]
        assert max(per_variant(experiment)) == 4
        assert answers[-1]["source"] == "none"
        # Whoever comes twice counts once.
        assert sum(experiment.assigned_counts.values_list("visitors", flat=True)) == sum(
            per_variant(experiment)
        )


@pytest.mark.django_db(transaction=True)
class TestUnderLoad:
    def test_nobody_is_assigned_from_the_end_on(
        self, runtime: Runtime, experiment: Experiment
    ) -> None:
        ends_at = given(experiment, ends_at=from_now(milliseconds=700)).ends_at
        assert ends_at is not None
        late: list[Answer] = []
        early: list[Answer] = []

        def visit(number: int) -> None:
            for call in range(10_000):
                began = database_time()
                answer = runtime.resolve(f"visitor-{number}-{call}")
                (late if began >= ends_at else early).append(answer)
                if began >= ends_at + timedelta(milliseconds=200):
                    return

        at_once([partial(visit, number) for number in range(CONNECTIONS)])
        assert {answer["source"] for answer in late} == {"none"}
        assert len(early) > CONNECTIONS
        last = Assignment.objects.latest("assigned_at").assigned_at
        assert ends_at - timedelta(milliseconds=400) < last < ends_at

    def test_a_number_is_exceeded_by_no_more_than_the_calls_in_flight(
        self, runtime: Runtime, experiment: Experiment
    ) -> None:
        most = 25
        lifecycle.set_schedule(experiment, Schedule(ends_at_visitors=most), by=None)

        def visit(number: int) -> list[str]:
            return [runtime.resolve(f"visitor-{number}-{call}")["source"] for call in range(10)]

        sources = at_once([partial(visit, number) for number in range(CONNECTIONS)])
        assert most <= max(per_variant(experiment)) < most + CONNECTIONS
        new = sum(found.count("new") for found in sources)
        assert new == sum(per_variant(experiment))

    def test_the_last_visitors_messages_of_one_moment_get_one_answer(
        self, runtime: Runtime, experiment: Experiment
    ) -> None:
        lifecycle.set_schedule(experiment, Schedule(ends_at_visitors=1), by=None)
        answers = at_once([partial(runtime.resolve, "ada")] * CONNECTIONS)
        assert len({answer.variant for answer in answers}) == 1
        assert None not in {answer.variant for answer in answers}
        assert Assignment.objects.count() == 1
