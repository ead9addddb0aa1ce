"""The history of an experiment: every step, who took it, when, and what it changed."""

from collections.abc import Mapping

from django.db.models import QuerySet

from agents.models import User
from agents.roles import Caller
from experiments.models import Action, Event, Experiment


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
        actor_name=_name_of(by),
        changes=dict(changes or {}),
    )


def steps_of(experiment: Experiment) -> QuerySet[Event]:
    """The newest step first."""
    return experiment.events.select_related("actor")


def _name_of(caller: Caller | None) -> str:
    if caller is None:
        return "Glozr"
    if isinstance(caller, User):
        return str(caller)
    return f"API token {caller.token.name}"
