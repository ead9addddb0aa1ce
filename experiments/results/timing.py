"""When: which runs there were and what else ran meanwhile, whether figures can still change, who
comes, and how soon there will be enough of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from experiments import limits
from experiments.models import Action, Event, Experiment
from experiments.results.totals import Reading

MAX_STEPS = 2_000
MOST_EDITS = 50
NOT_YET = datetime.max.replace(tzinfo=UTC)
DAY = timedelta(days=1)
RECENT = 14 * DAY


@dataclass(frozen=True, slots=True)
class Timing:
    """How an experiment stands in time.

    Attributes:
        as_of: when the figures were read; of final ones, when they became so.
        takes_visitors: whether it runs and is the agent's active experiment.
        final_at: when nothing that happens can change a figure any more; None while more visitors
            may come.
        quiet_since: when the last visitor came, or the run began, if that is a day ago.
        recent: the visitors of each variant in the last two weeks of the present run.
        days: how long that is.
    """

    as_of: datetime
    takes_visitors: bool
    final_at: datetime | None
    is_final: bool
    quiet_since: datetime | None
    recent: Sequence[int]
    days: float


def timing_of(
    experiment: Experiment, reading: Reading, now: datetime, *, is_complete: bool
) -> Timing:
    """`is_complete` tells whether `reading` holds all that has happened up to `now`."""
    takes_visitors = experiment.is_running and experiment.is_active
    final_at = _final_at(experiment, reading.last_assigned_at)
    is_final = is_complete and final_at is not None and final_at <= now
    since = None
    if takes_visitors and experiment.started_at is not None:
        since = max(experiment.started_at, now - RECENT)
    return Timing(
        as_of=final_at if is_final and final_at is not None else now,
        takes_visitors=takes_visitors,
        final_at=final_at,
        is_final=is_final,
        quiet_since=_quiet_since(experiment, reading, now) if takes_visitors else None,
        recent=reading.since(since) if since else [],
        days=(now - since) / DAY if since else 0.0,
    )


def _final_at(experiment: Experiment, last_assigned_at: datetime | None) -> datetime | None:
    """The end of the last span and the day in which what was late may still come.

    Of a visitor whose span was cut by another experiment, the end of the whole one: rather late
    than wrong.
    """
    if not experiment.is_stopped:
        return None
    if last_assigned_at is None:
        return experiment.stopped_at
    return last_assigned_at + timedelta(days=experiment.window_days) + limits.LATENESS


def _quiet_since(experiment: Experiment, reading: Reading, now: datetime) -> datetime | None:
    moments = filter(None, [experiment.started_at, reading.last_assigned_at])
    last = max(moments, default=None)
    return last if last is not None and now - last >= DAY else None


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
