"""Visitors in numbers, with what they say, written straight into the tables by `COPY`."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import connection

from agents.models import Agent, LeadStatus, MessageRole
from experiments.bucketing import bucket
from experiments.demo.story.dialogues import Exchange, dialogues_of
from experiments.models import Experiment, Variant
from glozr.ids import new_id

COLUMNS = {
    "experiment_assignments": "id, agent_id, experiment_id, variant_id, visitor_id, assigned_at",
    "conversations": "id, agent_id, visitor_id, variant_id, decided_at, revision, playground,"
    " client_kind, started_at",
    "messages": "id, agent_id, conversation_id, role, content, sent_at, received_at",
    "leads": "id, agent_id, visitor_id, conversation_id, email, name, phone, company, status,"
    " created_at, updated_at",
    "pending_counts": "agent_id, variant_id, visitor_id",
}
OF_WEEKDAY = (1.0, 1.0, 0.95, 0.95, 0.8, 0.5, 0.6)
"""How many come on a Monday, a Tuesday, …"""
COMES_BACK, WITHIN_DAYS = 0.18, 5
ASKS_MORE = 0.15
FIRST = ("Anna", "Ben", "Chiara", "David", "Elif", "Finn", "Greta", "Hugo", "Ines", "Jonas", "Kaya")
LAST = ("Baumann", "Costa", "Dubois", "Egli", "Ferrari", "Graf", "Huber", "Ivanov", "Jansen")
COMPANIES = ("Alpenblick AG", "Kern & Söhne", "Studio Lumen", "Rossi Trasporti", "")
STATES = (
    *(LeadStatus.NEW, LeadStatus.NEW, LeadStatus.NEW, LeadStatus.QUALIFIED),
    *(LeadStatus.QUALIFIED, LeadStatus.CONTACTED, LeadStatus.WON, LeadStatus.LOST),
)


@dataclass(frozen=True, slots=True)
class Part:
    """So many visitors of one variant, of whom so many leave their details; `voice` answers."""

    variant: Variant | None
    visitors: int
    leads: int
    voice: str
    asks_more: float = ASKS_MORE


@dataclass(slots=True)
class Crowd:
    """The visitors of an agent between two moments.

    Attributes:
        revision: of the agent, which they meet.
        until: nothing is later, whoever comes back included.
    """

    agent: Agent
    trade: str
    experiment: Experiment | None
    parts: Sequence[Part]
    since: datetime
    until: datetime
    revision: int = 1
    rows: dict[str, list[tuple[Any, ...]]] = field(
        default_factory=lambda: {table: [] for table in COLUMNS}
    )

    weights: Sequence[int] = ()

    def come(self) -> None:
        name = "by themselves"
        if self.experiment is not None:
            name = self.experiment.name
            self.weights = [variant.weight for variant in self.experiment.variants.all()]
        chance = random.Random(f"{self.trade}, {name}")
        for part in self.parts:
            # Evenly over the time, so that a look at any moment finds the same share.
            converted = {place * part.visitors // part.leads for place in range(part.leads)}
            moments = sorted(_moment(chance, self.since, self.until) for _ in range(part.visitors))
            for number, at in enumerate(moments):
                self._visit(part, at, chance, leaves_details=number in converted)
        for table, columns in COLUMNS.items():
            _copy(table, columns, self.rows[table])

    def _visit(
        self, part: Part, at: datetime, chance: random.Random, *, leaves_details: bool
    ) -> None:
        visitor = self._visitor_of(part.variant, chance)
        variant = part.variant.pk if part.variant else None
        if part.variant is not None:
            row = (new_id(), self.agent.pk, part.variant.experiment_id, variant, visitor, at)
            self.rows["experiment_assignments"].append(row)
            self.rows["pending_counts"].append((self.agent.pk, variant, visitor))
        conversation, over = self._converse(part, visitor, at, chance, is_whole=leaves_details)
        if leaves_details:
            self._leave_details(visitor, conversation, over, chance)
        if chance.random() < COMES_BACK:
            again = at + timedelta(days=chance.uniform(0.3, WITHIN_DAYS))
            if again + timedelta(hours=1) < self.until:
                self._converse(part, visitor, again, chance, is_whole=False)

    def _visitor_of(self, variant: Variant | None, chance: random.Random) -> str:
        """An id that falls into the variant, as one who writes now would have to."""
        while True:
            visitor = f"{self.trade}-{chance.getrandbits(48):012x}"
            if variant is None or self.experiment is None:
                return visitor
            if bucket(self.experiment.pk, visitor, self.weights) == variant.position:
                return visitor

    def _converse(
        self, part: Part, visitor: str, at: datetime, chance: random.Random, *, is_whole: bool
    ) -> tuple[UUID, datetime]:
        """The conversation, and when its last message was sent."""
        conversation = new_id()
        variant = part.variant.pk if part.variant else None
        self.rows["conversations"].append(
            (conversation, self.agent.pk, visitor, variant, at, self.revision, False, "", at)
        )
        clock = at
        for role, words in _said(self._turns(part, chance, is_whole=is_whole), part.voice):
            row = (new_id(), self.agent.pk, conversation, role, words, clock, clock)
            self.rows["messages"].append(row)
            over, clock = clock, clock + timedelta(seconds=chance.uniform(*PAUSES[role]))
        return conversation, over

    def _turns(self, part: Part, chance: random.Random, *, is_whole: bool) -> list[Exchange]:
        scripts = dialogues_of(self.trade)
        script = chance.choice(scripts)
        turns = list(script if is_whole else script[: chance.randint(1, len(script))])
        if chance.random() < part.asks_more:
            turns += chance.choice(scripts)
        return turns

    def _leave_details(
        self, visitor: str, conversation: UUID, at: datetime, chance: random.Random
    ) -> None:
        first, last = chance.choice(FIRST), chance.choice(LAST)
        number = chance.randrange(10_000)
        email = f"{first}.{last}{number}.{visitor[-4:]}@visitor.example".lower()
        phone = f"+44 20 7946 0{number % 1000:03}" if chance.random() < 0.4 else ""
        is_old = self.until - at > timedelta(days=3)
        status = chance.choice(STATES) if is_old else LeadStatus.NEW
        self.rows["leads"].append(
            (
                *(new_id(), self.agent.pk, visitor, conversation, email, f"{first} {last}"),
                *(phone, chance.choice(COMPANIES), status.value, at, at),
            )
        )


PAUSES = {
    MessageRole.VISITOR.value: (3.0, 9.0),
    MessageRole.AGENT.value: (15.0, 95.0),
    MessageRole.HUMAN_AGENT.value: (30.0, 120.0),
}
"""Seconds after which the next message follows."""


def _said(turns: Iterable[Exchange], voice: str) -> Iterator[tuple[str, str]]:
    for turn in turns:
        yield MessageRole.VISITOR.value, turn.asked
        yield MessageRole.AGENT.value, turn.answer_of(voice)
        if turn.taken_over:
            yield MessageRole.HUMAN_AGENT.value, turn.taken_over


def _moment(chance: random.Random, since: datetime, until: datetime) -> datetime:
    """More on weekdays than on Sundays, most about noon; an hour before the end at the latest."""
    last = until - timedelta(hours=1)
    while True:
        at = since + (last - since) * chance.random()
        hour = at.hour + at.minute / 60
        by_day = max(0.06, 1 - ((hour - 13) / 8) ** 2)
        if chance.random() < OF_WEEKDAY[at.weekday()] * by_day:
            return at


def _copy(table: str, columns: str, rows: Iterable[tuple[Any, ...]]) -> None:
    with connection.cursor() as cursor:
        copying: Callable[[str], Any] = cursor.copy
        with copying(f"COPY {table} ({columns}) FROM STDIN") as copy:
            for row in rows:
                copy.write_row(row)
        # Else the fold is planned as for an empty table, and may run into the statements' limit.
        cursor.execute(f"ANALYZE {table}")
