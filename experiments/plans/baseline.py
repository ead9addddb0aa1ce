"""What the agent's visitors did in the last eight weeks, with or without an experiment."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import NamedTuple

from django.utils import timezone

from agents.models import Agent
from experiments import limits
from experiments.models import PrimaryMetric
from experiments.statistics import Arm, Mean, Proportion, Ratio
from experiments.statistics.plan import at_mean, at_rate
from glozr.postgres.sql import statement
from glozr.postgres.statements import fetch_one

MEASURED_WEEKS = 8
WEEK = timedelta(weeks=1)
MOST_CONVERSATIONS = 200_000
"""Of busier agents the newest are read, and the pace is theirs."""
SAMPLE = 5_000
"""Visitors whose messages and leads are looked at, the newest."""
BASELINE = statement(Path(__file__).parent / "sql", "baseline")


class _Row(NamedTuple):
    visitors: int
    first_at: datetime | None
    sampled: int
    converted: int
    qualified: int
    won: int
    messages: int
    messages_squared: int
    sessions: int
    sessions_squared: int
    seconds: Decimal
    seconds_squared: Decimal
    seconds_sessions: Decimal


@dataclass(frozen=True, slots=True)
class Baseline:
    """`weekly` is visitors a week; the arms are what a control would be like."""

    visitors: int
    weekly: float
    leads: Proportion
    qualified: Proportion
    won: Proportion
    messages: Mean
    session_length: Ratio
    """In seconds."""

    def arm_of(self, metric: str) -> Arm:
        """What was measured of a primary metric."""
        measured: dict[str, Arm] = {
            PrimaryMetric.LEAD_CAPTURE: self.leads,
            PrimaryMetric.QUALIFIED_LEADS: self.qualified,
            PrimaryMetric.WON_LEADS: self.won,
            PrimaryMetric.MESSAGES: self.messages,
            PrimaryMetric.SESSION_LENGTH: self.session_length,
        }
        return measured[metric]


def baseline_of(agent: Agent) -> Baseline:
    now = timezone.now()
    asked = {
        "agent": agent.pk,
        "since": now - MEASURED_WEEKS * WEEK,
        "most": MOST_CONVERSATIONS,
        "sample": SAMPLE,
        "capped": limits.MESSAGES_COUNTED,
    }
    row = fetch_one(BASELINE, asked, _Row)
    assert row is not None
    return Baseline(
        visitors=row.visitors,
        weekly=_weekly(row, now),
        leads=Proportion(row.sampled, row.converted),
        qualified=Proportion(row.sampled, row.qualified),
        won=Proportion(row.sampled, row.won),
        messages=Mean(row.sampled, row.messages, row.messages_squared),
        session_length=Ratio(
            row.sampled,
            row.seconds,
            row.seconds_squared,
            row.sessions,
            row.sessions_squared,
            row.seconds_sessions,
        ),
    )


def _weekly(row: _Row, now: datetime) -> float:
    """Of an agent that is younger than eight weeks, the pace of the weeks that it has."""
    if row.first_at is None:
        return 0.0
    return row.visitors / max(1.0, (now - row.first_at) / WEEK)


def control_of(metric: str, baseline: Baseline, expected: float | None) -> Arm:
    """What a control would be like: as somebody expects, else as measured.

    An expected average varies as the measured one does, or, where none was, as its square.
    """
    measured = baseline.arm_of(metric)
    if expected is None:
        return measured
    if PrimaryMetric(metric).is_share:
        return at_rate(expected)
    spread = 0.0
    if measured.value and measured.variance:
        spread = measured.variance * measured.n / measured.value**2
    return at_mean(expected, (spread or 1.0) * expected**2)
