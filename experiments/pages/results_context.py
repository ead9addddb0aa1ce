"""What the results on an experiment's page show: the figures, and the charts drawn of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from experiments import limits
from experiments.models import Experiment
from experiments.results import figures
from experiments.results.charts import (
    BarPlot,
    CurvePlot,
    IntervalPlot,
    Span,
    Tone,
    bar_plot,
    curve_plot,
    interval_plot,
)
from experiments.results.comparing import Curve, CurvePoint, VariantCounts, VariantFigures
from experiments.results.looks.words import look_day, outcome_in_words, progress_in_words
from experiments.results.metrics import METRIC_OF_KEY
from experiments.results.prompts import MOST_COUNTED
from experiments.results.report import (
    DEFAULT_LIFT,
    LIFTS,
    ExperimentResults,
    MetricResults,
    results_of,
)
from experiments.split import Share, percent, shares
from experiments.statistics import ENOUGH_VISITORS, Comparison, Reason
from glozr.zones import zone

NOT_DRAWN = Span(None, None, None)
LABEL_CHARACTERS = 22
SHOWN_EDITS = 5
WORDS = {
    Tone.AHEAD: "above zero",
    Tone.BEHIND: "below zero",
    Tone.OPEN: "holds zero",
    Tone.EMPTY: "no interval yet",
}


@dataclass(frozen=True, slots=True)
class CurveView:
    number: str
    variant: VariantCounts
    points: Sequence[tuple[CurvePoint, bool]]
    """Each with whether it is too early for more than counts."""
    plot: CurvePlot
    summary: str


@dataclass(frozen=True, slots=True)
class MetricRow:
    """A line of a metric's table. `lifts` is None while only counts may be shown."""

    figures: VariantFigures
    lifts: Comparison | None
    tone: Tone | None
    remark: str


@dataclass(frozen=True, slots=True)
class MetricView:
    """One metric: its intervals, its table, its curves. `progress` is in percent."""

    results: MetricResults
    rows: tuple[MetricRow, ...]
    plot: IntervalPlot
    summary: str
    curves: tuple[CurveView, ...]
    progress: int | None
    is_measured: bool
    """Whether any variant has more than nothing of it."""

    @property
    def days(self) -> int | None:
        """Whole days until the needed visitors are there, one at least."""
        needed = self.results.days_needed
        return None if needed is None else max(1, needed)

    @property
    def is_drawn(self) -> bool:
        """Whether there is anything to draw beside the axis."""
        return self.is_measured and any(
            bar.dot is not None or bar.start is not None for bar in self.plot.bars
        )


@dataclass(frozen=True, slots=True)
class VariantView:
    counts: VariantCounts
    seen: str
    expected: str


def results_context(
    experiment: Experiment, *, planned_lift: float = DEFAULT_LIFT
) -> dict[str, Any]:
    """For `experiments/results/_results.html`. `planned_lift` of 0.2 asks what +20% would take."""
    results = results_of(experiment, planned_lift=planned_lift)
    days = bar_plot([(day.day, day.visitors) for day in results.days])
    split = shares([(variant.name, variant.weight) for variant in results.variants])
    edits = _edits_by_day(results)
    metrics = [_metric_view(metric, results, edits) for metric in results.metrics]
    return {
        "results": results,
        "visitors": results.visitors,
        "metrics": metrics,
        "looked_ahead_to": [each for each in metrics if not each.results.metric.is_guardrail],
        "most_messages": limits.MESSAGES_COUNTED,
        "variants_counted": [
            VariantView(counts, percent(counts.sums.visitors, results.visitors), share.percent)
            for counts, share in zip(results.variants, split, strict=True)
        ],
        "counted_split": _counted_split(results),
        "days": days,
        "days_summary": _days_summary(days, results),
        "lifts": sorted({*LIFTS, planned_lift}),
        "enough": ENOUGH_VISITORS,
        "latest_edits": results.agent_edits[::-1][:SHOWN_EDITS],
        "earlier_edits": len(results.agent_edits[SHOWN_EDITS:]),
        "most_counted": MOST_COUNTED,
        **_plan_context(results),
    }


def _plan_context(results: ExperimentResults) -> dict[str, Any]:
    """The plan of the start against what came, and the looks."""
    standing = results.standing
    if standing is None:
        return {}
    of_workspace = zone(results.time_zone)
    return {
        "standing": standing,
        "plan_progress": progress_in_words(standing, of_workspace),
        "plan_percent": min(100, standing.closed * 100 // standing.plan.visitors),
        "plan_metric": METRIC_OF_KEY[standing.plan.metric],
        "looks": [
            (taken, look_day(kept.look.due_at, of_workspace), outcome_in_words(kept))
            for taken, kept in zip(results.looks_taken, standing.looks, strict=True)
        ],
    }


def _edits_by_day(results: ExperimentResults) -> dict[date, str]:
    """What was done to the agent while the experiment ran, by the day of its results."""
    days: dict[date, str] = {}
    for edit in results.agent_edits:
        day = edit.edited_at.astimezone(zone(results.time_zone)).date()
        before = f"{days[day]}; " if day in days else f"Agent edited, {day:%d %b %Y}: "
        urgently = ", urgently" if edit.is_urgent else ""
        days[day] = f"{before}{edit.who} made revision {edit.revision}{urgently}"
    return days


def _metric_view(
    metric: MetricResults, results: ExperimentResults, edits: Mapping[date, str]
) -> MetricView:
    control, *treatments = metric.rows
    is_measured = any(row.own.value for row in metric.rows)
    drawn = [(_label(row.variant.name), span_of(row.comparison)) for row in treatments]
    return MetricView(
        results=metric,
        rows=(MetricRow(control, None, None, ""), *map(_row, treatments)),
        plot=interval_plot(drawn, figures.relative_tick),
        summary=" ".join(_sentence(row) for row in treatments),
        curves=tuple(
            _curve_view(curve, edits) for curve in metric.curves if is_measured and _is_drawn(curve)
        ),
        progress=_progress(metric.visitors_needed, results.variants),
        is_measured=is_measured,
    )


def span_of(comparison: Comparison | None) -> Span:
    """The relative lift as it is drawn: not at all with too few visitors."""
    if comparison is None or is_too_early(comparison):
        return NOT_DRAWN
    lift = comparison.relative
    if lift.interval is None:
        return Span(lift.value, None, None)
    return Span(lift.value, lift.interval.lower, lift.interval.upper)


def is_too_early(comparison: Comparison) -> bool:
    """Whether only counts may be shown."""
    return min(comparison.control.visitors, comparison.treatment.visitors) < ENOUGH_VISITORS


def _row(row: VariantFigures) -> MetricRow:
    comparison = row.comparison
    span = span_of(comparison)
    if comparison is None or is_too_early(comparison):
        return MetricRow(row, None, Tone.EMPTY, figures.reason(Reason.TOO_FEW_VISITORS))
    remark = WORDS[span.tone] if comparison.absolute.interval else ""
    missing = figures.reason(comparison.reason or comparison.relative.reason)
    return MetricRow(row, comparison, span.tone, ", ".join(filter(None, [remark, missing])))


def _sentence(row: VariantFigures) -> str:
    """The text in place of a bar."""
    shown = _row(row)
    if shown.lifts is None or shown.lifts.relative.interval is None:
        return f"{row.variant.name}: {shown.remark}."
    lift = shown.lifts.relative
    return (
        f"{row.variant.name}: lift {figures.relative(lift.value)}, interval "
        f"{figures.reach(lift.interval)}, {shown.remark}."
    )


def _is_drawn(curve: Curve) -> bool:
    return any(not is_too_early(point.comparison) for point in curve.points)


def _curve_view(curve: Curve, edits: Mapping[date, str]) -> CurveView:
    points = [(point.day, span_of(point.comparison)) for point in curve.points]
    day, last = points[-1]
    now = "no interval yet" if last.lower is None else WORDS[last.tone]
    summary = (
        f"{len(points)} days up to {day:%d %b %Y}; "
        f"at the end {figures.relative(last.value)}, {now}."
    )
    plot = curve_plot(points, figures.relative_tick, edits)
    summary = " ".join([summary, *(f"{mark.title}." for mark in plot.marks)])
    early = [(point, is_too_early(point.comparison)) for point in curve.points]
    return CurveView(str(curve.variant.position), curve.variant, early, plot, summary)


def _progress(needed: int | None, variants: Sequence[VariantCounts]) -> int | None:
    """How far the variant with the fewest visitors has come, in whole percents up to 100."""
    if needed is None:
        return None
    return min(100, min(variant.sums.visitors for variant in variants) * 100 // needed)


def _counted_split(results: ExperimentResults) -> list[Share]:
    return shares([(variant.name, variant.sums.visitors) for variant in results.variants])


def _days_summary(plot: BarPlot, results: ExperimentResults) -> str:
    parts = ", ".join(f"{variant.name} {variant.sums.visitors:,}" for variant in results.variants)
    if not plot.periods:
        return "No visitors yet."
    first, last = plot.periods[0].first, plot.periods[-1].last
    return f"From {first:%d %b %Y} to {last:%d %b %Y}: {parts}."


def _label(name: str) -> str:
    return name if len(name) <= LABEL_CHARACTERS else name[: LABEL_CHARACTERS - 1] + "…"
