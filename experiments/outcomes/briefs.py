"""How experiments stand, each in a line: for lists, which can't work out the figures of many.

They are kept where they are worked out anyway, by the background process that looks for news
(`notices.watching`), and here for those that nobody watches any more. What is concluded has its own
figures.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models.functions import Now

from experiments.models import Action, Conclusion, Event, Experiment, KeptBrief, Status
from experiments.outcomes.support import furthest_ahead, primary_of
from experiments.results.report import ExperimentResults, results_in_brief
from experiments.results.verdicts import VerdictKind
from glozr.background import IsStopping, never

BRIEFS_AT_ONCE = 20
WORDS_OF_KIND: Mapping[str, str] = {
    VerdictKind.ALARM: "Not split as it should be",
    VerdictKind.COUNTS: "Too early to compare",
    VerdictKind.OPEN: "No difference shown yet",
    VerdictKind.BETWEEN: "No verdict between looks",
}
WITHOUT_LIFT = (VerdictKind.ALARM, VerdictKind.COUNTS, VerdictKind.BETWEEN)


@dataclass(frozen=True, slots=True)
class Brief:
    """`lift` is relative, of `subject`, the treatment furthest ahead, with its interval.

    Attributes:
        direction: 1 where the lift is above 0, -1 where below, 0 where that isn't shown.
    """

    words: str
    subject: str = ""
    direction: int = 0
    lift: float | None = None
    lower: float | None = None
    upper: float | None = None


def brief_of(results: ExperimentResults) -> Brief:
    kind = results.headline.kind
    control, *treatments = primary_of(results).rows
    leader = furthest_ahead(treatments)[0]
    found = leader.comparison
    if kind in WITHOUT_LIFT or found is None:
        return Brief(WORDS_OF_KIND.get(kind, WORDS_OF_KIND[VerdictKind.OPEN]))
    interval = found.relative.interval
    words = WORDS_OF_KIND[VerdictKind.OPEN]
    if kind == VerdictKind.DECIDED:
        ahead = leader.variant.name if found.direction > 0 else control.variant.name
        words = f"{ahead} is better"
    return Brief(
        words=words,
        subject=leader.variant.name,
        direction=found.direction,
        lift=found.relative.value,
        lower=interval.lower if interval else None,
        upper=interval.upper if interval else None,
    )


def brief_of_conclusion(conclusion: Conclusion) -> Brief:
    shown = conclusion.shown or {}
    lower, upper = shown.get("interval") or (None, None)
    return Brief(
        words=conclusion.in_words,
        subject=shown.get("name", ""),
        direction=_direction(lower, upper),
        lift=shown.get("lift"),
        lower=lower,
        upper=upper,
    )


def _direction(lower: float | None, upper: float | None) -> int:
    if lower is not None and lower > 0:
        return 1
    return -1 if upper is not None and upper < 0 else 0


def brief_for_list(experiment: Experiment) -> Brief | None:
    """Of an experiment that was read with its conclusion and its kept brief; of the active one it
    is worked out now. None of a draft, and where nobody has worked it out yet."""
    if experiment.concluded is not None:
        return brief_of_conclusion(experiment.concluded)
    if experiment.is_draft:
        return None
    if experiment.is_active:
        return brief_of(results_in_brief(experiment, is_complete=True))
    kept: KeptBrief | None = getattr(experiment, "brief", None)
    return None if kept is None else Brief(**kept.said)


def keep_brief(results: ExperimentResults) -> None:
    KeptBrief.objects.bulk_create(
        [KeptBrief(experiment=results.experiment, said=asdict(brief_of(results)), as_of=Now())],
        update_conflicts=True,
        unique_fields=["experiment"],
        update_fields=["said", "as_of"],
    )


def keep_missing(is_stopping: IsStopping = never) -> bool:
    """Work out some that are kept nowhere; whether there were any."""
    missing = Experiment.objects.filter(
        brief=None, conclusion=None, status__in=[Status.RUNNING, Status.STOPPED]
    )
    found = list(
        missing.select_related("agent__workspace").with_is_active().order_by("id")[:BRIEFS_AT_ONCE]
    )
    for experiment in found:
        if is_stopping():
            break
        keep_brief(results_in_brief(experiment, is_complete=True))
    return bool(found)


def time_run(experiment_ids: Collection[UUID], now: datetime) -> dict[UUID, timedelta]:
    """How long each has run, its runs added up; those that never did are absent."""
    steps = (
        Event.objects.filter(
            experiment__in=experiment_ids, action__in=[Action.STARTED, Action.STOPPED]
        )
        .order_by("created_at", "id")
        .values_list("experiment", "action", "created_at")
    )
    total: dict[UUID, timedelta] = {}
    since: dict[UUID, datetime] = {}
    for experiment_id, action, moment in steps:
        if action == Action.STARTED:
            since[experiment_id] = moment
        elif experiment_id in since:
            began = since.pop(experiment_id)
            total[experiment_id] = total.get(experiment_id, timedelta()) + (moment - began)
    for experiment_id, began in since.items():
        total[experiment_id] = total.get(experiment_id, timedelta()) + (now - began)
    return total
