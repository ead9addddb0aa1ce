"""What the agent's visitors did in the last eight weeks, with or without an experiment."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import NamedTuple

from django.utils import timezone

from agents.models import Agent
from experiments import limits
from experiments.statistics import Mean, Proportion
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
    messages: int
    messages_squared: int


@dataclass(frozen=True, slots=True)
class Baseline:
    """`weekly` is visitors a week; the arms are what a control would be like."""

    visitors: int
    weekly: float
    leads: Proportion
    messages: Mean


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
        messages=Mean(row.sampled, row.messages, row.messages_squared),
    )


def _weekly(row: _Row, now: datetime) -> float:
    """Of an agent that is younger than eight weeks, the pace of the weeks that it has."""
    if row.first_at is None:
        return 0.0
    return row.visitors / max(1.0, (now - row.first_at) / WEEK)
