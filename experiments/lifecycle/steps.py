"""Services that take an experiment through its life: start, stop, delete.

Every step happens alone on its agent (`editing.alone`), reads the database's clock, and is one
transaction with its history.
"""

from collections.abc import Mapping
from enum import StrEnum
from uuid import UUID

from django.db.models.functions import Now

from agents.roles import Caller
from experiments import history
from experiments.configuration import check_complete, setup_of
from experiments.lifecycle.editing import alone
from experiments.models import Action, Experiment, Status
from glozr.errors import Conflict

TRANSITIONS: Mapping[Action, Mapping[Status, Status]] = {
    Action.STARTED: {Status.DRAFT: Status.RUNNING, Status.STOPPED: Status.RUNNING},
    Action.STOPPED: {Status.RUNNING: Status.STOPPED},
}


class OnConflict(StrEnum):
    """What becomes of the experiment that runs while another is started."""

    STOP_CURRENT = "stop_current"
    KEEP_RUNNING = "keep_running"


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
) -> Experiment:
    """Make the experiment its agent's active one; a stopped one keeps its assignments.

    `asked_about` is the running experiment that `on_conflict` was chosen for; left out, the
    choice is for whichever runs.

    Raises:
        Conflict: `already_running`; `concluded`.
        AnotherRunning: one runs and `on_conflict` does not say what to do with it.
        Invalid: the set-up breaks rules; all of them are named.
    """
    with alone(experiment) as current:
        if current.concluded is not None:
            raise Conflict(
                f"{current.name} is concluded. Duplicate it and start the copy.", code="concluded"
            )
        if not can(Action.STARTED, current):
            raise Conflict(f"{current.name} is running already.", code="already_running")
        check_complete(setup_of(current))
        active = active_experiment(current)
        if active is not None:
            if on_conflict is None or asked_about not in (None, active.pk):
                raise AnotherRunning(active)
            if on_conflict == OnConflict.STOP_CURRENT:
                _stop(active, by=by, because={"started": _named(current)})
        _move(current, Action.STARTED, started_at=Now(), stopped_at=None)
        kept = active if on_conflict == OnConflict.KEEP_RUNNING else None
        history.record(
            current,
            Action.STARTED,
            by=by,
            changes={"kept_running": _named(kept)} if kept else None,
        )
    return current


def stop(
    experiment: Experiment, *, by: Caller | None, because: Mapping[str, object] | None = None
) -> Experiment:
    """Halt new assignments at once. Stopping what is stopped changes nothing; `because` is for the
    history.

    Raises:
        Conflict: `not_started`, for a draft.
    """
    with alone(experiment) as current:
        if current.is_draft:
            raise Conflict(
                f"{current.name} is a draft and has not been started.", code="not_started"
            )
        if can(Action.STOPPED, current):
            _stop(current, by=by, because=because)
    return current


def delete(experiment: Experiment, *, by: Caller | None) -> None:
    """Take the experiment out of every list; a running one is stopped by it.

    Its assignments, and what conversations were stamped with, remain for the reports.
    """
    with alone(experiment) as current:
        if can(Action.STOPPED, current):
            _stop(current, by=by, because={"deleted": True})
        Experiment.objects.filter(pk=current.pk).update(
            deleted_at=Now(), version=current.version + 1
        )
        history.record(current, Action.DELETED, by=by)


def active_experiment(other_than: Experiment) -> Experiment | None:
    """The one that takes new visitors of the same agent, `other_than` apart."""
    return (
        Experiment.objects.of_agent(other_than.agent_id)
        .running()
        .exclude(pk=other_than.pk)
        .latest_started()
        .first()
    )


def _stop(
    experiment: Experiment, *, by: Caller | None, because: Mapping[str, object] | None = None
) -> None:
    _move(experiment, Action.STOPPED, stopped_at=Now())
    history.record(experiment, Action.STOPPED, by=by, changes=because)


def _move(experiment: Experiment, action: Action, **times: Now | None) -> None:
    experiment.status = TRANSITIONS[action][Status(experiment.status)]
    experiment.version += 1
    Experiment.objects.filter(pk=experiment.pk).update(
        status=experiment.status, version=experiment.version, **times
    )
    experiment.refresh_from_db(fields=["started_at", "stopped_at"])


def _named(experiment: Experiment) -> dict[str, str]:
    return {"id": str(experiment.pk), "name": experiment.name}
