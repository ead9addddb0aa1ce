"""A small version of the chaos: every fault once, and checks that do notice what they are for."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest

from bench.chaos.__main__ import ruins, run, small_plan
from bench.chaos.checks import CHECKS, Evidence, Rows, judge, read
from bench.chaos.clients import Attempt, Call, Chat, Kept, Kind, Told
from bench.chaos.faults import Injected
from bench.chaos.lifecycle import Step
from bench.chaos.slow import ANSWERS_TO_JUDGE, SlowClient, Watched, ended, served

# What is done behind the product's back, and what then must be named.
TAMPERING = {
    """DELETE FROM messages
        WHERE id = (SELECT min(id::text)::uuid FROM messages WHERE role = 'visitor')""": {
        "every acknowledged message is there, once"
    },
    "UPDATE messages SET content = 'Said by nobody.'": {
        "every acknowledged message is there, once"
    },
    "DELETE FROM leads WHERE id = (SELECT min(id::text)::uuid FROM leads)": {
        "every acknowledged lead is there, once"
    },
    """UPDATE experiment_assignments SET variant_id = (
           SELECT other.id FROM variants other
            WHERE other.experiment_id = experiment_assignments.experiment_id
              AND other.id <> variant_id LIMIT 1)""": {
        "every acknowledged variant has its assignment, once",
        "no visitor has two variants in one experiment",
    },
    """UPDATE conversations SET variant_id = (
           SELECT other.id FROM variants mine JOIN variants other USING (experiment_id)
            WHERE mine.id = variant_id AND other.id <> variant_id LIMIT 1)
        WHERE variant_id IS NOT NULL""": {
        "no visitor has two variants in one experiment",
        "no conversation changed its variant or persona",
    },
    "DELETE FROM experiment_events WHERE action = 'started'": {
        "every step of an experiment took effect, once"
    },
}


def test_nothing_is_lost_and_what_is_taken_away_is_missed() -> None:
    # Not in pytest's folder, which another session of its closes to the database's account.
    with (
        tempfile.TemporaryDirectory(prefix="glozr-chaos-") as folder,
        closing(ruins(Path(folder))) as stack,
    ):
        plan = small_plan(seed=5)
        outcome = run(stack, plan)

        assert {check.name: check.violations for check in outcome.checks if check.violations} == {}
        assert [check.name for check in outcome.checks if not check.compared] == []
        assert {injected.fault for injected in outcome.evidence.injected} == set(plan.faults)
        missed = {sql: noticed(outcome.evidence, stack.dsn(), sql) for sql in TAMPERING}
    assert missed == TAMPERING


def noticed(evidence: Evidence, dsn: str, tampering: str) -> set[str]:
    """The checks that fail after `tampering`, which is undone again."""
    with psycopg.connect(dsn) as connection:
        agents = list(evidence.steps)
        assert connection.execute(tampering.encode()).rowcount > 0
        rows = read(connection, agents)
        connection.rollback()
    return {check.name for check in judge(evidence, rows) if check.violations}


CHAT = Chat("agent", "ada", "talk")
HELLO = Call(Kind.MESSAGE, CHAT, "hello", "visitor", "Hello")
LEAD = Call(Kind.LEAD, CHAT, "ada@example.com", text="Ada")
NEW = Told("talk", "new", "first", "control", "Max")
SAID = Attempt(HELLO, 10, 11, 201, told=NEW, kept=Kept("hello", "ada", "Hello"))
AGAIN = replace(SAID, began=12, ended=13, status=200, told=replace(NEW, source="conversation"))
LEFT = Attempt(LEAD, 14, 15, 201, kept=Kept("lead", "ada", "Ada"))
BACK = Attempt(
    Call(Kind.ASSIGNMENT, replace(CHAT, conversation="second")),
    *(16, 17, 200),
    told=replace(NEW, conversation="second", source="visitor"),
)
REFUSED = Attempt(HELLO, 8, 9, 503, retry_after=1.0)
EVIDENCE = Evidence(
    attempts=[REFUSED, SAID, AGAIN, LEFT, BACK],
    given_up=[],
    injected=[Injected("a worker killed", 1, 2, 3)],
    steps={
        "agent": [
            Step("found", "", float("-inf"), float("-inf"), ()),
            Step("started", "first", 3, 4, ("first",)),
            Step("stopped", "first", 20, 21, ()),
        ]
    },
    history={("first", "started"): 1, ("first", "stopped"): 1},
    status={"first": "stopped"},
    operator_statuses={200: 2},
    operator_problems=[],
)
ROWS = Rows(
    conversations={
        "talk": ("agent", "ada", "control", True, False),
        "second": ("agent", "ada", "control", True, False),
    },
    messages={"hello": ("talk", "visitor", "Hello")},
    leads={("agent", "ada@example.com"): [("lead", "ada", "Ada")]},
    assignments={("first", "ada"): ["control"]},
    experiment_of={"control": "first", "treatment": "first"},
    status={"first": "stopped"},
    history={("first", "started"): 1, ("first", "stopped"): 1},
)


def failed(evidence: Evidence = EVIDENCE, rows: Rows = ROWS) -> set[str]:
    return {check.name for check in judge(evidence, rows) if not check.is_passed}


def also(*attempts: Attempt) -> Evidence:
    return replace(EVIDENCE, attempts=[*EVIDENCE.attempts, *attempts])


def test_what_is_well_is_found_so() -> None:
    assert failed() == set()


def test_checks_that_found_nothing_to_compare_have_failed() -> None:
    nothing = Evidence([], [], [], {}, {}, {}, {}, [])

    assert failed(nothing, Rows({}, {}, {}, {}, {}, {}, {})) >= set(CHECKS) - {
        "every step of an experiment took effect, once"
    }


BOB = Call(Kind.LEAD, replace(CHAT, visitor="bob"), "ada@example.com", text="Ada")


def test_an_address_that_two_visitors_left_belongs_to_either() -> None:
    """A lead that was there is answered by its id alone, so that no answer names its visitor."""
    again = Attempt(BOB, 16, 17, 200, kept=Kept("lead", None, "Ada"))
    stolen = replace(ROWS, leads={("agent", "ada@example.com"): [("lead", "bob", "Ada")]})
    unknown = replace(ROWS, leads={("agent", "ada@example.com"): [("lead", "eve", "Ada")]})
    unsaid = replace(EVIDENCE, attempts=[REFUSED, SAID, AGAIN, BACK, again])

    assert failed(also(again)) == set()
    assert failed(also(again), stolen) == {"every acknowledged lead is there, once"}
    assert failed(unsaid, stolen) == set()
    assert failed(unsaid, unknown) == {"every acknowledged lead is there, once"}


AFTER_STOP = replace(AGAIN, began=22, ended=23, told=replace(NEW, source="visitor"))
LOGS: dict[str, tuple[Evidence, str]] = {
    "a 500": (
        also(replace(REFUSED, status=500)),
        "no answer was a 500, or another that nobody expects",
    ),
    "a refusal of an experiment's step": (
        replace(EVIDENCE, operator_problems=["start: 400"]),
        "no answer was a 500, or another that nobody expects",
    ),
    "no Retry-After": (
        also(replace(REFUSED, retry_after=None)),
        "every 503 says when to come back",
    ),
    "a call that hung": (
        also(replace(REFUSED, status=None, problem="ReadTimeout")),
        "every call came to an end, and in the end to an answer",
    ),
    "a call that was never answered": (
        replace(EVIDENCE, given_up=[HELLO]),
        "every call came to an end, and in the end to an answer",
    ),
    "a service that stayed away": (
        replace(EVIDENCE, injected=[Injected("every worker killed", 1, 2, None)]),
        "the service came back by itself",
    ),
    "a message that was new twice": (
        also(replace(AGAIN, status=201)),
        "nothing was new twice",
    ),
    "an assignment that was new twice": (
        also(replace(AGAIN, told=NEW)),
        "nothing was new twice",
    ),
    "another persona later on": (
        also(replace(AGAIN, told=replace(NEW, source="conversation", persona="Aria"))),
        "no conversation changed its variant or persona",
    ),
    "a visitor who was let go while the experiment ran": (
        also(replace(BACK, told=replace(NEW, source="none", experiment=None, variant=None))),
        "a visitor keeps the variant of what still runs",
    ),
    "a visitor resolved by what had been stopped": (
        also(AFTER_STOP),
        "no answer from an experiment that did not run",
    ),
}


@pytest.mark.parametrize("what", LOGS)
def test_what_a_log_shows_is_named(what: str) -> None:
    evidence, check = LOGS[what]

    assert check in failed(evidence)


@pytest.mark.parametrize(
    ("began", "ended", "is_possible"),
    [(19.0, 19.5, True), (20.5, 20.6, True), (20.5, 30.0, True), (21.5, 30.0, False)],
)
def test_a_stopped_experiment_may_answer_only_calls_that_began_before(
    began: float, ended: float, is_possible: bool
) -> None:
    attempt = replace(AFTER_STOP, began=began, ended=ended)

    assert (failed(also(attempt)) == set()) is is_possible


LOSSES: dict[str, Callable[[], Rows]] = {
    "every acknowledged message is there, once": lambda: replace(ROWS, messages={}),
    "every acknowledged lead is there, once": lambda: replace(
        ROWS, leads={("agent", "ada@example.com"): 2 * [("lead", "ada", "Ada")]}
    ),
    "every step of an experiment took effect, once": lambda: replace(
        ROWS, status={"first": "running"}
    ),
}


@pytest.mark.parametrize("check", LOSSES)
def test_what_is_not_stored_as_acknowledged_is_named(check: str) -> None:
    assert failed(rows=LOSSES[check]()) == {check}


def watched(per_second: float = 100, p99: float = 10, health: float = 5) -> Watched:
    return Watched(per_second, 5, p99, ANSWERS_TO_JUDGE, [], health)


@pytest.mark.parametrize(
    ("beside", "noticed"),
    [
        (watched(), ""),
        (watched(p99=29, per_second=91), ""),
        (watched(p99=30), "p99 was 30.0 ms, usually 10.0"),
        (watched(per_second=90), "90 answers a second, usually 100"),
        (watched(health=1_000), "health took 1000 ms"),
        (replace(watched(), failures=["503 busy"]), "503 busy"),
    ],
)
def test_what_slow_clients_cost_the_others_is_noticed(beside: Watched, noticed: str) -> None:
    check = served(watched(), beside, watched())
    assert check.violations == ([noticed] if noticed else [])


def test_a_slow_client_that_stays_is_noticed() -> None:
    closed = [SlowClient("stalled body", b"", opened=0, closed=closed) for closed in (20, 31, None)]
    assert ended(closed).violations == ["stalled body: 31.0 s", "stalled body: never"]
