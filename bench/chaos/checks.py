"""What must be true of the database and of all answers together, whatever was broken.

Each check compares the clients' own logs with the rows, or with one another. One that found
nothing to compare has failed.
"""

from bisect import bisect_left, bisect_right
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import httpx
import psycopg

from bench.chaos.clients import Attempt, Call, Kind, Told
from bench.chaos.faults import Injected
from bench.chaos.lifecycle import Step

CONVERSATIONS = """
SELECT id::text, agent_id::text, visitor_id, variant_id::text, decided_at IS NOT NULL, playground
  FROM conversations WHERE agent_id = ANY (%(agents)s::uuid[])"""
MESSAGES = """
SELECT id::text, conversation_id::text, role, content
  FROM messages WHERE agent_id = ANY (%(agents)s::uuid[])"""
LEADS = """
SELECT agent_id::text, lower(email), id::text, visitor_id, name
  FROM leads WHERE agent_id = ANY (%(agents)s::uuid[])"""
ASSIGNMENTS = """
SELECT experiment_id::text, visitor_id, variant_id::text
  FROM experiment_assignments WHERE agent_id = ANY (%(agents)s::uuid[])"""
EXPERIMENT_OF = """
SELECT variants.id::text, experiment_id::text
  FROM variants JOIN experiments ON experiments.id = experiment_id
 WHERE agent_id = ANY (%(agents)s::uuid[])"""
STATUS = """
SELECT id::text, CASE WHEN deleted_at IS NULL THEN status ELSE 'deleted' END
  FROM experiments WHERE agent_id = ANY (%(agents)s::uuid[])"""
HISTORY = """
SELECT experiment_id::text, action, count(*)
  FROM experiment_events JOIN experiments ON experiments.id = experiment_id
 WHERE agent_id = ANY (%(agents)s::uuid[]) GROUP BY 1, 2"""


@dataclass(frozen=True, slots=True)
class Evidence:
    """What the clients, the operators and the breaking itself have written down."""

    attempts: Sequence[Attempt]
    given_up: Sequence[Call]
    injected: Sequence[Injected]
    steps: Mapping[str, Sequence[Step]]
    """By agent, in order."""
    history: Mapping[tuple[str, str], int]
    status: Mapping[str, str]
    operator_statuses: Mapping[int | None, int]
    operator_problems: Sequence[str]

    @property
    def acknowledged(self) -> Iterator[Attempt]:
        return (attempt for attempt in self.attempts if attempt.is_acknowledged)

    @property
    def told(self) -> Iterator[tuple[Attempt, Told]]:
        return ((attempt, attempt.told) for attempt in self.attempts if attempt.told is not None)


@dataclass(frozen=True, slots=True)
class Rows:
    """What is stored of the agents. Ids are text."""

    conversations: Mapping[str, tuple[str, str, str | None, bool, bool]]
    """agent, visitor, variant, decided, playground"""
    messages: Mapping[str, tuple[str, str, str]]
    """conversation, role, content"""
    leads: Mapping[tuple[str, str], Sequence[tuple[str, str, str]]]
    """By agent and lower-case e-mail: id, visitor, name"""
    assignments: Mapping[tuple[str, str], Sequence[str]]
    """By experiment and visitor: variants"""
    experiment_of: Mapping[str, str]
    """By variant"""
    status: Mapping[str, str]
    """By experiment; `deleted` for a tombstone"""
    history: Mapping[tuple[str, str], int]


@dataclass(slots=True)
class Check:
    """Something that must be true, how much of it was looked at, and what is not so."""

    name: str
    compared: int = 0
    violations: list[str] = field(default_factory=list)

    @property
    def is_passed(self) -> bool:
        return self.compared > 0 and not self.violations

    def expect(self, is_so: bool, otherwise: str) -> None:
        self.compared += 1
        if not is_so:
            self.violations.append(otherwise)


def read(connection: "psycopg.Connection[Any]", agents: Iterable[str]) -> Rows:
    """All that is stored of `agents`, read at one moment where the connection is in one."""
    ids = list(agents)

    def fetched(sql: str) -> list[tuple[Any, ...]]:
        return connection.execute(sql.encode(), {"agents": ids}).fetchall()

    leads, assignments = defaultdict(list), defaultdict(list)
    for agent, email, *kept in fetched(LEADS):
        leads[agent, email].append((kept[0], kept[1], kept[2]))
    for experiment, visitor, variant in fetched(ASSIGNMENTS):
        assignments[experiment, visitor].append(variant)
    return Rows(
        conversations={
            id_: (agent, visitor, variant, decided, playground)
            for id_, agent, visitor, variant, decided, playground in fetched(CONVERSATIONS)
        },
        messages={
            id_: (conversation, role, content)
            for id_, conversation, role, content in fetched(MESSAGES)
        },
        leads=leads,
        assignments=assignments,
        experiment_of=dict(fetched(EXPERIMENT_OF)),
        status=dict(fetched(STATUS)),
        history={(experiment, action): number for experiment, action, number in fetched(HISTORY)},
    )


def judge(evidence: Evidence, rows: Rows) -> list[Check]:
    found = []
    for name, look in CHECKS.items():
        check = Check(name)
        look(check, evidence, rows)
        found.append(check)
    return found


def _answers_expected(check: Check, evidence: Evidence, _rows: Rows) -> None:
    for attempt in evidence.attempts:
        check.expect(
            attempt.is_acknowledged or attempt.may_be_repeated,
            f"{attempt.call.kind}: {attempt.status} {attempt.problem}",
        )
    check.compared += sum(evidence.operator_statuses.values())
    check.violations.extend(evidence.operator_problems)


def _refusals_say_when(check: Check, evidence: Evidence, _rows: Rows) -> None:
    for attempt in evidence.attempts:
        if attempt.status == httpx.codes.SERVICE_UNAVAILABLE:
            check.expect(attempt.retry_after is not None, f"{attempt.call.kind}: no Retry-After")


def _nothing_waits_for_ever(check: Check, evidence: Evidence, _rows: Rows) -> None:
    for attempt in evidence.attempts:
        seconds = attempt.ended - attempt.began
        check.expect("Timeout" not in attempt.problem, f"{attempt.call.kind}: {seconds:.1f} s")
    check.violations.extend(f"never answered: {one.kind} {one.key}" for one in evidence.given_up)


def _messages_once(check: Check, evidence: Evidence, rows: Rows) -> None:
    sent = set()
    for attempt in evidence.attempts:
        call = attempt.call
        if call.kind != Kind.MESSAGE:
            continue
        sent.add(call.key)
        if attempt.is_acknowledged:
            expected = (call.chat.conversation, call.role, call.text)
            check.expect(
                rows.messages.get(call.key) == expected,
                f"message {call.key} was acknowledged; stored is {rows.messages.get(call.key)}",
            )
    for message in rows.messages.keys() - sent:
        check.violations.append(f"message {message} is stored; nobody sent it")


def _leads_once(check: Check, evidence: Evidence, rows: Rows) -> None:
    left_by: dict[tuple[str, str], set[str]] = defaultdict(set)
    attempts = [attempt for attempt in evidence.attempts if attempt.call.kind == Kind.LEAD]
    for attempt in attempts:
        left_by[_lead_key(attempt.call)].add(attempt.call.chat.visitor)
    for attempt in attempts:
        if attempt.kept is not None:
            key = _lead_key(attempt.call)
            # Whoever left it first keeps it; that is told to the first alone.
            owners = {attempt.kept.visitor} if attempt.kept.visitor else left_by[key]
            stored = list(rows.leads.get(key, ()))
            check.expect(
                any(stored == [(attempt.kept.id, owner, attempt.call.text)] for owner in owners),
                f"lead {key} was acknowledged as {attempt.kept}, left by {owners}; "
                f"stored is {stored}",
            )
    for lead in rows.leads.keys() - left_by.keys():
        check.violations.append(f"lead {lead} is stored; nobody sent it")


def _lead_key(call: Call) -> tuple[str, str]:
    return call.chat.agent, call.key.lower()


def _said_to_be_new_once(check: Check, evidence: Evidence, _rows: Rows) -> None:
    """A second `new` would mean that the first was lost after it was acknowledged."""
    new: Counter[tuple[str, ...]] = Counter()
    for attempt in evidence.acknowledged:
        if attempt.status == httpx.codes.CREATED:
            new[attempt.call.kind, attempt.call.chat.agent, attempt.call.key] += 1
        if attempt.told is not None and attempt.told.source == "new":
            new["assignment", str(attempt.told.experiment), attempt.call.chat.visitor] += 1
    for key, times in new.items():
        check.expect(times == 1, f"{key} was answered as new {times} times")


def _assignments_once(check: Check, evidence: Evidence, rows: Rows) -> None:
    for attempt, told in evidence.told:
        if told.variant is not None:
            key = str(told.experiment), attempt.call.chat.visitor
            stored = list(rows.assignments.get(key, ()))
            check.expect(
                stored == [told.variant],
                f"{key} was told {told.variant} ({told.source}); assignments say {stored}",
            )


def _one_variant_per_visitor(check: Check, evidence: Evidence, rows: Rows) -> None:
    variants: dict[tuple[str, str], set[str]] = defaultdict(set)
    for attempt, told in evidence.told:
        if told.variant is not None:
            variants[str(told.experiment), attempt.call.chat.visitor].add(told.variant)
    for _, visitor, variant, *_ in rows.conversations.values():
        if variant is not None:
            variants[rows.experiment_of.get(variant, "none"), visitor].add(variant)
    for key, assigned in rows.assignments.items():
        variants[key].update(assigned)
        check.expect(len(assigned) == 1, f"{key} has {len(assigned)} assignments")
    for key, seen in variants.items():
        check.expect(len(seen) == 1, f"{key} has the variants {sorted(seen)}")


def _conversations_stay(check: Check, evidence: Evidence, rows: Rows) -> None:
    """Every answer in a conversation is the same, and what is stored."""
    answers: dict[str, set[tuple[str | None, str | None, str]]] = defaultdict(set)
    for attempt, told in evidence.told:
        answers[told.conversation].add((told.experiment, told.variant, told.persona))
        _, visitor, variant, decided, playground = rows.conversations.get(
            told.conversation, ("", "", "", False, False)
        )
        expected = attempt.call.chat.visitor, told.variant, not attempt.call.chat.playground
        check.expect(
            (visitor, variant, decided) == expected and playground != decided,
            f"conversation {told.conversation} was told {told.variant}; stored is {variant!r} of"
            f" {visitor!r}, decided: {decided}",
        )
    for conversation, different in answers.items():
        check.expect(len(different) == 1, f"conversation {conversation} was told {different}")


def _answers_fit_lifecycle(check: Check, evidence: Evidence, _rows: Rows) -> None:
    """What was answered must have been so at some moment while the call was under way.

    So a call begun after a stop was acknowledged assigns nobody to the stopped experiment.
    """
    timelines = {agent: _Timeline(steps) for agent, steps in evidence.steps.items()}
    for attempt, told in evidence.told:
        if attempt.call.chat.playground or told.source == "conversation":
            continue
        possible = timelines[attempt.call.chat.agent].during(attempt.began, attempt.ended)
        if told.source == "visitor":
            allowed: set[str | None] = {one for step in possible for one in step.running}
        else:
            allowed = {step.active for step in possible}
        check.expect(
            told.experiment in allowed,
            f"{told.source}: {told.experiment}, while at most {allowed} could be meant",
        )


def _visitors_keep_what_runs(check: Check, evidence: Evidence, _rows: Rows) -> None:
    """Who has a variant in an experiment that runs gets it, or that of one started later.

    Looked at where no step was under way, and a client had been told the variant before.
    """
    timelines = {agent: _Timeline(steps) for agent, steps in evidence.steps.items()}
    known: dict[tuple[str, str], list[tuple[float, str | None]]] = defaultdict(list)
    for attempt, told in evidence.told:
        known[attempt.call.chat.agent, attempt.call.chat.visitor].append(
            (attempt.ended, told.experiment)
        )
    for attempt, told in evidence.told:
        chat = attempt.call.chat
        possible = timelines[chat.agent].during(attempt.began, attempt.ended)
        if chat.playground or told.source == "conversation" or len(possible) > 1:
            continue
        running = possible[0].running
        held = [
            running.index(experiment)
            for ended, experiment in known[chat.agent, chat.visitor]
            if ended < attempt.began and experiment in running
        ]
        if held:
            check.expect(
                told.source == "visitor" and told.experiment in running[max(held) :],
                f"{chat.visitor} had a variant of {running[max(held)]}, which runs, and was told"
                f" {told.experiment} ({told.source})",
            )


class _Timeline:
    """An agent's running experiments over time, each change somewhere within its step."""

    def __init__(self, steps: Sequence[Step]) -> None:
        self._steps = steps
        self._begins = [step.began for step in steps]
        self._ends = [step.ended for step in steps]

    def during(self, began: float, ended: float) -> Sequence[Step]:
        """The steps that may have been the latest at a moment between the two."""
        first = bisect_left(self._ends, began) - 1
        last = bisect_right(self._begins, ended)
        return self._steps[max(first, 0) : last]


def _lifecycle_stored(check: Check, evidence: Evidence, rows: Rows) -> None:
    """Every acknowledged step took effect, and once."""
    check.expect(
        dict(rows.status) == dict(evidence.status),
        f"experiments are {rows.status}, should be {evidence.status}",
    )
    for key in evidence.history.keys() | rows.history.keys():
        expected, stored = evidence.history.get(key, 0), rows.history.get(key, 0)
        check.expect(stored == expected, f"{key}: {expected} were done, the history has {stored}")


def _came_back(check: Check, evidence: Evidence, _rows: Rows) -> None:
    for injected in evidence.injected:
        check.expect(injected.well is not None, f"not after: {injected.fault}")
        if injected.problem:
            check.violations.append(f"{injected.fault}: {injected.problem}")


CHECKS: Mapping[str, Callable[[Check, Evidence, Rows], None]] = {
    "no answer was a 500, or another that nobody expects": _answers_expected,
    "every 503 says when to come back": _refusals_say_when,
    "every call came to an end, and in the end to an answer": _nothing_waits_for_ever,
    "the service came back by itself": _came_back,
    "every acknowledged message is there, once": _messages_once,
    "every acknowledged lead is there, once": _leads_once,
    "every acknowledged variant has its assignment, once": _assignments_once,
    "nothing was new twice": _said_to_be_new_once,
    "no visitor has two variants in one experiment": _one_variant_per_visitor,
    "no conversation changed its variant or persona": _conversations_stay,
    "no answer from an experiment that did not run": _answers_fit_lifecycle,
    "a visitor keeps the variant of what still runs": _visitors_keep_what_runs,
    "every step of an experiment took effect, once": _lifecycle_stored,
}
