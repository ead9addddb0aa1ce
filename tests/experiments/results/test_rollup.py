"""The summaries equal the raw rows, whatever happens and in whatever order."""

import random
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import psycopg
import pytest
from django.db import connection

from agents.models import Agent, Conversation, Lead, Message, MessageRole
from experiments import lifecycle
from experiments.models import Assignment, Experiment, PendingCount, VariantTotals
from experiments.results import rollup, verification
from glozr.errors import Conflict
from tests.factories import ExperimentFactory, unused_id
from tests.runtime import Runtime
from tests.threads import at_once

pytestmark = pytest.mark.django_db

# Somebody who waits for the very lock that this connection's fold holds.
WAITS_FOR_THE_FOLD = """
SELECT FROM pg_locks held JOIN pg_locks wanted USING (locktype, database, classid, objid, objsubid)
 WHERE locktype = 'advisory' AND held.pid = pg_backend_pid() AND held.granted
   AND NOT wanted.granted"""
NOW = datetime(2026, 11, 24, 9, 30, tzinfo=UTC)


@pytest.fixture
def experiment(agent: Agent) -> Experiment:
    return lifecycle.start(ExperimentFactory.create(agent=agent), by=None)


def folded(experiment: Experiment) -> dict[str, tuple[int, int, float, int]]:
    """For each visitor: conversations, messages, seconds, leads."""
    assert rollup.bring_up_to_date(experiment.agent_id, seconds=10)
    assert verification.departures(experiment) == []
    rows = Assignment.objects.filter(experiment=experiment)
    return {
        row.visitor_id: (row.conversations, row.messages, float(row.seconds), row.leads)
        for row in rows
    }


def at(seconds: float) -> str:
    return (NOW - timedelta(hours=1) + timedelta(seconds=seconds)).isoformat()


class TestAVisitorsFigures:
    def test_count_what_the_visitor_sent_and_how_long_it_lasted(
        self, runtime: Runtime, experiment: Experiment
    ) -> None:
        conversation = unused_id()
        runtime.say("ada", conversation, sent_at=at(0))
        runtime.say("ada", conversation, role="agent", sent_at=at(10.25))
        runtime.say("ada", conversation, sent_at=at(70))
        runtime.say("ada", conversation, role="human_agent", sent_at=at(90.5))
        assert folded(experiment) == {"ada": (1, 2, 90.5, 0)}

    def test_one_message_lasts_no_time(self, runtime: Runtime, experiment: Experiment) -> None:
        runtime.say("ada", unused_id())
        assert folded(experiment) == {"ada": (1, 1, 0.0, 0)}

    def test_an_assignment_alone_is_a_conversation_without_messages(
        self, runtime: Runtime, experiment: Experiment
    ) -> None:
        runtime.resolve("ada")
        assert folded(experiment) == {"ada": (1, 0, 0.0, 0)}

    def test_add_up_over_conversations(self, runtime: Runtime, experiment: Experiment) -> None:
        for number in range(2):
            conversation = unused_id()
            runtime.say("ada", conversation, sent_at=at(0))
            runtime.say("ada", conversation, sent_at=at(30 + number))
        assert folded(experiment) == {"ada": (2, 4, 61.0, 0)}

    def test_clocks_that_go_back_make_no_negative_time(
        self, runtime: Runtime, experiment: Experiment
    ) -> None:
        conversation = unused_id()
        runtime.say("ada", conversation, sent_at=at(60))
        runtime.say("ada", conversation, sent_at=at(0))
        assert folded(experiment) == {"ada": (1, 2, 60.0, 0)}

    def test_a_message_sent_again_is_not_counted_again(
        self, runtime: Runtime, experiment: Experiment
    ) -> None:
        conversation, message = unused_id(), unused_id()
        for _ in range(3):
            runtime.say("ada", conversation, id=message)
        assert folded(experiment) == {"ada": (1, 1, 0.0, 0)}

    def test_a_greeting_begins_no_session(self, runtime: Runtime, experiment: Experiment) -> None:
        conversation = unused_id()
        runtime.say("ada", conversation, role="agent", sent_at=at(0))
        runtime.say("ada", conversation, sent_at=at(20))
        runtime.say("ada", conversation, role="agent", sent_at=at(50))
        assert folded(experiment) == {"ada": (1, 1, 30.0, 0)}

    def test_conversations_without_the_variant_do_not_count(
        self, runtime: Runtime, agent: Agent
    ) -> None:
        before = unused_id()
        runtime.say("ada", before)
        experiment = lifecycle.start(ExperimentFactory.create(agent=agent), by=None)
        runtime.say("ada", before)
        runtime.say("ada", unused_id(), playground=True)
        runtime.say("ada", unused_id())
        lifecycle.stop(experiment, by=None)
        runtime.say("ada", unused_id())
        assert folded(experiment) == {"ada": (1, 1, 0.0, 0)}


class TestLeads:
    def leads(self, experiment: Experiment) -> dict[str, int]:
        return {visitor: figures[3] for visitor, figures in folded(experiment).items()}

    def test_in_the_conversation_or_in_none_they_count(
        self, runtime: Runtime, experiment: Experiment
    ) -> None:
        conversation = runtime.resolve("ada")["conversation_id"]
        runtime.leave("ada", "ada@example.com", conversation_id=conversation)
        runtime.resolve("bob")
        runtime.leave("bob", "bob@example.com")
        assert self.leads(experiment) == {"ada": 1, "bob": 1}

    def test_twice_by_one_visitor_convert_once(
        self, runtime: Runtime, experiment: Experiment
    ) -> None:
        runtime.resolve("ada")
        runtime.leave("ada", "ada@example.com")
        runtime.leave("ada", "ada@work.example")
        assert self.leads(experiment) == {"ada": 2}
        (total,) = (row.sums for row in VariantTotals.objects.all())
        assert (total.converted, total.leads) == (1, 2)

    def test_before_the_assignment_they_do_not_count(
        self, runtime: Runtime, experiment: Experiment
    ) -> None:
        runtime.leave("ada", "ada@example.com")
        Lead.objects.update(created_at=NOW)
        runtime.resolve("ada")
        assert self.leads(experiment) == {"ada": 0}

    def test_in_a_conversation_of_another_sort_they_do_not_count(
        self, runtime: Runtime, experiment: Experiment
    ) -> None:
        playground = unused_id()
        runtime.say("ada", playground, playground=True)
        runtime.resolve("ada")
        runtime.leave("ada", "ada@example.com", conversation_id=playground)
        assert self.leads(experiment) == {"ada": 0}

    def test_the_same_address_from_another_visitor_counts_for_both(
        self, runtime: Runtime, experiment: Experiment
    ) -> None:
        runtime.resolve("ada")
        runtime.resolve("bob")
        runtime.leave("ada", "shared@example.com")
        runtime.leave("bob", "shared@example.com")
        assert self.leads(experiment) == {"ada": 1, "bob": 1}
        assert Lead.objects.get().visitor_id == "ada"


class TestFolding:
    def test_takes_away_what_was_pending_and_twice_changes_nothing(
        self, runtime: Runtime, experiment: Experiment
    ) -> None:
        runtime.say("ada", unused_id())
        first = folded(experiment)
        totals = list(VariantTotals.objects.values())
        assert not PendingCount.objects.exists()
        assert rollup.fold(experiment.agent_id) == 0
        runtime.say("ada", unused_id())
        PendingCount.objects.create(agent=experiment.agent, visitor_id="ada")
        assert folded(experiment) != first
        assert len(totals) == 1

    def test_goes_in_batches(self, runtime: Runtime, experiment: Experiment) -> None:
        for number in range(7):
            runtime.resolve(f"visitor-{number}")
        assert rollup.fold(experiment.agent_id, batch=3) == 3
        assert PendingCount.objects.count() == 4
        assert len(folded(experiment)) == 7

    def test_a_rebuild_heals_what_was_changed_behind_our_back(
        self, runtime: Runtime, experiment: Experiment
    ) -> None:
        for number in range(5):
            runtime.say(f"visitor-{number}", unused_id())
            runtime.leave(f"visitor-{number}", f"{number}@example.com")
        before = folded(experiment)
        Lead.objects.filter(visitor_id="visitor-0").delete()
        VariantTotals.objects.update(messages=999)
        assert verification.departures(experiment)
        rollup.rebuild(experiment.agent_id, experiment.pk)
        assert verification.departures(experiment) == []
        assert folded(experiment) == {**before, "visitor-0": (1, 1, 0.0, 0)}


@pytest.mark.parametrize("seed", range(5))
def test_random_traffic_adds_up_to_the_plain_join(
    runtime: Runtime, agent: Agent, seed: int
) -> None:
    chance = random.Random(seed)
    experiments = [ExperimentFactory.create(agent=agent) for _ in range(2)]
    conversations: dict[str, list[str]] = {f"v{number}": [] for number in range(6)}

    def say(visitor: str) -> None:
        if not conversations[visitor] or chance.random() < 0.3:
            conversations[visitor].append(unused_id())
        role = chance.choice(list(MessageRole.values))
        conversation = chance.choice(conversations[visitor])
        runtime.say(visitor, conversation, role=role, sent_at=at(chance.uniform(0, 3600)))

    def leave(visitor: str) -> None:
        runtime.leave(visitor, f"{chance.randrange(9)}@example.com")

    def start(_: str) -> None:
        choice = chance.choice(list(lifecycle.OnConflict))
        with suppress(Conflict):
            lifecycle.start(chance.choice(experiments), by=None, on_conflict=choice)

    def stop(_: str) -> None:
        with suppress(Conflict):
            lifecycle.stop(chance.choice(experiments), by=None)

    def fold(_: str) -> None:
        rollup.fold(agent.pk, batch=chance.randrange(1, 5))

    steps: list[Callable[[str], Any]] = [say] * 10 + [leave] * 2 + [start, start, stop, fold, fold]
    for _ in range(120):
        chance.choice(steps)(chance.choice(list(conversations)))
    for experiment in experiments:
        folded(experiment)


@pytest.mark.django_db(transaction=True)
class TestWhileSomebodyElseFolds:
    @pytest.fixture
    def somebody(self, runtime: Runtime, experiment: Experiment) -> Iterator[psycopg.Connection]:
        """A connection that has folded a visitor and has yet to commit."""
        runtime.say("ada", unused_id())
        with psycopg.connect(**connection.get_connection_params()) as other:
            other.execute("SELECT fold_pending_counts(%s, 10)", [experiment.agent_id])
            yield other

    def test_a_page_does_not_wait_and_says_that_it_is_behind(
        self, somebody: psycopg.Connection, experiment: Experiment
    ) -> None:
        assert rollup.fold(experiment.agent_id) is None
        assert not rollup.bring_up_to_date(experiment.agent_id)
        somebody.rollback()
        assert len(folded(experiment)) == 1

    def test_who_has_time_waits(self, somebody: psycopg.Connection, experiment: Experiment) -> None:
        timer = threading.Timer(0.2, somebody.rollback)
        timer.start()
        assert rollup.bring_up_to_date(experiment.agent_id, seconds=10)
        timer.join()
        assert VariantTotals.objects.get().sums.visitors == 1

    def test_other_agents_are_folded_meanwhile(self, somebody: psycopg.Connection) -> None:
        other = lifecycle.start(ExperimentFactory.create(), by=None)
        Runtime.of(other.agent).resolve("bob")
        assert rollup.fold(other.agent_id) == 1

    def test_a_rebuild_waits_and_begins_from_nothing(
        self, somebody: psycopg.Connection, experiment: Experiment
    ) -> None:
        waited: list[bool] = []

        def go_on_once_it_waits() -> None:
            give_up = time.monotonic() + 5
            while not waited and time.monotonic() < give_up:
                waited.extend([True] * len(somebody.execute(WAITS_FOR_THE_FOLD).fetchall()))
            somebody.commit()

        go_on = threading.Thread(target=go_on_once_it_waits)
        go_on.start()
        rollup.rebuild(experiment.agent_id, experiment.pk)
        go_on.join()
        assert waited
        assert VariantTotals.objects.get().sums.visitors == 1
        assert verification.departures(experiment) == []


@pytest.mark.django_db(transaction=True)
def test_folds_beside_each_other_and_beside_traffic_stay_exact(
    runtime: Runtime, agent: Agent
) -> None:
    experiment = lifecycle.start(ExperimentFactory.create(agent=agent), by=None)

    def visit(thread: int) -> None:
        for number in range(15):
            visitor = f"v{number % 5}" if thread % 2 else f"v{thread}-{number}"
            runtime.say(visitor, unused_id())
            runtime.leave(visitor, f"{visitor}@example.com")

    def fold() -> None:
        for _ in range(40):
            rollup.fold(agent.pk, batch=7)

    at_once([*(partial(visit, thread) for thread in range(6)), fold, fold, fold])
    figures = folded(experiment)
    assert sum(figure[1] for figure in figures.values()) == 6 * 15
    assert Message.objects.count() == Conversation.objects.count() == 6 * 15
