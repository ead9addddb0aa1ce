"""An experiment's life: its set-up written (`editing`), and its steps taken (`steps`).

Ask for a step as `lifecycle.start(…)`, for a schedule as `lifecycle.set_schedule(…)`, for a change
of the set-up as `editing.edit(…)`. Every change happens alone on its agent (`editing.alone`) and
stands in the history in the same transaction; `narrative` puts the history into words, `previews`
shows what a set-up would give.
"""

from experiments.lifecycle.schedule import (
    Schedule,
    forget_schedule,
    schedule_of,
    set_schedule,
)
from experiments.lifecycle.steps import (
    TRANSITIONS,
    AnotherRunning,
    active_experiment,
    can,
    delete,
    end,
    start,
    stop,
    undo_copy,
)
from experiments.models import OnConflict

__all__ = [
    "TRANSITIONS",
    "AnotherRunning",
    "OnConflict",
    "Schedule",
    "active_experiment",
    "can",
    "delete",
    "end",
    "forget_schedule",
    "schedule_of",
    "set_schedule",
    "start",
    "stop",
    "undo_copy",
]
