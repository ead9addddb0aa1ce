"""How long an experiment would take, and what it could show: in figures and in words."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from django.utils import timezone

from agents.models import Agent
from experiments import limits
from experiments.plans.baseline import Baseline, baseline_of, control_of
from experiments.results.metrics import LEAD_CAPTURE, METRICS, Metric, Unit
from experiments.results.report import DEFAULT_LIFT
from experiments.statistics import Arm
from experiments.statistics.plan import (
    WEEKS,
    Need,
    Needs,
    Shown,
    needs,
    smallest_lifts,
)
from glozr.errors import FieldError, Invalid
from glozr.zones import zone

MANY_WEEKS = 12
"""Longer than this nobody waits for an answer."""
DRAWN_WEEKS: Final = (2, 3, 4, 6, 8, 10, 12, 16, 20, 26)
VARIANTS: Final = (2, 3, 4)
PLANNED_METRICS: Final[Mapping[str, Metric]] = {
    metric.key: metric for metric in METRICS if not metric.is_guardrail
}
MOST_OF_UNIT: Final[Mapping[Unit, float]] = {
    Unit.SHARE: limits.MAX_EXPECTED_SHARE,
    Unit.MESSAGES: limits.MESSAGES_COUNTED,
    Unit.SECONDS: limits.MAX_EXPECTED_AVERAGE,
}
"""Of what somebody may expect of a metric."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What somebody wants to know. `rate` and `weekly` stand for the agent's own figures."""

    metric: str = LEAD_CAPTURE.key
    lift: float = DEFAULT_LIFT
    variants: int = 2
    window_days: int = limits.WINDOW_DAYS
    rate: float | None = None
    weekly: float | None = None


@dataclass(frozen=True, slots=True)
class DatedNeed:
    need: Need
    on: date | None
    """The day on which it would be over, if it began today."""


@dataclass(frozen=True, slots=True)
class ForVariants:
    variants: int
    planned: DatedNeed
    watched: DatedNeed


@dataclass(frozen=True, slots=True)
class Plan:
    asked: Asked
    baseline: Baseline
    value: float | None
    """Of the metric, as the plan takes it."""
    weekly: float
    by_variants: tuple[ForVariants, ...]
    shown: tuple[Shown, ...]
    drawn: tuple[Shown, ...]
    """Of more weeks, for a picture."""
    words: str

    @property
    def chosen(self) -> ForVariants:
        return next(each for each in self.by_variants if each.variants == self.asked.variants)


def plan_of(agent: Agent, asked: Asked) -> Plan:
    """
    Raises:
        Invalid: with every figure that is out of range.
    """
    _check(asked)
    baseline = baseline_of(agent)
    weekly = baseline.weekly if asked.weekly is None else asked.weekly
    control = control_of(asked.metric, baseline, asked.rate)
    today = timezone.now().astimezone(zone(agent.workspace.time_zone)).date()

    def dated(need: Need) -> DatedNeed:
        on = None if need.weeks is None else _after(today, need.weeks)
        return DatedNeed(need, on)

    def for_variants(variants: int) -> ForVariants:
        found: Needs = needs(
            control, asked.lift, weekly, variants=variants, window_days=asked.window_days
        )
        return ForVariants(variants, dated(found.planned), dated(found.watched))

    by_variants = tuple(map(for_variants, VARIANTS))
    drawn = tuple(
        smallest_lifts(
            control,
            weekly,
            variants=asked.variants,
            weeks=DRAWN_WEEKS,
            window_days=asked.window_days,
        )
    )
    shown = tuple(each for each in drawn if each.weeks in WEEKS)
    chosen = next(each for each in by_variants if each.variants == asked.variants)
    return Plan(
        asked=asked,
        baseline=baseline,
        value=control.value,
        weekly=weekly,
        by_variants=by_variants,
        shown=shown,
        drawn=drawn,
        words=_words(asked, control, weekly, chosen, shown),
    )


def _check(asked: Asked) -> None:
    errors = []
    if asked.metric not in PLANNED_METRICS:
        choices = ", ".join(PLANNED_METRICS)
        errors.append(FieldError("metric", "invalid_choice", f"Choose one of {choices}."))
    if not (math.isfinite(asked.lift) and 0.01 <= asked.lift <= 10):
        errors.append(FieldError("lift", "out_of_range", "Give a lift from 0.01 to 10."))
    if asked.variants not in VARIANTS:
        errors.append(FieldError("variants", "out_of_range", "Plan for 2, 3 or 4 variants."))
    if not limits.MIN_WINDOW_DAYS <= asked.window_days <= limits.MAX_WINDOW_DAYS:
        errors.append(FieldError("window_days", "out_of_range", "Give 1 to 90 days."))
    if asked.rate is not None and not limits.MIN_EXPECTED <= asked.rate <= _most_of(asked.metric):
        told = f"Give {limits.MIN_EXPECTED} to {_most_of(asked.metric):,}."
        errors.append(FieldError("rate", "out_of_range", told))
    if asked.weekly is not None and not 1 <= asked.weekly <= 100_000_000:
        errors.append(FieldError("weekly", "out_of_range", "Give at least 1 visitor a week."))
    if errors:
        raise Invalid(errors)


def _most_of(metric: str) -> float:
    return MOST_OF_UNIT[PLANNED_METRICS.get(metric, LEAD_CAPTURE).unit]


def _words(
    asked: Asked, control: Arm, weekly: float, chosen: ForVariants, shown: tuple[Shown, ...]
) -> str:
    """Of both designs, as long as either answers soon."""
    name = PLANNED_METRICS[asked.metric].name
    if not weekly:
        return "Nobody has come in the last eight weeks. Type how many visitors you expect."
    if not control.value:
        return f"There is no {name} to go by yet. Type one that you expect."
    pace = f"At {weekly * 52 / 12:,.0f} visitors a month"
    planned, watched = chosen.planned.need.weeks, chosen.watched.need.weeks
    if planned is not None and planned <= MANY_WEEKS:
        takes = f"{pace} a lift of {asked.lift:+.0%} in {name} takes {_weeks(planned)} with planned"
        if watched is None or watched > MANY_WEEKS:
            return f"{takes} looks. Watched, it would take more than {MANY_WEEKS}."
        return f"{takes} looks, or {_weeks(watched)} when watched, at the latest."
    eight = next(each for each in shown if each.weeks == 8)
    if eight.planned is None:
        least = f"{pace} no lift in {name} will show in 8 weeks"
    else:
        least = f"{pace} a lift under {eight.planned:.0%} in {name} will not show in 8 weeks"
    is_share = PLANNED_METRICS[asked.metric].unit == Unit.SHARE
    other = "measure messages" if is_share else "wait for more visitors"
    return f"{least}: test something bolder, or {other}."


def _weeks(number: int) -> str:
    return f"{number} week{'' if number == 1 else 's'}"


def _after(today: date, weeks: int) -> date | None:
    """None in more than ten years, which nobody plans for."""
    return today + timedelta(weeks=weeks) if weeks <= 520 else None
