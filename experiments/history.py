"""The history of an experiment: every step, who took it, when, and what it changed."""

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import timedelta
from typing import TypeAlias
from uuid import UUID

from django.db.models import QuerySet
from django.db.models.functions import Now

from agents import quotas
from agents.audit import texts
from agents.audit.events import NO_SUCH_STEP, done_by
from agents.roles import Caller
from experiments import limits
from experiments.models import Action, Event, Experiment
from glozr.errors import NotFound

A_STEP_COLLECTS = timedelta(days=1)
"""So long visitors who are merged or erased by the same caller are counted in one step."""
ENDINGS = frozenset(
    {
        Action.STOPPED,
        Action.DELETED,
        Action.START_FAILED,
        Action.CONCLUDED,
        Action.TAKEN_BACK,
        Action.UNSHARED,
    }
)
Listener: TypeAlias = Callable[[Sequence[Event]], None]
_listeners: dict[str, Listener] = {}


def listen_to_steps(name: str, listener: Listener) -> None:
    """Have `listener` called with every step that is written, in the step's transaction."""
    _listeners[name] = listener


def record(
    experiment: Experiment,
    action: Action,
    *,
    by: Caller | None,
    changes: Mapping[str, object] | None = None,
) -> Event:
    """Note a step; `by` is None for the system itself. Call it in the step's transaction.

    Raises:
        Conflict: `too_many`, when the workspace's histories hold `limits.HISTORY` steps. What ends
            something is always possible.
    """
    if action not in ENDINGS:
        workspace_id = experiment.agent.workspace_id
        quotas.demand_room(
            workspace_id,
            Event.objects.filter(
                experiment__agent__workspace=workspace_id, experiment__deleted_at=None
            ),
            limits.HISTORY,
            what_to_do=(
                f"The histories of this workspace hold {limits.HISTORY:,} steps, which is as many "
                "as they may. Delete experiments that you no longer need; stopping and deleting "
                "still work."
            ),
        )
    event = Event.objects.create(
        experiment=experiment,
        action=action,
        **done_by(by),
        changes=texts.keep_texts(experiment.agent.workspace_id, changes or {}),
    )
    _pass_on([event])
    return event


def record_of_agent(
    experiments: Sequence[Experiment],
    *,
    workspace_id: UUID,
    by: Caller | None,
    changes: Mapping[str, object],
) -> None:
    """Note an edit of the agent in the histories of the experiments that it disturbed. Call it in
    the edit's transaction. It is noted however many steps there are: that a mistake is mended must
    not wait for somebody to clear up."""
    kept = texts.keep_texts(workspace_id, changes)
    events = Event.objects.bulk_create(
        Event(
            experiment=experiment,
            action=Action.AGENT_EDITED,
            **done_by(by),
            changes=kept,
        )
        for experiment in experiments
    )
    _pass_on(events)


def _pass_on(events: Sequence[Event]) -> None:
    for listener in _listeners.values():
        listener(events)


def record_visitors(
    visitors: Mapping[UUID, int], action: Action, *, by: Caller | None, rule: str
) -> None:
    """Note in the history of each experiment how many of its visitors a rule has left out, or
    counts in again. Call it in the rule's transaction; like an edit of the agent it is noted
    however many steps there are."""
    Event.objects.bulk_create(
        Event(
            experiment_id=experiment_id,
            action=action,
            **done_by(by),
            changes={"visitors": number, "rule": rule},
        )
        for experiment_id, number in visitors.items()
    )


def add_visitor(experiments: Collection[UUID], action: Action, *, by: Caller | None) -> None:
    """Note that one more visitor of the experiments was merged or erased: in the step of a day,
    as there may be very many. Call it in the transaction of what it is about, alone for the agent
    (or a day may have two steps)."""
    steps = Event.objects.filter(
        experiment_id__in=experiments,
        action=action,
        **done_by(by),
        created_at__gt=Now() - A_STEP_COLLECTS,
    )
    latest = {step.experiment_id: step for step in steps.order_by("created_at", "id")}
    for step in latest.values():
        step.changes = {"visitors": step.changes["visitors"] + 1}
    Event.objects.bulk_update(latest.values(), ["changes"])
    Event.objects.bulk_create(
        Event(
            experiment_id=experiment_id,
            action=action,
            **done_by(by),
            changes={"visitors": 1},
        )
        for experiment_id in experiments
        if experiment_id not in latest
    )


def event_of(experiment: Experiment, event_id: UUID) -> Event:
    """
    Raises:
        NotFound: the experiment's history has no such step.
    """
    found = experiment.events.filter(pk=event_id).first()
    if found is None:
        raise NotFound(NO_SUCH_STEP)
    return found


def steps_of(experiment: Experiment) -> QuerySet[Event]:
    """The newest step first."""
    return experiment.events.select_related("actor")
