"""A page left open costs little: that its poll would show the same is known before anything is read
or drawn, and what is drawn is drawn once for all who look."""

from collections.abc import Collection
from datetime import datetime
from hashlib import sha256

from experiments.memo import Memo
from experiments.models import Experiment
from experiments.results.rollup import Counted
from glozr.zones import zone

AT_LEAST_EVERY = 600
"""Seconds. So late at most is shown what only the clock changes: how many days more, that nobody
comes any more. Figures are never late."""
KEPT_PARTS = 64
"""By each process, at most some 30 KiB each."""
MOMENT = "\ue000"
"""Where the moment stands in a part that is kept: one of the characters that mean nothing."""

DRAWN: Memo[str, str] = Memo(KEPT_PARTS)
"""Drawn parts by their tags."""


def tag_of(
    experiment: Experiment, counted: Counted, now: datetime, *, can: Collection[str], lift: float
) -> str:
    """Of what the first screen shows: another one as soon as anything of it may be another. Empty
    while it is not known what the figures are of."""
    if counted.state is None or not counted.is_complete:
        return ""
    agent, looks_at = experiment.agent, experiment.next_look_at
    concluded = experiment.concluded
    today = now.astimezone(zone(agent.workspace.time_zone)).date()
    shown = (
        *(experiment.pk, experiment.version, experiment.status, experiment.is_active),
        *(experiment.started_at, experiment.stopped_at, looks_at, looks_at and looks_at <= now),
        *(concluded and (concluded.pk, concluded.taken_back_at), agent.config_version),
        *(agent.revision, agent.workspace.time_zone, counted.state),
        *(today, now.timestamp() // AT_LEAST_EVERY, lift, sorted(can)),
    )
    return f'"{sha256(repr(shown).encode()).hexdigest()[:32]}"'
