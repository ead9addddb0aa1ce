"""When experiments ran, by their histories, and which of an agent ran at the same time."""

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


@dataclass(frozen=True, slots=True)
class Run:
    """From a start to the stop after it; `stopped_at` is None while it runs."""

    started_at: datetime
    stopped_at: datetime | None

    def overlaps(self, other: Run) -> bool:
        return self.started_at < (other.stopped_at or NOT_YET) and other.started_at < (
            self.stopped_at or NOT_YET
        )


@dataclass(slots=True)
class _Known:
    neighbour: Neighbour
    runs: list[Run] = field(default_factory=list)


def runs_and_neighbours(experiment: Experiment) -> tuple[tuple[Run, ...], tuple[Neighbour, ...]]:
    """Every run of the experiment, in order, and the other experiments of the agent that ran
    while this one did, the latest started first."""
    known = _runs_at(experiment.agent_id)
    own = known.pop(experiment.pk, None)
    if own is None:
        return (), ()
    others = [
        other.neighbour
        for other in reversed(known.values())
        if any(mine.overlaps(theirs) for mine in own.runs for theirs in other.runs)
    ]
    return tuple(own.runs), tuple(others)


def _runs_at(agent_id: UUID) -> dict[UUID, _Known]:
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
    found: dict[UUID, _Known] = {}
    for experiment_id, name, deleted_at, action, moment in reversed(steps):
        neighbour = Neighbour(experiment_id, name, deleted_at is not None)
        runs = found.setdefault(experiment_id, _Known(neighbour)).runs
        if action == Action.STARTED:
            runs.append(Run(moment, None))
        elif runs:
            runs[-1] = Run(runs[-1].started_at, moment)
    return found
