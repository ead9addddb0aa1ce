"""A metric of an experiment as it is drawn: its intervals, its table, its curves."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from experiments.results import figures
from experiments.results.charts import (
    CurvePlot,
    IntervalPlot,
    Span,
    Tone,
    curve_plots,
    interval_plot,
)
from experiments.results.comparing import Curve, CurvePoint, VariantCounts, VariantFigures
from experiments.results.report import ExperimentResults, MetricResults
from experiments.statistics import ENOUGH_VISITORS, Comparison, Reason

NOT_DRAWN = Span(None, None, None)
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
    """A line of a metric's table. `lifts` is None while only counts may be shown; `says` tells
    where its interval lies, and `missing` why a figure is not there."""

    figures: VariantFigures
    lifts: Comparison | None
    tone: Tone | None
    says: str = ""
    missing: str = ""

    @property
    def remark(self) -> str:
        return ", ".join(filter(None, [self.says, self.missing]))


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


def metric_view(
    metric: MetricResults, results: ExperimentResults, edits: Mapping[date, str]
) -> MetricView:
    control, *treatments = metric.rows
    is_measured = any(row.own.value for row in metric.rows)
    rows = [_row(row) for row in treatments]
    drawn = [(row.variant.position, span_of(row.comparison)) for row in treatments]
    curves = [curve for curve in metric.curves if is_measured and _is_drawn(curve)]
    return MetricView(
        results=metric,
        rows=(MetricRow(control, None, None), *rows),
        plot=interval_plot(drawn, figures.relative_tick),
        summary=" ".join(map(_sentence, rows)),
        curves=_curve_views(curves, edits),
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
        missing = figures.reason(Reason.TOO_FEW_VISITORS)
        return MetricRow(row, None, Tone.EMPTY, missing=missing)
    says = WORDS[span.tone] if comparison.absolute.interval else ""
    missing = figures.reason(comparison.reason or comparison.relative.reason)
    return MetricRow(row, comparison, span.tone, says, missing)


def _sentence(shown: MetricRow) -> str:
    """The text in place of a bar."""
    name = shown.figures.variant.name
    if shown.lifts is None or shown.lifts.relative.interval is None:
        return f"{name}: {shown.remark}."
    lift = shown.lifts.relative
    return (
        f"{name}: lift {figures.relative(lift.value)}, interval "
        f"{figures.reach(lift.interval)}, {shown.remark}."
    )


def _is_drawn(curve: Curve) -> bool:
    return any(not is_too_early(point.comparison) for point in curve.points)


def _curve_views(curves: Sequence[Curve], edits: Mapping[date, str]) -> tuple[CurveView, ...]:
    drawn = [[(point.day, span_of(point.comparison)) for point in each.points] for each in curves]
    plots = curve_plots(drawn, figures.relative_tick, edits)
    return tuple(
        CurveView(
            str(curve.variant.position),
            curve.variant,
            [(point, is_too_early(point.comparison)) for point in curve.points],
            plot,
            _curve_summary(points, plot),
        )
        for curve, points, plot in zip(curves, drawn, plots, strict=True)
    )


def _curve_summary(points: Sequence[tuple[date, Span]], plot: CurvePlot) -> str:
    day, last = points[-1]
    now = "no interval yet" if last.lower is None else WORDS[last.tone]
    summary = (
        f"{len(points)} days up to {day:%d %b %Y}; "
        f"at the end {figures.relative(last.value)}, {now}."
    )
    return " ".join([summary, *(f"{mark.title}." for mark in plot.marks)])


def _progress(needed: int | None, variants: Sequence[VariantCounts]) -> int | None:
    """How far the variant with the fewest visitors has come, in whole percents up to 100."""
    if needed is None:
        return None
    return min(100, min(variant.sums.visitors for variant in variants) * 100 // needed)
