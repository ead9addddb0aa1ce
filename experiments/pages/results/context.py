"""What the results on an experiment's page show: the figures, and the charts drawn of them."""

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from django.utils import timezone

from agents.roles import Permission
from experiments import limits
from experiments.models import Experiment
from experiments.pages.results.advice import advice_of
from experiments.pages.results.drawn import metric_view
from experiments.pages.results.polled import tag_of
from experiments.pages.results.sections import questions_of
from experiments.results.charts import BarPlot, bar_plot
from experiments.results.comparing import VariantCounts
from experiments.results.looks.words import look_day, outcome_in_words, progress_in_words
from experiments.results.metrics import METRIC_OF_KEY
from experiments.results.prompts import MOST_COUNTED
from experiments.results.report import (
    DEFAULT_LIFT,
    LIFTS,
    ExperimentResults,
    results_of,
)
from experiments.results.rollup import Counted, count_what_waits
from experiments.results.verdicts import VerdictKind
from experiments.split import Share, percent, shares
from experiments.statistics import ENOUGH_VISITORS
from glozr.zones import moment_in_words, zone

SHOWN_EDITS = 5


@dataclass(frozen=True, slots=True)
class VariantView:
    counts: VariantCounts
    seen: str
    expected: str


def results_context(
    experiment: Experiment,
    *,
    can: Collection[str] = (),
    planned_lift: float = DEFAULT_LIFT,
    is_for_outsiders: bool = False,
    by_day: bool = True,
    with_curves: bool = False,
    counted: Counted | None = None,
) -> dict[str, Any]:
    """For the templates in `experiments/results/`. `planned_lift` of 0.2 asks what +20% would take.
    Outsiders are told of no other experiment, and of nobody who edited the agent."""
    counted = counted or count_what_waits(experiment.agent_id)
    results = results_of(
        experiment,
        planned_lift=planned_lift,
        by_day=by_day,
        with_curves=with_curves,
        counted=counted,
    )
    of_what = replace(counted, state=results.state)
    if is_for_outsiders:
        results = replace(results, agent_edits=(), neighbours=())
    edits = _edits_by_day(results)
    metrics = [metric_view(metric, results, edits) for metric in results.metrics]
    return {
        "results": results,
        "tag": tag_of(experiment, of_what, timezone.now(), can=can, lift=planned_lift),
        "as_of": moment_in_words(results.as_of, results.time_zone),
        "visitors": results.visitors,
        "metrics": metrics,
        "primary": metrics[0],
        "others": metrics[1:],
        "advice": advice_of(results, is_runner=Permission.RUN in can),
        "sections": questions_of(results),
        "asks_how_long": _asks_how_long(results),
        "is_for_outsiders": is_for_outsiders,
        "looked_ahead_to": [each for each in metrics if not each.results.metric.is_guardrail],
        "lifts": sorted({*LIFTS, planned_lift}),
        "enough": ENOUGH_VISITORS,
        **_data_context(results),
        **_plan_context(results),
    }


def _data_context(results: ExperimentResults) -> dict[str, Any]:
    """Who was counted, and what else happened."""
    days = bar_plot([(day.day, day.visitors) for day in results.days])
    split = shares([(variant.name, variant.weight) for variant in results.variants])
    return {
        "most_messages": limits.MESSAGES_COUNTED,
        "variants_counted": [
            VariantView(counts, percent(counts.sums.visitors, results.visitors), share.percent)
            for counts, share in zip(results.variants, split, strict=True)
        ],
        "counted_split": _counted_split(results),
        "days": days,
        "days_summary": _days_summary(days, results),
        "latest_edits": results.agent_edits[::-1][:SHOWN_EDITS],
        "earlier_edits": len(results.agent_edits[SHOWN_EDITS:]),
        "most_counted": MOST_COUNTED,
    }


def _asks_how_long(results: ExperimentResults) -> bool:
    """Whether more visitors may come, and would still teach something."""
    experiment = results.experiment
    is_decided = results.headline.kind == VerdictKind.DECIDED
    return experiment.is_running and not experiment.is_planned and not is_decided


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


def _counted_split(results: ExperimentResults) -> list[Share]:
    return shares([(variant.name, variant.sums.visitors) for variant in results.variants])


def _days_summary(plot: BarPlot, results: ExperimentResults) -> str:
    parts = ", ".join(f"{variant.name} {variant.sums.visitors:,}" for variant in results.variants)
    if not plot.periods:
        return "No visitors yet."
    first, last = plot.periods[0].first, plot.periods[-1].last
    return f"From {first:%d %b %Y} to {last:%d %b %Y}: {parts}."
