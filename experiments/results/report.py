"""An experiment's results: what its page, the API and `verify_results` all show.

Summaries are read by day and variant, added up, and handed to the pure modules: `statistics`
compares, `sample_ratio` checks the split, `sample_size` looks ahead and `verdicts` says it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from uuid import UUID
from zoneinfo import ZoneInfo

from django.utils import timezone

from experiments import limits
from experiments.models import Experiment
from experiments.results import rollup, totals, verdicts
from experiments.results.comparing import (
    Curve,
    VariantCounts,
    VariantFigures,
    compared,
    curves_of,
    variant_counts,
)
from experiments.results.looks.standing import LookTaken, Standing, looks_taken, standing_of
from experiments.results.looks.taking import DueLook
from experiments.results.looks.words import looks_in_words
from experiments.results.metrics import Metric, primary_first
from experiments.results.prompts import prompts_of
from experiments.results.timing import (
    EditMeanwhile,
    Meanwhile,
    Neighbour,
    Run,
    Timing,
    meanwhile,
    timing_of,
)
from experiments.statistics import (
    Arm,
    Comparison,
    arm_figures,
)
from experiments.statistics.sample_ratio import watched_p_value
from experiments.statistics.sample_size import days_until, visitors_while_watched
from experiments.sums import NOTHING, Sums
from glozr.errors import FieldError, Invalid
from glozr.zones import zone

DEFAULT_LIFT = limits.USUAL_LIFT
LIFTS = (0.05, 0.1, 0.2, 0.3, 0.5)
"""The relative lifts that a person may ask the needed visitors for."""
LEAST_LIFT, GREATEST_LIFT = 0.001, 10
MANY_CROSSED = 0.01
"""Of all visitors."""


@dataclass(frozen=True, slots=True)
class MetricResults:
    metric: Metric
    is_primary: bool
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
    standing: Standing | None
    """By its plan; None without one."""
    state: UUID | None
    """Of the totals that all this follows from."""

    @property
    def as_of(self) -> datetime:
        return self.timing.as_of

    @property
    def total(self) -> Sums:
        """The sums over all variants."""
        return sum((count.sums for count in self.variants), NOTHING)

    @property
    def looks_taken(self) -> list[LookTaken]:
        return looks_taken(self.standing, self.variants) if self.standing else []

    @property
    def next_look(self) -> DueLook | None:
        return self.standing.next if self.standing else None

    @property
    def has_many_crossed(self) -> bool:
        """Whether so many visitors have seen two variants that it blurs what is compared."""
        return self.total.crossed > MANY_CROSSED * self.visitors

    @property
    def headline(self) -> verdicts.Verdict:
        """The answer on the primary metric, which is the first."""
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


def results_of(
    experiment: Experiment,
    *,
    planned_lift: float = DEFAULT_LIFT,
    by_day: bool = True,
    with_curves: bool = True,
    counted: rollup.Counted | None = None,
) -> ExperimentResults:
    """Everything that there is to show; `planned_lift` of 0.2 asks what +20% would take. `counted`
    is what waits that was counted just now. Curves, and all days with them, may be left out."""
    counted = counted or rollup.count_what_waits(experiment.agent_id)
    return _results(
        experiment,
        state=counted.state,
        is_complete=counted.is_complete,
        planned_lift=planned_lift,
        beside=meanwhile(experiment),
        by_day=by_day,
        with_curves=by_day and with_curves,
    )


def results_in_brief(experiment: Experiment, *, is_complete: bool) -> ExperimentResults:
    """How the experiment stands; no days, curves, runs, neighbours and prompts."""
    return _results(
        experiment,
        state=None,
        is_complete=is_complete,
        planned_lift=DEFAULT_LIFT,
        beside=None,
    )


def _results(
    experiment: Experiment,
    *,
    state: UUID | None,
    is_complete: bool,
    planned_lift: float,
    beside: Meanwhile | None,
    by_day: bool = False,
    with_curves: bool = False,
) -> ExperimentResults:
    time_zone = experiment.agent.workspace.time_zone
    variants = list(experiment.variants.all())
    ids = [variant.pk for variant in variants]
    reading = totals.read(experiment.agent_id, ids, time_zone, by_day=by_day, state=state)
    now = timezone.now()
    timing = timing_of(experiment, reading, now, is_complete=is_complete)
    prompts = prompts_of(experiment.agent_id, ids) if by_day else {}
    counts = variant_counts(variants, totals.altogether(reading.days.values()), prompts)
    ratio = _sample_ratio(counts, reading)
    standing = standing_of(experiment, reading, now)
    context = _Context(experiment, counts, ratio, planned_lift, timing, zone(time_zone), standing)
    days = _up_to_today(reading.days, context) if by_day else {}
    beside = beside or Meanwhile()
    return ExperimentResults(
        experiment=experiment,
        timing=timing,
        is_complete=is_complete,
        time_zone=time_zone,
        planned_lift=planned_lift,
        variants=counts,
        visitors=sum(count.sums.visitors for count in counts),
        metrics=_metrics_results(context, days if with_curves else {}),
        sample_ratio=ratio,
        days=tuple(
            Day(day, tuple(of_day.get(count.id, NOTHING).visitors for count in counts))
            for day, of_day in days.items()
        ),
        runs=beside.runs,
        neighbours=beside.neighbours,
        agent_edits=beside.agent_edits,
        standing=standing,
        state=reading.state,
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
    standing: Standing | None

    @property
    def metrics(self) -> tuple[Metric, ...]:
        return primary_first(self.experiment.primary_metric)

    @property
    def looks(self) -> Standing | None:
        """How a planned experiment stands by its looks."""
        return self.standing if self.experiment.is_planned else None

    @property
    def has_verdict(self) -> bool:
        """Whether more than counts may be shown of what decides."""
        return not self.experiment.is_planned or (self.looks is not None and self.looks.is_settled)


def _sample_ratio(counts: Sequence[VariantCounts], reading: totals.Reading) -> SampleRatio:
    """By every quarter of an hour so far, so that an alarm of yesterday is not gone today."""
    p_value = _watched(reading, tuple(count.weight for count in counts))
    return SampleRatio(p_value, p_value is not None and p_value < verdicts.SAMPLE_RATIO_ALARM)


@lru_cache(maxsize=totals.KEPT_READINGS)
def _watched(reading: totals.Reading, weights: tuple[int, ...]) -> float | None:
    return watched_p_value(reading.split, weights)


def _metrics_results(
    context: _Context, days: Mapping[date, Mapping[UUID, Sums]]
) -> tuple[MetricResults, ...]:
    sums = {count.id: count.sums for count in context.counts}
    primary, has_verdict = context.experiment.primary_metric, context.has_verdict
    found = compared(primary, context.counts, sums, has_verdict=has_verdict)
    curves = curves_of(primary, context.counts, days, has_verdict=has_verdict)
    return tuple(
        _metric_results(metric, context, found[metric.key], curves[metric.key])
        for metric in context.metrics
    )


def _metric_results(
    metric: Metric, context: _Context, comparisons: Sequence[Comparison], curves: tuple[Curve, ...]
) -> MetricResults:
    control, *treatments = context.counts
    arms = [metric.arm(count.sums) for count in context.counts]
    own = [arm_figures(arm) for arm in arms]
    is_primary = metric is context.metrics[0]
    looks = context.looks if is_primary else None
    if looks is not None and looks.is_settled and looks.latest is not None:
        comparisons = list(looks.comparisons)
        own = [looks.latest.comparisons[0].control, *(each.treatment for each in comparisons)]
    elif not (context.has_verdict or metric.is_guardrail):
        own = [comparisons[0].control, *(each.treatment for each in comparisons)]
    needed, days_needed = _needed(metric, context, arms[0], comparisons)
    situation = verdicts.Situation(
        stage=_stage(context),
        metric=metric.name,
        control=control.name,
        control_visitors=own[0].visitors,
        findings=[
            verdicts.Finding(treatment.name, comparison)
            for treatment, comparison in zip(treatments, comparisons, strict=True)
        ],
        sample_ratio_p_value=context.ratio.p_value,
        planned_lift=context.planned_lift,
        visitors_needed=needed,
        days_needed=days_needed,
        looks=_looks_of(metric, context),
    )
    return MetricResults(
        metric=metric,
        is_primary=is_primary,
        rows=tuple(
            VariantFigures(count, figures, comparison)
            for count, figures, comparison in zip(
                context.counts, own, [None, *comparisons], strict=True
            )
        ),
        curves=curves,
        verdict=(verdicts.guardrail if metric.is_guardrail else verdicts.verdict)(situation),
        visitors_needed=needed,
        days_needed=days_needed,
        expected_on=_expected_on(days_needed, context),
    )


def _looks_of(metric: Metric, context: _Context) -> verdicts.Looks | None:
    """What a verdict must know of them: the primary metric's is theirs, and between them no other
    metric has one either."""
    if context.looks is None or (context.has_verdict and metric is not context.metrics[0]):
        return None
    return looks_in_words(context.looks, context.zone, context.timing.as_of)


def _needed(
    metric: Metric, context: _Context, control: Arm, comparisons: Sequence[Comparison]
) -> tuple[int | None, int | None]:
    """Visitors of each variant for the lift that is looked ahead to, and whole days till then.

    The primary metric of a planned experiment has those of its plan, whose end is a date."""
    if metric is context.metrics[0] and context.looks is not None:
        return context.looks.plan.visitors, None
    others = sum(not each.is_guardrail for each in context.metrics) - 1
    together = 1 if metric is context.metrics[0] or metric.is_guardrail else others
    needed = visitors_while_watched(
        control, context.planned_lift, treatments=len(comparisons) * together
    )
    is_decided = any(comparison.decided for comparison in comparisons)
    return needed, None if is_decided else _days_needed(needed, context)


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
