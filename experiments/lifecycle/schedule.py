"""When an experiment starts and ends by itself: set, changed, removed, and whether it is due.

The clock is the database's throughout. Nothing here starts or stops: `steps` and
`experiments.schedules` do.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

from django.db.models import Count, F, Sum

from agents.audit.events import differing
from agents.roles import Caller
from experiments import history, limits
from experiments.lifecycle.editing import alone
from experiments.models import Action, AssignedCount, Assignment, Experiment, OnConflict
from experiments.models.schedule import END_AFTER_START
from glozr.errors import Conflict, FieldError, Invalid
from glozr.outputs.instants import written
from glozr.postgres.clock import database_time

NO_START: Final[Mapping[str, object]] = {"starts_at": None, "starts_on_conflict": ""}
NO_END: Final[Mapping[str, object]] = {
    "ends_at": None,
    "ends_at_visitors": None,
    "ends_when_decided": False,
    "decision_sought_at": None,
}
END_PASSED = "The end that is set has passed. Change the schedule or remove it first."


class End(StrEnum):
    """What ended an experiment by itself, as the history keeps it."""

    TIME = "time"
    VISITORS = "visitors"
    DECIDED = "decided"


@dataclass(frozen=True, slots=True)
class Schedule:
    """An experiment ends at what comes first: a time, so many visitors of a variant, a decision."""

    starts_at: datetime | None = None
    on_conflict: OnConflict | None = None
    ends_at: datetime | None = None
    ends_at_visitors: int | None = None
    ends_when_decided: bool = False


def schedule_of(experiment: Experiment) -> Schedule | None:
    """None where nothing is scheduled."""
    choice = experiment.starts_on_conflict
    found = Schedule(
        starts_at=experiment.starts_at,
        on_conflict=OnConflict(choice) if choice else None,
        ends_at=experiment.ends_at,
        ends_at_visitors=experiment.ends_at_visitors,
        ends_when_decided=experiment.ends_when_decided,
    )
    return None if found == Schedule() else found


def set_schedule(
    experiment: Experiment,
    schedule: Schedule,
    *,
    by: Caller | None,
    seen_version: int | None = None,
) -> Experiment:
    """Have `schedule` in place of what was scheduled; an empty one removes it.

    Raises:
        Invalid: it breaks rules; all of them are named.
        Conflict: `ended`, as the end has come and only the stop is not written yet; `concluded`.
        OutOfDate: the experiment has changed since `seen_version`.
    """
    with alone(experiment, seen_version=seen_version) as current:
        before = schedule_of(current) or Schedule()
        changes = changes_of(before, schedule)
        if not changes:
            return current
        if current.concluded is not None:
            raise Conflict(
                f"{current.name} is concluded. Duplicate it and schedule the copy.",
                code="concluded",
            )
        if current.is_running and due_end(current) is not None:
            raise Conflict(f"The end of {current.name} has come. Stop it first.", code="ended")
        counts = _assigned(current) if schedule.ends_at_visitors is not None else {}
        _check(current, before, schedule, most=max(counts.values(), default=0))
        _write(current, schedule)
        if "ends_at_visitors" in changes:
            _keep_counts(current, counts)
        history.record(current, Action.SCHEDULED, by=by, changes=changes)
    return current


def drop_start(experiment: Experiment, *, reason: str) -> None:
    """Note that the scheduled start failed, and schedule nothing any more. Call it `alone`."""
    before = schedule_of(experiment) or Schedule()
    forget_schedule(experiment)
    history.record(
        experiment,
        Action.START_FAILED,
        by=None,
        changes={"reason": reason, **changes_of(before, Schedule())},
    )


def forget_schedule(experiment: Experiment) -> None:
    """Schedule nothing any more. Call it `alone`."""
    _write(experiment, Schedule())
    forget_counts(experiment)


def due_end(experiment: Experiment) -> End | None:
    """Which end has come of a running experiment, as it was read; a decision is not looked for."""
    if experiment.ends_at is not None and experiment.ends_at <= database_time():
        return End.TIME
    if experiment.ends_at_visitors is not None:
        counted = AssignedCount.objects.filter(agent=experiment.agent_id, experiment=experiment)
        by_variant = counted.values("variant_id").annotate(total=Sum("visitors"))
        if by_variant.filter(total__gte=experiment.ends_at_visitors).exists():
            return End.VISITORS
    return None


def demand_future_end(experiment: Experiment) -> None:
    """
    Raises:
        Invalid: the end is set to a time that has passed.
    """
    if experiment.ends_at is not None and experiment.ends_at <= database_time():
        raise Invalid([FieldError("ends.at", "in_the_past", END_PASSED)])


def forget_counts(experiment: Experiment) -> None:
    AssignedCount.objects.filter(agent=experiment.agent_id, experiment=experiment).delete()


def changes_of(before: Schedule, after: Schedule) -> dict[str, list[object]]:
    """For each part that differs, what it was and what it is."""
    return differing(_readable(before), _readable(after))


def _readable(schedule: Schedule) -> dict[str, object]:
    return {
        field: written(value) if isinstance(value, datetime) else value
        for field, value in asdict(schedule).items()
    }


def _check(experiment: Experiment, before: Schedule, after: Schedule, *, most: int) -> None:
    """What stays as it was is not asked to be ahead again."""
    found: list[FieldError] = []
    now = database_time()

    def ahead(field: str, was: datetime | None, moment: datetime | None) -> None:
        if moment is None or moment == was:
            return
        if moment < now + limits.SCHEDULED_AHEAD:
            found.append(FieldError(field, "too_soon", "Give a time at least 10 minutes ahead."))
        elif moment > now + limits.MOST_SCHEDULED_AHEAD:
            found.append(FieldError(field, "too_late", "Give a time at most two years ahead."))

    ahead("starts_at", before.starts_at, after.starts_at)
    ahead("ends.at", before.ends_at, after.ends_at)
    if after.starts_at is not None and experiment.is_running:
        detail = "It runs already. Leave the start out."
        found.append(FieldError("starts_at", "already_running", detail))
    if after.on_conflict is not None and after.starts_at is None:
        found.append(
            FieldError("on_conflict", "no_start", "Say when it starts, or leave this out.")
        )
    found += _end_errors(after, most)
    if found:
        raise Invalid(found)


def _end_errors(schedule: Schedule, most: int) -> list[FieldError]:
    found = []
    starts_at, ends_at = schedule.starts_at, schedule.ends_at
    if starts_at is not None and ends_at is not None:
        if ends_at <= starts_at:
            found.append(FieldError("ends.at", "end_before_start", END_AFTER_START))
        elif ends_at < starts_at + limits.SCHEDULED_AHEAD:
            detail = "Give an end at least 10 minutes after the start."
            found.append(FieldError("ends.at", "too_soon", detail))
    visitors = schedule.ends_at_visitors
    if visitors is not None and not 1 <= visitors <= limits.MAX_ENDS_AT_VISITORS:
        detail = f"Give a number from 1 to {limits.MAX_ENDS_AT_VISITORS:,}."
        found.append(FieldError("ends.visitors", "out_of_range", detail))
    elif visitors is not None and visitors <= most:
        detail = f"A variant has {most:,} visitors already. Give a larger number."
        found.append(FieldError("ends.visitors", "reached", detail))
    return found


def _write(experiment: Experiment, schedule: Schedule) -> None:
    columns = {
        "starts_at": schedule.starts_at,
        "starts_on_conflict": schedule.on_conflict or "",
        "ends_at": schedule.ends_at,
        "ends_at_visitors": schedule.ends_at_visitors,
        "ends_when_decided": schedule.ends_when_decided,
        "decision_sought_at": None,
    }
    Experiment.objects.filter(pk=experiment.pk).update(version=F("version") + 1, **columns)
    experiment.refresh_from_db(fields=["version", *columns])


def _assigned(experiment: Experiment) -> dict[UUID, int]:
    """How many visitors have been assigned to each variant; while this is `alone`, for good."""
    every = Assignment.objects.filter(agent=experiment.agent_id, experiment=experiment)
    return dict(every.values_list("variant_id").annotate(number=Count("id")))


def _keep_counts(experiment: Experiment, counts: Mapping[UUID, int]) -> None:
    forget_counts(experiment)
    AssignedCount.objects.bulk_create(
        AssignedCount(
            agent_id=experiment.agent_id,
            experiment=experiment,
            variant_id=variant,
            slot=0,
            visitors=visitors,
        )
        for variant, visitors in counts.items()
    )
