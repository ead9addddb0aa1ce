"""When: whether figures can still change, who comes, and how soon there will be enough of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from experiments import limits
from experiments.models import Experiment
from experiments.results.totals import Reading

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
