"""The history of an experiment: every step, who took it, when, and what it changed."""

from collections.abc import Callable, Mapping, Sequence
from typing import TypeAlias
from uuid import UUID

from django.db.models import QuerySet

from agents import quotas
from agents.audit import texts
from agents.audit.events import NO_SUCH_STEP, caller_name
from agents.models import User
from agents.roles import Caller
from experiments import limits
from experiments.models import Action, Event, Experiment
from glozr.errors import NotFound

ENDINGS = frozenset({Action.STOPPED, Action.DELETED, Action.START_FAILED})
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
        actor=by if isinstance(by, User) else None,
        actor_name=caller_name(by),
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
            actor=by if isinstance(by, User) else None,
            actor_name=caller_name(by),
            changes=kept,
        )
        for experiment in experiments
    )
    _pass_on(events)


def _pass_on(events: Sequence[Event]) -> None:
    for listener in _listeners.values():
        listener(events)


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
