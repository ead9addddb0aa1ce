"""Schedules in words, on the clock of the workspace."""

from collections.abc import Sequence
from datetime import datetime

from django import template
from django.utils import timezone

from experiments.lifecycle import OnConflict, Schedule, schedule_of
from experiments.models import Experiment
from glozr.zones import zone

register = template.Library()


@register.simple_tag
def schedule_lines(experiment: Experiment, time_zone: str, *, in_brief: bool = False) -> list[str]:
    """A sentence for the start and one for the end, of those that are to come; `in_brief`, the
    moments alone where there are any."""
    schedule = schedule_of(experiment)
    if schedule is None:
        return []
    if experiment.is_running and schedule.ends_at and schedule.ends_at <= timezone.now():
        return [f"Ended {_moment(schedule.ends_at, time_zone)}, and is being stopped."]
    if in_brief:
        lines = [_start_in_brief(schedule, time_zone), _end_in_brief(schedule, time_zone)]
    else:
        lines = [_start(schedule, time_zone), _end(schedule, time_zone)]
    return [line for line in lines if line]


def _start_in_brief(schedule: Schedule, time_zone: str) -> str:
    return f"Starts {_moment(schedule.starts_at, time_zone)}" if schedule.starts_at else ""


def _end_in_brief(schedule: Schedule, time_zone: str) -> str:
    if schedule.ends_at is None:
        return _end(schedule, time_zone).removesuffix(".")
    is_perhaps_earlier = schedule.ends_at_visitors is not None or schedule.ends_when_decided
    moment = _moment(schedule.ends_at, time_zone)
    return f"Ends {moment}{' or earlier' if is_perhaps_earlier else ''}"


def _start(schedule: Schedule, time_zone: str) -> str:
    if schedule.starts_at is None:
        return ""
    then = {
        OnConflict.STOP_CURRENT: ", and stops the one that runs then",
        OnConflict.KEEP_RUNNING: ", beside the one that runs then",
        None: ", unless another one runs then",
    }
    return f"Starts {_moment(schedule.starts_at, time_zone)}{then[schedule.on_conflict]}."


def _end(schedule: Schedule, time_zone: str) -> str:
    ends = []
    if schedule.ends_at is not None:
        ends.append(_moment(schedule.ends_at, time_zone))
    if schedule.ends_at_visitors is not None:
        ends.append(f"when a variant has {schedule.ends_at_visitors:,} visitors")
    if schedule.ends_when_decided:
        ends.append("when it is decided")
    if not ends:
        return ""
    which = ", whichever comes first" if len(ends) > 1 else ""
    return f"Ends {_either(ends)}{which}."


def _either(parts: Sequence[str]) -> str:
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} or {parts[-1]}"


def _moment(moment: datetime, time_zone: str) -> str:
    """`Monday 30 Nov 2026, 09:00 CET`"""
    there = moment.astimezone(zone(time_zone))
    return f"{there:%A} {there.day} {there:%b %Y, %H:%M %Z}"
