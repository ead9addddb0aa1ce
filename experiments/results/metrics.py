"""What is measured. To add a metric over sums that exist, add it to `METRICS`: page, JSON, its
description and the verdict follow."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from experiments.results.totals import Sums
from experiments.statistics import Arm


class Unit(StrEnum):
    """What a metric's value counts."""

    SHARE = "share"
    MESSAGES = "messages"
    SECONDS = "seconds"


@dataclass(frozen=True, slots=True)
class Metric:
    """`name` reads after a possessive: "lead capture rate"."""

    key: str
    name: str
    unit: Unit
    arm: Callable[[Sums], Arm]


METRICS = (
    Metric("lead_capture_rate", "lead capture rate", Unit.SHARE, lambda sums: sums.lead_capture),
    Metric(
        "messages_per_visitor",
        "messages per visitor",
        Unit.MESSAGES,
        lambda sums: sums.messages_per_visitor,
    ),
    Metric("session_length", "session length", Unit.SECONDS, lambda sums: sums.session_length),
)
