"""An experiment's results: what its page, the API and `verify_results` all show.

Summaries are read by day and variant, added up, and handed to the pure modules: `statistics`
compares, `sample_ratio` checks the split, `sample_size` looks ahead and `verdicts` says it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import accumulate
from uuid import UUID
from zoneinfo import ZoneInfo

import numpy as np
from django.utils import timezone
from numpy.typing import NDArray

from experiments import limits
from experiments.models import Experiment, Variant
from experiments.results import rollup, totals, verdicts
from experiments.results.metrics import METRICS, Metric
from experiments.results.prompts import PromptCount, prompts_of
from experiments.results.timing import (
    EditMeanwhile,
    Meanwhile,
    Neighbour,
    Run,
    Timing,
    meanwhile,
    timing_of,
)
from experiments.statistics import ArmFigures, Comparison, arm_figures, compare
from experiments.statistics.sample_ratio import watched_p_value
from experiments.statistics.sample_size import days_until, visitors_while_watched
from experiments.sums import NOTHING, Sums
from glozr.errors import FieldError, Invalid
from glozr.zones import zone

DEFAULT_LIFT = limits.USUAL_LIFT
LIFTS = (0.05, 0.1, 0.2, 0.3, 0.5)
"""The relative lifts that a person may ask the needed visitors for."""
LEAST_LIFT, GREATEST_LIFT = 0.001, 10
MAX_POINTS = 60
MANY_CROSSED = 0.01
"""Of all visitors."""


@dataclass(frozen=True, slots=True)
class VariantCounts:
    """A variant and what its visitors did. `expected` visitors are those of its weight."""

    id: UUID
    name: str
    position: int
    weight: int
    share: float
    expected: float
    sums: Sums
    prompts: tuple[PromptCount, ...] = ()

    @property
    def is_control(self) -> bool:
        return self.position == 0


@dataclass(frozen=True, slots=True)
class VariantFigures:
    """A variant's value of a metric; `comparison` with the control for all but the control."""

    variant: VariantCounts
    own: ArmFigures
    comparison: Comparison | None


@dataclass(frozen=True, slots=True)
class CurvePoint:
    """The comparison over all visitors assigned up to the end of `day`, with everything that
    they have done since."""

    day: date
    comparison: Comparison


@dataclass(frozen=True, slots=True)
class Curve:
    variant: VariantCounts
    points: tuple[CurvePoint, ...]


@dataclass(frozen=True, slots=True)
class MetricResults:
    metric: Metric
    rows: tuple[VariantFigures, ...]
    curves: tuple[Curve, ...]
    verdict: verdicts.Verdict
    visitors_needed: int | None
    """Per variant, for the planned lift."""
    days_needed: int | None
    """Whole days; 0 when they are there."""
    expected_on: date | None


@dataclass(frozen=True, slots=True)
class SampleRatio:
    """Whether visitors are split as the weights say, however often one looks; `is_alarm` under
    0.001."""

    p_value: float | None
    is_alarm: bool


@dataclass(frozen=True, slots=True)
class Day:
    """Visitors assigned on a day, by position of their variant."""

    day: date
    visitors: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class ExperimentResults:
    experiment: Experiment
    timing: Timing
    is_complete: bool
    """False while more waits to be counted than a page may wait for."""
    time_zone: str
    planned_lift: float
    variants: tuple[VariantCounts, ...]
    visitors: int
    metrics: tuple[MetricResults, ...]
    sample_ratio: SampleRatio
    days: tuple[Day, ...]
    runs: tuple[Run, ...]
    neighbours: tuple[Neighbour, ...]
    agent_edits: tuple[EditMeanwhile, ...]

    @property
    def as_of(self) -> datetime:
        return self.timing.as_of

    @property
    def total(self) -> Sums:
        """The sums over all variants."""
        return sum((count.sums for count in self.variants), NOTHING)

    @property
    def has_many_crossed(self) -> bool:
        """Whether so many visitors have seen two variants that it blurs what is compared."""
        return self.total.crossed > MANY_CROSSED * self.visitors

    @property
    def headline(self) -> verdicts.Verdict:
        """The answer on the first metric, which the experiment is mostly run for."""
        return self.metrics[0].verdict


def planned_lift(text: str | None) -> float:
    """The lift that somebody asks for in words of an address, or the default.

    Raises:
        Invalid: it is no number from 0.001 to 10.
    """
    try:
        lift = DEFAULT_LIFT if text is None else float(text)
    except ValueError:
        lift = 0.0
    if not LEAST_LIFT <= lift <= GREATEST_LIFT:
        raise Invalid(
            [
                FieldError(
                    "lift", "out_of_range", f"Give a lift from {LEAST_LIFT:g} to {GREATEST_LIFT:g}."
                )
            ]
        )
    return lift


def results_of(experiment: Experiment, *, planned_lift: float = DEFAULT_LIFT) -> ExperimentResults:
    """Everything that the results page shows. `planned_lift` of 0.2 asks what +20% would take."""
    is_complete = rollup.bring_up_to_date(experiment.agent_id)
    return _results(
        experiment,
        is_complete=is_complete,
        planned_lift=planned_lift,
        beside=meanwhile(experiment),
    )


def results_in_brief(experiment: Experiment, *, is_complete: bool) -> ExperimentResults:
    """How the experiment stands; no days, curves, runs, neighbours and prompts."""
    return _results(
        experiment,
        is_complete=is_complete,
        planned_lift=DEFAULT_LIFT,
        beside=None,
    )


def _results(
    experiment: Experiment,
    *,
    is_complete: bool,
    planned_lift: float,
    beside: Meanwhile | None,
) -> ExperimentResults:
    time_zone = experiment.agent.workspace.time_zone
    variants = list(experiment.variants.all())
    ids = [variant.pk for variant in variants]
    reading = totals.read(ids, time_zone)
    now = timezone.now()
    timing = timing_of(experiment, reading, now, is_complete=is_complete)
    prompts = prompts_of(experiment.agent_id, ids) if beside else {}
    counts = _counts(variants, totals.altogether(reading.days.values()), prompts)
    ratio = _sample_ratio(counts, reading.split)
    context = _Context(experiment, counts, ratio, planned_lift, timing, zone(time_zone))
    days = _up_to_today(reading.days, context) if beside else {}
    beside = beside or Meanwhile()
    return ExperimentResults(
        experiment=experiment,
        timing=timing,
        is_complete=is_complete,
        time_zone=time_zone,
        planned_lift=planned_lift,
        variants=counts,
        visitors=sum(count.sums.visitors for count in counts),
        metrics=tuple(_metric_results(metric, context, days) for metric in METRICS),
        sample_ratio=ratio,
        days=tuple(
            Day(day, tuple(of_day.get(count.id, NOTHING).visitors for count in counts))
            for day, of_day in days.items()
        ),
        runs=beside.runs,
        neighbours=beside.neighbours,
        agent_edits=beside.agent_edits,
    )


def _up_to_today(
    days: Mapping[date, Mapping[UUID, Sums]], context: _Context
) -> Mapping[date, Mapping[UUID, Sums]]:
    """A running experiment's last day is today, though nobody may have come."""
    today = context.timing.as_of.astimezone(context.zone).date()
    if not days or not context.experiment.is_running or today in days:
        return days
    return {**days, today: {}}


@dataclass(frozen=True, slots=True)
class _Context:
    experiment: Experiment
    counts: tuple[VariantCounts, ...]
    ratio: SampleRatio
    planned_lift: float
    timing: Timing
    zone: ZoneInfo


def _counts(
    variants: Sequence[Variant],
    sums: Mapping[UUID, Sums],
    prompts: Mapping[UUID, tuple[PromptCount, ...]],
) -> tuple[VariantCounts, ...]:
    total_weight = sum(variant.weight for variant in variants)
    visitors = sum(sums.get(variant.pk, NOTHING).visitors for variant in variants)
    return tuple(
        VariantCounts(
            id=variant.pk,
            name=variant.name,
            position=variant.position,
            weight=variant.weight,
            share=variant.weight / total_weight,
            expected=visitors * variant.weight / total_weight,
            sums=sums.get(variant.pk, NOTHING),
            prompts=prompts.get(variant.pk, ()),
        )
        for variant in variants
    )


def _sample_ratio(counts: Sequence[VariantCounts], split: NDArray[np.int64]) -> SampleRatio:
    """By every quarter of an hour so far, so that an alarm of yesterday is not gone today."""
    p_value = watched_p_value(split, [count.weight for count in counts])
    return SampleRatio(p_value, p_value is not None and p_value < verdicts.SAMPLE_RATIO_ALARM)


def _metric_results(
    metric: Metric, context: _Context, days: Mapping[date, Mapping[UUID, Sums]]
) -> MetricResults:
    control, *treatments = context.counts
    arms = [metric.arm(count.sums) for count in context.counts]
    comparisons = compare(arms[0], arms[1:])
    needed = visitors_while_watched(arms[0], context.planned_lift, treatments=len(treatments))
    is_decided = any(comparison.decided for comparison in comparisons)
    days_needed = None if is_decided else _days_needed(needed, context)
    situation = verdicts.Situation(
        stage=_stage(context),
        metric=metric.name,
        control=control.name,
        control_visitors=control.sums.visitors,
        findings=[
            verdicts.Finding(treatment.name, comparison)
            for treatment, comparison in zip(treatments, comparisons, strict=True)
        ],
        sample_ratio_p_value=context.ratio.p_value,
        planned_lift=context.planned_lift,
        visitors_needed=needed,
        days_needed=days_needed,
    )
    return MetricResults(
        metric=metric,
        rows=tuple(
            VariantFigures(count, arm_figures(arm), comparison)
            for count, arm, comparison in zip(
                context.counts, arms, [None, *comparisons], strict=True
            )
        ),
        curves=_curves(metric, context.counts, days),
        verdict=(verdicts.guardrail if metric.is_guardrail else verdicts.verdict)(situation),
        visitors_needed=needed,
        days_needed=days_needed,
        expected_on=_expected_on(days_needed, context),
    )


def _stage(context: _Context) -> verdicts.Stage:
    if context.experiment.is_running and not context.timing.takes_visitors:
        return verdicts.Stage.SUPERSEDED
    return verdicts.Stage(context.experiment.status)


def _days_needed(needed: int | None, context: _Context) -> int | None:
    """Whole days until every variant has its visitors, at the pace of the last two weeks of the
    present run. Only an experiment that takes visitors is promised any."""
    if not context.timing.takes_visitors:
        return None
    visitors = [count.sums.visitors for count in context.counts]
    days = days_until(needed, visitors, context.timing.recent, context.timing.days)
    return None if days is None else math.ceil(days)


def _expected_on(days_needed: int | None, context: _Context) -> date | None:
    if days_needed is None or days_needed > 3650:
        return None
    return (
        (context.timing.as_of + timedelta(days=math.ceil(days_needed)))
        .astimezone(context.zone)
        .date()
    )


def _curves(
    metric: Metric,
    counts: Sequence[VariantCounts],
    days: Mapping[date, Mapping[UUID, Sums]],
) -> tuple[Curve, ...]:
    control, *treatments = counts
    up_to = list(accumulate(days.values(), lambda total, day: totals.altogether([total, day])))
    # Of a long run only so many days are drawn, the last always among them.
    step = -(-len(up_to) // MAX_POINTS) or 1
    chosen = list(zip(days, up_to, strict=True))[::-step][::-1]
    points: dict[UUID, list[CurvePoint]] = {treatment.id: [] for treatment in treatments}
    for day, sums in chosen:
        comparisons = compare(
            metric.arm(sums.get(control.id, NOTHING)),
            [metric.arm(sums.get(treatment.id, NOTHING)) for treatment in treatments],
        )
        for treatment, comparison in zip(treatments, comparisons, strict=True):
            points[treatment.id].append(CurvePoint(day, comparison))
    return tuple(Curve(treatment, tuple(points[treatment.id])) for treatment in treatments)
