"""The plan of an experiment as it stood at the first start: it never follows what came of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

from experiments import limits
from experiments.models import Experiment, PrimaryMetric
from experiments.plans.baseline import Baseline, baseline_of, control_of
from experiments.statistics import Arm
from experiments.statistics.plan import Course, planned_course, weeks_until
from experiments.statistics.sample_size import visitors_while_watched
from glozr.errors import FieldError, Invalid
from glozr.outputs.instants import written

TEN_YEARS = 520
"""In weeks. Nobody plans for longer."""


@dataclass(frozen=True, slots=True)
class FrozenPlan:
    """
    Attributes:
        metric: the key of the primary metric.
        lift: to be detected, relative.
        value: of the metric, as measured or expected.
        weekly: visitors a week who take part, in all variants.
        visitors: planned of the variant with the least weight.
        weeks: whole ones until they are there and their spans closed; None in over ten years.
        look_weeks: those at whose ends is a look; empty for the watched design.
        window_days: how long a span is open.
        started_at: when the weeks began.
    """

    metric: str
    lift: float
    value: float
    weekly: float
    visitors: int
    weeks: int | None
    look_weeks: tuple[int, ...]
    window_days: int
    started_at: datetime

    def due_at(self, number: int) -> datetime:
        """When a look is due, of which the first is number 1."""
        return self.started_at + timedelta(weeks=self.look_weeks[number - 1])

    @property
    def looks(self) -> int:
        return len(self.look_weeks)


def wants_plan(experiment: Experiment) -> bool:
    """Whether a start of it makes a plan: nobody has come under one yet."""
    return experiment.plan is None or not experiment.assignments.exists()


def freeze(experiment: Experiment, baseline: Baseline) -> None:
    """Give the experiment, which has just been started, its plan. Call it in the start's
    transaction.

    Raises:
        Invalid: it can't be planned, though its design is.
    """
    assert experiment.started_at is not None
    plan = plan_for(experiment, baseline, experiment.started_at)
    experiment.plan = None if plan is None else as_json(plan)
    experiment.next_look_at = plan.due_at(1) if plan is not None and plan.look_weeks else None
    experiment.save(update_fields=["plan", "next_look_at"])
    experiment.looks.all().delete()  # of a start to which nobody came


def plan_if_started(experiment: Experiment) -> FrozenPlan | None:
    """What `freeze` would make of it now; None where the plan that it has would stay.

    Raises:
        Invalid: it can't be planned, though its design is.
    """
    if not wants_plan(experiment):
        return None
    return plan_for(experiment, baseline_of(experiment.agent), timezone.now())


def plan_for(
    experiment: Experiment,
    baseline: Baseline,
    started_at: datetime,
    weights: Sequence[int] | None = None,
) -> FrozenPlan | None:
    """The plan of an experiment that starts now; None of a watched one that nothing tells of.

    `weights` are those of its variants unless given, as of one that is not stored yet.

    Raises:
        Invalid: a planned one that can't be planned: what is missing, or impossible.
    """
    weekly = experiment.expected_weekly
    if weekly is None:
        weekly = baseline.weekly
    weekly *= experiment.traffic_share / limits.TRAFFIC_SHARE
    control = control_of(experiment.primary_metric, baseline, experiment.expected_value)
    if experiment.is_planned:
        _demand_figures(experiment, control, weekly)
    if not control.value or weekly <= 0:
        return None
    lift = experiment.planned_lift or limits.USUAL_LIFT
    if weights is None:
        weights = [variant.weight for variant in experiment.variants.all()]
    course = _course(experiment, control, lift, weekly, weights)
    if course is None:
        if experiment.is_planned:
            raise Invalid([FieldError("planned_lift", "impossible", _impossible(control, lift))])
        return None
    visitors, weeks, look_weeks = course
    return FrozenPlan(
        metric=experiment.primary_metric,
        lift=lift,
        value=control.value,
        weekly=weekly,
        visitors=visitors,
        weeks=weeks if weeks is not None and weeks <= TEN_YEARS else None,
        look_weeks=look_weeks,
        window_days=experiment.window_days,
        started_at=started_at,
    )


def _course(
    experiment: Experiment, control: Arm, lift: float, weekly: float, weights: Sequence[int]
) -> tuple[int, int | None, tuple[int, ...]] | None:
    """Visitors of the least variant, weeks, and those with a look."""
    if experiment.is_planned:
        planned: Course | None = planned_course(
            control,
            lift,
            weekly,
            weights=weights,
            most_looks=experiment.most_looks or 1,
            window_days=experiment.window_days,
        )
        if planned is None or planned.look_weeks[-1] > TEN_YEARS:
            return None
        return planned.visitors, planned.look_weeks[-1], planned.look_weeks
    visitors = visitors_while_watched(control, lift, treatments=len(weights) - 1)
    if visitors is None:
        return None
    of_least = weekly * min(weights) / sum(weights)
    return visitors, weeks_until(visitors, of_least, 1, window_days=experiment.window_days), ()


def _demand_figures(experiment: Experiment, control: Arm, weekly: float) -> None:
    name = PrimaryMetric(experiment.primary_metric).label.lower()
    errors = []
    if weekly <= 0:
        errors.append(
            FieldError(
                "expected_weekly",
                "unknown",
                "Nobody has come in the last eight weeks, so it can't be planned yet. Say how "
                "many visitors a week you expect.",
            )
        )
    if not control.value or not control.variance:
        errors.append(
            FieldError(
                "expected_value",
                "unknown",
                f"There is no {name} to go by yet, so it can't be planned yet. Say what you "
                "expect.",
            )
        )
    if errors:
        raise Invalid(errors)


def _impossible(control: Arm, lift: float) -> str:
    return (
        f"A lift of {lift:+.0%} on {control.value:.3g} can't be shown: it would pass 100%, or take "
        "more than ten years at this pace. Choose another lift, or watch the experiment instead."
    )


def as_json(plan: FrozenPlan) -> dict[str, Any]:
    return {
        **asdict(plan),
        "look_weeks": list(plan.look_weeks),
        "started_at": written(plan.started_at),
    }


def plan_of_start(experiment: Experiment) -> FrozenPlan | None:
    """The plan that was frozen; None of a draft, and where there was none."""
    kept: Mapping[str, Any] | None = experiment.plan
    if not kept:
        return None
    return FrozenPlan(
        **{
            **kept,
            "look_weeks": tuple(kept["look_weeks"]),
            "started_at": datetime.fromisoformat(kept["started_at"]),
        }
    )
