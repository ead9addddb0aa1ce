"""Services that take an experiment through its life: start, stop, delete.

Every step happens alone on its agent (`editing.alone`), reads the database's clock, and is one
transaction with its history.
"""

from collections.abc import Mapping
from uuid import UUID

from django.db.models import F
from django.db.models.functions import Least, Now

from agents.roles import Caller
from experiments import history
from experiments.configuration import check_complete, setup_of
from experiments.lifecycle.editing import alone, copied_from, raise_version
from experiments.lifecycle.schedule import (
    NO_END,
    NO_START,
    End,
    demand_future_end,
    due_end,
    forget_counts,
)
from experiments.models import Action, Experiment, OnConflict, Status
from glozr.errors import Conflict, OutOfDate

TRANSITIONS: Mapping[Action, Mapping[Status, Status]] = {
    Action.STARTED: {Status.DRAFT: Status.RUNNING, Status.STOPPED: Status.RUNNING},
    Action.STOPPED: {Status.RUNNING: Status.STOPPED},
}


class AnotherRunning(Conflict):
    """Another experiment takes the agent's new visitors: the caller must choose."""

    code = "another_running"

    def __init__(self, running: Experiment) -> None:
        self.running = running
        super().__init__(
            f"{running.name} is running. Stop it first, or choose to keep it running for the "
            "visitors that it has."
        )


def can(action: Action, experiment: Experiment) -> bool:
    return experiment.status in TRANSITIONS[action] and experiment.concluded is None


def start(
    experiment: Experiment,
    *,
    by: Caller | None,
    on_conflict: OnConflict | None = None,
    asked_about: UUID | None = None,
    is_scheduled: bool = False,
    seen_version: int | None = None,
) -> Experiment:
    """Make the experiment its agent's active one; a stopped one keeps its assignments.

    `asked_about` is the running experiment that `on_conflict` was chosen for; left out, the
    choice is for whichever runs. One whose end has come is stopped as it should have been. A start
    that was scheduled (`is_scheduled`) or is made before that is no longer to come.

    Raises:
        Conflict: `already_running`; `concluded`.
        AnotherRunning: one runs and `on_conflict` does not say what to do with it.
        Invalid: the set-up breaks rules; all of them are named. Or its end has passed, or nothing
            tells how long a planned one would take.
        OutOfDate: it has changed since `seen_version`.
    """
    # What computes takes a third of a second to load, and most processes start nothing.
    from experiments.plans.baseline import baseline_of
    from experiments.plans.frozen import freeze, wants_plan

    # It reads much, so beside the lock that visitors wait for.
    baseline = baseline_of(experiment.agent) if wants_plan(experiment) else None
    with alone(experiment, seen_version=seen_version) as current:
        _demand_startable(current)
        active = _still_active(current)
        if active is not None:
            if on_conflict is None or asked_about not in (None, active.pk):
                raise AnotherRunning(active)
            if on_conflict == OnConflict.STOP_CURRENT:
                _stop(active, by=by, because={"started": _named(current)})
            else:
                raise_version(active)
        _move(current, Action.STARTED, started_at=Now(), stopped_at=None, **NO_START)
        changes: dict[str, object] = {"scheduled": True} if is_scheduled else {}
        if active is not None and on_conflict == OnConflict.KEEP_RUNNING:
            changes["kept_running"] = _named(active)
        if baseline is not None and wants_plan(current):
            freeze(current, baseline)
            changes["plan"] = current.plan
        history.record(current, Action.STARTED, by=by, changes=changes)
    return current


def _demand_startable(current: Experiment) -> None:
    if current.concluded is not None:
        raise Conflict(
            f"{current.name} is concluded. Duplicate it and start the copy.", code="concluded"
        )
    if not can(Action.STARTED, current):
        raise Conflict(f"{current.name} is running already.", code="already_running")
    check_complete(setup_of(current))
    demand_future_end(current)


def stop(
    experiment: Experiment,
    *,
    by: Caller | None,
    because: Mapping[str, object] | None = None,
    seen_version: int | None = None,
) -> Experiment:
    """Halt new assignments at once. Stopping what is stopped changes nothing; `because` is for the
    history.

    Raises:
        Conflict: `not_started`, for a draft.
        OutOfDate: it has changed since `seen_version`.
    """
    with alone(experiment, seen_version=seen_version) as current:
        if current.is_draft:
            raise Conflict(
                f"{current.name} is a draft and has not been started.", code="not_started"
            )
        if can(Action.STOPPED, current):
            _stop(current, by=by, because=because)
    return current


def end(experiment: Experiment, *, is_decided: bool = False) -> bool:
    """Stop the experiment if its end has come: the time, the number of visitors, or that it
    `is_decided` and to end then. Whether it was stopped by this call.

    Raises:
        NotFound: it has been deleted since.
    """
    with alone(experiment) as current:
        reason = due_end(current)
        if reason is None and is_decided and current.ends_when_decided:
            reason = End.DECIDED
        if not current.is_running or reason is None:
            return False
        _stop(current, by=None, because={"ended": reason.value})
    return True


def delete(experiment: Experiment, *, by: Caller | None, seen_version: int | None = None) -> None:
    """Take the experiment out of every list; a running one is stopped by it.

    Its assignments, and what conversations were stamped with, remain for the reports.

    Raises:
        OutOfDate: it has changed since `seen_version`.
    """
    with alone(experiment, seen_version=seen_version) as current:
        _delete(current, by=by)


def undo_copy(copy: Experiment, *, by: Caller | None) -> UUID:
    """Take an untouched copy away again; what it was made of.

    Raises:
        OutOfDate: something has been done with it since.
    """
    with alone(copy) as current:
        original = copied_from(current)
        if original is None:
            raise OutOfDate
        _delete(current, by=by)
    return original


def active_experiment(other_than: Experiment) -> Experiment | None:
    """The one that takes new visitors of the same agent, `other_than` apart."""
    return (
        Experiment.objects.of_agent(other_than.agent_id)
        .running()
        .exclude(pk=other_than.pk)
        .latest_started()
        .first()
    )


def _still_active(other_than: Experiment) -> Experiment | None:
    """The active experiment, once those are stopped whose end has come: nothing may have done it
    yet."""
    while (active := active_experiment(other_than)) is not None:
        reason = due_end(active)
        if reason is None:
            return active
        _stop(active, by=None, because={"ended": reason.value})
    return None


def _delete(experiment: Experiment, *, by: Caller | None) -> None:
    if can(Action.STOPPED, experiment):
        _stop(experiment, by=by, because={"deleted": True})
    Experiment.objects.filter(pk=experiment.pk).update(
        deleted_at=Now(), version=experiment.version + 1, **NO_START, **NO_END
    )
    history.record(experiment, Action.DELETED, by=by)


def _stop(
    experiment: Experiment, *, by: Caller | None, because: Mapping[str, object] | None = None
) -> None:
    """Its end is over with it. Since the time of it, if that has come, nobody was assigned."""
    _move(experiment, Action.STOPPED, stopped_at=Least(Now(), F("ends_at")), **NO_END)
    if (next_active := active_experiment(experiment)) and _started_before(next_active, experiment):
        raise_version(next_active)  # it takes the new visitors now, which its page shows
    forget_counts(experiment)
    history.record(experiment, Action.STOPPED, by=by, changes=because)


def _move(experiment: Experiment, action: Action, **columns: object) -> None:
    experiment.status = TRANSITIONS[action][Status(experiment.status)]
    experiment.version += 1
    Experiment.objects.filter(pk=experiment.pk).update(
        status=experiment.status, version=experiment.version, **columns
    )
    experiment.refresh_from_db(fields=list(columns))


def _started_before(one: Experiment, other: Experiment) -> bool:
    return (one.started_at, one.pk) < (other.started_at, other.pk)


def _named(experiment: Experiment) -> dict[str, str]:
    return {"id": str(experiment.pk), "name": experiment.name}
