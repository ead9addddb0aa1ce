"""The figures of a conclusion, as they are kept: nothing that comes later changes them."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from experiments.outcomes.support import furthest_ahead, primary_of
from experiments.results.comparing import VariantFigures
from experiments.results.report import ExperimentResults, MetricResults
from experiments.statistics import Interval
from experiments.statistics.shrinkage import Effect, relative_effect
from glozr.outputs.instants import written


def figures_of(results: ExperimentResults, *, winner: UUID | None) -> dict[str, Any]:
    """Of the primary metric. `shown` is the place of the variant that the lift is of."""
    primary = primary_of(results)
    subject = _subject(primary, winner)
    return {
        "as_of": written(results.as_of),
        "is_final": results.timing.is_final,
        "metric": primary.metric.key,
        "metric_name": primary.metric.name,
        "unit": primary.metric.unit,
        "visitors": results.visitors,
        "days": round(_ran_for(results) / timedelta(days=1), 2),
        "variants": [_variant(row) for row in primary.rows],
        "shown": None if subject is None else subject.variant.position,
    }


def effect_of(results: ExperimentResults, *, winner: UUID | None) -> Effect | None:
    """The relative lift of the variant that is shown, with its standard error."""
    primary = primary_of(results)
    subject = _subject(primary, winner)
    if subject is None:
        return None
    control = primary.rows[0].variant
    return relative_effect(
        primary.metric.arm(control.sums), primary.metric.arm(subject.variant.sums)
    )


def _subject(primary: MetricResults, winner: UUID | None) -> VariantFigures | None:
    """The treatment that won, or else the one furthest ahead, if any can be compared."""
    _, *treatments = primary.rows
    for row in treatments:
        if row.variant.id == winner:
            return row
    found = furthest_ahead(treatments)[0]
    comparison = found.comparison
    return found if comparison is not None and comparison.absolute.value is not None else None


def _variant(row: VariantFigures) -> dict[str, Any]:
    found = row.comparison
    ends = found.relative.interval if found else None
    return {
        "id": str(row.variant.id),
        "name": row.variant.name,
        "visitors": row.own.visitors,
        "value": row.own.value,
        "lift": found.relative.value if found else None,
        "interval": _ends(ends),
        "difference": found.absolute.value if found else None,
        "difference_interval": _ends(found.absolute.interval if found else None),
        "p_value": found.adjusted_p_value if found else None,
    }


def _ends(interval: Interval | None) -> list[float | None] | None:
    return None if interval is None else [interval.lower, interval.upper]


def _ran_for(results: ExperimentResults) -> timedelta:
    until: datetime = results.as_of
    spans = [(run.stopped_at or until) - run.started_at for run in results.runs]
    return sum((max(span, timedelta()) for span in spans), timedelta())
