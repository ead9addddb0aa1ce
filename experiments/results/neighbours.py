"""When experiments ran, by their histories, and what happened to their agent meanwhile: others that
ran at the same time, and edits."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from experiments.models import Action, Event, Experiment

MAX_STEPS = 2_000
MOST_EDITS = 50
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


@dataclass(frozen=True, slots=True)
class EditMeanwhile:
    """An edit of the agent while the experiment ran; an urgent one reached conversations under
    way."""

    edited_at: datetime
    who: str
    revision: int
    is_urgent: bool


@dataclass(frozen=True, slots=True)
class Meanwhile:
    """Every run of an experiment, the other experiments of the agent that ran while it did, the
    latest started first, and the agent's edits, of many the newest. Runs and edits are in order."""

    runs: tuple[Run, ...] = ()
    neighbours: tuple[Neighbour, ...] = ()
    agent_edits: tuple[EditMeanwhile, ...] = ()


@dataclass(slots=True)
class _Known:
    neighbour: Neighbour
    runs: list[Run] = field(default_factory=list)


def meanwhile(experiment: Experiment) -> Meanwhile:
    known, edits = _read(experiment)
    own = known.pop(experiment.pk, None)
    if own is None:
        return Meanwhile()
    others = [
        other.neighbour
        for other in reversed(known.values())
        if any(mine.overlaps(theirs) for mine in own.runs for theirs in other.runs)
    ]
    return Meanwhile(tuple(own.runs), tuple(others), tuple(edits))


def _read(experiment: Experiment) -> tuple[dict[UUID, _Known], list[EditMeanwhile]]:
    """From the newest steps of the agent's histories: what ran, by experiment, and edits."""
    found: dict[UUID, _Known] = {}
    edits: list[EditMeanwhile] = []
    for experiment_id, name, deleted_at, action, moment, who, changes, _ in _steps(experiment):
        if action == Action.AGENT_EDITED:
            is_urgent = "under_way" in changes
            edits.append(EditMeanwhile(moment, who, int(changes["revision"][1]), is_urgent))
            continue
        neighbour = Neighbour(experiment_id, name, deleted_at is not None)
        runs = found.setdefault(experiment_id, _Known(neighbour)).runs
        if action == Action.STARTED:
            runs.append(Run(moment, None))
        elif runs:
            runs[-1] = Run(runs[-1].started_at, moment)
    return found, edits


def _steps(experiment: Experiment) -> list[Any]:
    """In order. One query; neither kind of step takes the other's place among the newest."""
    columns = (
        "experiment_id",
        "experiment__name",
        "experiment__deleted_at",
        "action",
        "created_at",
        "actor_name",
        "changes",
        "id",
    )
    newest = Event.objects.order_by("-created_at", "-id").values_list(*columns)
    runs = newest.filter(
        experiment__agent=experiment.agent_id, action__in=[Action.STARTED, Action.STOPPED]
    )
    edits = newest.filter(experiment=experiment, action=Action.AGENT_EDITED)
    together = runs[:MAX_STEPS].union(edits[:MOST_EDITS], all=True)
    return list(together.order_by("created_at", "id"))
