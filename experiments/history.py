"""The history of an experiment: every step, who took it, when, and what it changed."""

from collections.abc import Mapping
from uuid import UUID

from django.db.models import QuerySet

from agents.audit import texts
from agents.audit.events import NO_SUCH_STEP, caller_name
from agents.models import User
from agents.roles import Caller
from experiments.models import Action, Event, Experiment
from glozr.errors import NotFound


def record(
    experiment: Experiment,
    action: Action,
    *,
    by: Caller | None,
    changes: Mapping[str, object] | None = None,
) -> Event:
    """Note a step; `by` is None for the system itself. Call it in the step's transaction."""
    return Event.objects.create(
        experiment=experiment,
        action=action,
        actor=by if isinstance(by, User) else None,
        actor_name=caller_name(by),
        changes=texts.keep(experiment.agent.workspace_id, changes or {}),
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
