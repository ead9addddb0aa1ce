"""What is measured. To add a metric over sums that exist, add it to `METRICS`: page, JSON, its
description and the verdict follow."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from experiments.statistics import Arm, Mean, Proportion, Ratio
from experiments.sums import Sums


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
    is_guardrail: bool = False
    """More of it is harm; it only ever says whether there is any."""


LEAD_CAPTURE = Metric(
    "lead_capture_rate",
    "lead capture rate",
    Unit.SHARE,
    lambda sums: Proportion(sums.visitors, sums.converted),
)
METRICS = (
    LEAD_CAPTURE,
    Metric(
        "messages_per_visitor",
        "messages per visitor",
        Unit.MESSAGES,
        lambda sums: Mean(sums.visitors, sums.messages, sums.messages_squared),
    ),
    Metric(  # seconds per session, clustered on the visitor
        "session_length",
        "session length",
        Unit.SECONDS,
        lambda sums: Ratio(
            sums.visitors,
            sums.seconds,
            sums.seconds_squared,
            sums.sessions,
            sums.sessions_squared,
            sums.seconds_sessions,
        ),
    ),
    Metric(
        "qualified_lead_rate",
        "qualified lead rate",
        Unit.SHARE,
        lambda sums: Proportion(sums.visitors, sums.qualified),
    ),
    Metric(
        "won_lead_rate",
        "won lead rate",
        Unit.SHARE,
        lambda sums: Proportion(sums.visitors, sums.won),
    ),
    Metric(
        "handover_rate",
        "handover rate",
        Unit.SHARE,
        lambda sums: Proportion(sums.visitors, sums.handovers),
        is_guardrail=True,
    ),
)
METRIC_OF_KEY = {metric.key: metric for metric in METRICS}


def primary_first(key: str) -> tuple[Metric, ...]:
    """All metrics, the one that a verdict is about before the others."""
    primary = METRIC_OF_KEY[key]
    return (primary, *(metric for metric in METRICS if metric is not primary))
