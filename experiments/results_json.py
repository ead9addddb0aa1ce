"""Results as JSON: every figure of the page. None is what can't be said, with its reason."""

from dataclasses import asdict
from typing import Any

from experiments.results import (
    Curve,
    ExperimentResults,
    MetricResults,
    VariantCounts,
    VariantFigures,
)
from experiments.statistics import Comparison
from experiments.totals import NAMES


def as_json(results: ExperimentResults) -> dict[str, Any]:
    return {
        "experiment": str(results.experiment.pk),
        "status": results.experiment.status,
        "as_of": results.as_of,
        "is_complete": results.is_complete,
        "time_zone": results.time_zone,
        "visitors": results.visitors,
        "planned_lift": results.planned_lift,
        "verdict": _verdict(results.metrics[0]),
        "sample_ratio": asdict(results.sample_ratio),
        "variants": [_counts(variant) for variant in results.variants],
        "metrics": [_metric(metric) for metric in results.metrics],
        "days": [
            {
                "day": day.day,
                "visitors": {
                    str(variant.id): visitors
                    for variant, visitors in zip(results.variants, day.visitors, strict=True)
                },
            }
            for day in results.days
        ],
        "other_experiments": [
            {"id": str(other.id), "name": other.name, "is_deleted": other.is_deleted}
            for other in results.neighbours
        ],
    }


def _counts(variant: VariantCounts) -> dict[str, Any]:
    return {
        "id": str(variant.id),
        "name": variant.name,
        "position": variant.position,
        "weight": variant.weight,
        "share": variant.share,
        "expected_visitors": variant.expected,
        **{name: _number(getattr(variant.sums, name)) for name in NAMES},
    }


def _number(value: Any) -> int | float:
    return value if isinstance(value, int) else float(value)


def _metric(results: MetricResults) -> dict[str, Any]:
    return {
        "key": results.metric.key,
        "name": results.metric.name,
        "unit": results.metric.unit,
        "verdict": _verdict(results),
        "visitors_needed_per_variant": results.visitors_needed,
        "days_needed": results.days_needed,
        "expected_on": results.expected_on,
        "variants": [_figures(row) for row in results.rows],
        "cumulative": [_curve(curve) for curve in results.curves],
    }


def _verdict(results: MetricResults) -> dict[str, str]:
    verdict = results.verdict
    return {
        "kind": verdict.kind,
        "text": verdict.text,
        "answer": verdict.answer,
        "certainty": verdict.certainty,
        "advice": verdict.advice,
    }


def _figures(row: VariantFigures) -> dict[str, Any]:
    return {
        "id": str(row.variant.id),
        "name": row.variant.name,
        "visitors": row.own.visitors,
        "value": row.own.value,
        "interval": row.own.interval and asdict(row.own.interval),
        "reason": row.own.reason,
        "against_control": row.comparison and _comparison(row.comparison),
    }


def _comparison(comparison: Comparison) -> dict[str, Any]:
    return {
        "absolute": asdict(comparison.absolute),
        "relative": asdict(comparison.relative),
        "p_value": comparison.p_value,
        "adjusted_p_value": comparison.adjusted_p_value,
        "fixed_horizon": comparison.fixed and asdict(comparison.fixed),
        "is_decided": comparison.decided,
        "direction": comparison.direction,
        "reason": comparison.reason,
    }


def _curve(curve: Curve) -> dict[str, Any]:
    return {
        "id": str(curve.variant.id),
        "name": curve.variant.name,
        "days": [
            {
                "day": point.day,
                "control_visitors": point.comparison.control.visitors,
                "visitors": point.comparison.treatment.visitors,
                "absolute": asdict(point.comparison.absolute),
                "relative": asdict(point.comparison.relative),
            }
            for point in curve.points
        ],
    }
