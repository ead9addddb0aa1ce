"""How a planned experiment stands, in the words of its verdict."""

from datetime import datetime
from zoneinfo import ZoneInfo

from experiments.results.looks.standing import KeptLook, Standing
from experiments.results.verdicts import Looks
from experiments.statistics.planned import NoLook

MISSED = {
    NoLook.NO_VISITORS: "a variant had no visitors",
    NoLook.TOO_FEW_VISITORS: "there were too few visitors",
    NoLook.TOO_FEW_OUTCOMES: "too few visitors had left a lead, or too few had not",
    NoLook.NOTHING_NEW: "nobody new had been counted",
    NoLook.ALL_TAKEN: "all were taken",
}


def looks_in_words(standing: Standing, zone: ZoneInfo, now: datetime) -> Looks:
    latest = standing.latest
    return Looks(
        visitors=standing.closed,
        planned_visitors=standing.plan.visitors,
        seen=" ".join(_told(kept, standing, zone) for kept in standing.looks[-1:]),
        next=_next(standing, zone, now),
        is_settled=standing.is_settled,
        is_futile=bool(latest and latest.look.is_futile),
    )


def progress_in_words(standing: Standing, zone: ZoneInfo) -> str:
    """`1,240 of 3,950 visitors a variant; look 2 of 5 on Monday 3 December`."""
    told = f"{standing.closed:,} of {standing.plan.visitors:,} visitors a variant"
    coming = standing.next
    if coming is not None:
        which = f"look {coming.number} of {standing.plan.looks}"
        told += f"; {which} on {look_day(coming.due_at, zone)}"
    elif standing.looks:
        told += "; the looks are over"
    return told


def outcome_in_words(kept: KeptLook) -> str:
    """What came of a look, briefly."""
    if kept.look.missed:
        return f"left out: {why_missed(kept)}"
    if kept.is_decisive:
        return "decided"
    return "futile" if kept.look.is_futile else "nothing decided"


def why_missed(kept: KeptLook) -> str:
    return MISSED[NoLook(kept.look.missed)] if kept.look.missed else ""


def look_day(moment: datetime, zone: ZoneInfo) -> str:
    """`Monday 3 December`."""
    local = moment.astimezone(zone)
    return f"{local:%A} {local.day} {local:%B}"


def _told(kept: KeptLook, standing: Standing, zone: ZoneInfo) -> str:
    which = (
        f"Look {kept.look.number} of {standing.plan.looks} on {look_day(kept.look.due_at, zone)}"
    )
    if kept.look.missed:
        return f"{which} was left out: {why_missed(kept)}."
    if kept.look.is_futile:
        return f"{which} found it futile."
    return f"{which} decided nothing."


def _next(standing: Standing, zone: ZoneInfo, now: datetime) -> str:
    coming = standing.next
    if coming is None:
        return ""
    if coming.due_at <= now:
        return f"Look {coming.number} of {standing.plan.looks} is due, and is taken in a moment."
    if coming.is_last and coming.number < standing.plan.looks:
        return f"The last look comes on {look_day(coming.due_at, zone)}, when figures are final."
    return (
        f"Look {coming.number} of {standing.plan.looks} comes on {look_day(coming.due_at, zone)}."
    )
