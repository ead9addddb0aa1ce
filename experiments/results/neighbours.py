"""Experiments of the same agent that ran at the same time: their visitors are mixed."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from uuid import UUID

from experiments.models import Action, Event, Experiment

MAX_STEPS = 2_000
NOT_YET = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Neighbour:
    """Another experiment of the agent that ran at the same time: a mixed population."""

    id: UUID
    name: str
    is_deleted: bool


@dataclass(slots=True)
class _Run:
    began: datetime
    ended: datetime = NOT_YET


@dataclass(slots=True)
class _Runs:
    """When an experiment ran: from each start to the next stop."""

    neighbour: Neighbour
    runs: list[_Run] = field(default_factory=list)

    def overlap(self, other: _Runs) -> bool:
        return any(
            mine.began < theirs.ended and theirs.began < mine.ended
            for mine in self.runs
            for theirs in other.runs
        )


def neighbours(experiment: Experiment) -> list[Neighbour]:
    """Other experiments of the agent that ran while this one did, the latest started first."""
    runs = _runs_at(experiment.agent_id)
    own = runs.pop(experiment.pk, None)
    if own is None:
        return []
    return [other.neighbour for other in reversed(runs.values()) if other.overlap(own)]


def _runs_at(agent_id: UUID) -> dict[UUID, _Runs]:
    """By experiment, from the newest steps of the agent's histories."""
    steps = (
        Event.objects.filter(
            experiment__agent=agent_id, action__in=[Action.STARTED, Action.STOPPED]
        )
        .order_by("-created_at", "-id")
        .values_list(
            "experiment_id", "experiment__name", "experiment__deleted_at", "action", "created_at"
        )[:MAX_STEPS]
    )
    found: dict[UUID, _Runs] = {}
    for experiment_id, name, deleted_at, action, moment in reversed(steps):
        neighbour = Neighbour(experiment_id, name, deleted_at is not None)
        runs = found.setdefault(experiment_id, _Runs(neighbour)).runs
        if action == Action.STARTED:
            runs.append(_Run(moment))
        elif runs:
            runs[-1].ended = moment
    return found
