"""Summaries that make results fast: kept exact, rebuilt from the raw rows, never trusted blindly.

The runtime appends a `PendingCount` in the statement that changes a visitor's figures. Folding
takes such rows, works out each visitor's figures anew from conversations, messages and leads,
stores them on the assignment, and adds the difference to the variant's totals. The database does
it in a function of its own (`functions/fold_pending_counts_v….sql`), whose one statement sees
the rows that are pending and the data that they speak of at one moment; a row whose transaction is
not over yet waits for the next fold. Integers and exact decimals throughout: a sum never drifts.
"""

import time
from collections import deque
from dataclasses import dataclass, replace
from pathlib import Path
from uuid import UUID

from django.db import connection, transaction

from experiments.models import FoldState, PendingCount
from experiments.sums import SUMS
from glozr.background import IsStopping, never
from glozr.postgres.replica import follow_what_was_written
from glozr.postgres.sql import statement

AGENTS_AT_ONCE = 1_000
MOST_PENDING_COUNTED = 100_000
BATCH = 4_000
"""As many rows as a page may wait for: about 0.15 s."""
WAIT_SECONDS = 0.05
FOLD_AND_STATE = (
    "SELECT fold_pending_counts(%s, %s), (SELECT state FROM fold_states WHERE agent_id = %s)"
)
_seen: deque[tuple[float, int]] = deque(maxlen=1_000)
"""When, and the last number that a pending row had been given by then."""
SETTLED = statement(Path(__file__).parent / "sql", "settled", columns=", ".join(SUMS))
FORGET = (
    "UPDATE experiment_assignments SET counted = false, conversations = 0, messages = 0,"
    " is_capped = false, handed_over = false, sessions = 0, seconds = 0, leads = 0,"
    " qualified = false, won = false, is_merged = false, is_crossed = false, left_out = '',"
    " client_kind = ''"
    " WHERE agent_id = %(agent)s AND experiment_id = %(experiment)s AND NOT is_settled",
    "DELETE FROM variant_totals WHERE agent_id = %(agent)s AND variant_id IN"
    " (SELECT id FROM variants WHERE experiment_id = %(experiment)s)",
    "INSERT INTO pending_counts (agent_id, variant_id, visitor_id)"
    " SELECT agent_id, variant_id, visitor_id FROM experiment_assignments"
    " WHERE agent_id = %(agent)s AND experiment_id = %(experiment)s AND NOT is_settled",
)


def fold(agent_id: UUID, *, batch: int = BATCH) -> int | None:
    """Fold at most `batch` of the agent's pending rows; how many there were.

    None when somebody else is folding the agent, who is not waited for.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT fold_pending_counts(%s, %s)", [agent_id, batch])
        folded: int | None = cursor.fetchone()[0]
    if folded:
        follow_what_was_written()
    return folded


def bring_up_to_date(agent_id: UUID, *, seconds: float = 0.0) -> bool:
    """Fold what is pending of the agent: a batch, and more for `seconds`.

    Returns whether that is known to have been all of it.
    """
    give_up = time.monotonic() + seconds
    while (folded := fold(agent_id)) is None or folded == BATCH:
        if time.monotonic() >= give_up:
            return False
        if folded is None:
            time.sleep(WAIT_SECONDS)
    return True


def state_of(agent_id: UUID) -> UUID | None:
    """Another one whenever any of the agent's totals has changed; None before there were any.

    Read it before the totals: what was worked out from them is then never older than the state."""
    return FoldState.objects.filter(agent=agent_id).values_list("state", flat=True).first()


@dataclass(frozen=True, slots=True)
class Counted:
    """
    Attributes:
        is_complete: whether all that has happened is in the totals.
        state: of the totals; None where it is not known without asking for it.
    """

    is_complete: bool
    state: UUID | None


def count_what_waits(agent_id: UUID) -> Counted:
    """Fold what is pending, as much as a page may wait for.

    Where anything was, the state is not known: the statement saw that of before."""
    with connection.cursor() as cursor:
        cursor.execute(FOLD_AND_STATE, [agent_id, BATCH, agent_id])
        folded, state = cursor.fetchone()
    if folded:
        follow_what_was_written()
    return Counted(folded is not None and folded < BATCH, None if folded else state)


def known_state(agent_id: UUID) -> Counted:
    """As `count_what_waits`, and then asks for a state that is not known."""
    counted = count_what_waits(agent_id)
    return counted if counted.state else replace(counted, state=state_of(agent_id))


def fold_all(is_stopping: IsStopping = never) -> bool:
    """Fold what is pending of up to AGENTS_AT_ONCE agents; whether there was anything."""
    folded = False
    for agent_id in agents_with_pending(at_most=AGENTS_AT_ONCE):
        while not is_stopping() and fold(agent_id):
            folded = True
    return folded


def agents_with_pending(*, at_most: int = 1_000) -> list[UUID]:
    """Agents whose summaries lag behind."""
    pending = PendingCount.objects.order_by().values_list("agent_id", flat=True).distinct()
    return list(pending[:at_most])


def pending_rows() -> float:
    """How many wait to be folded, counted up to MOST_PENDING_COUNTED."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM (SELECT FROM pending_counts LIMIT %s) AS waiting",
            [MOST_PENDING_COUNTED],
        )
        return float(cursor.fetchone()[0])


def oldest_pending_seconds() -> float:
    """How long the oldest row that is pending has been seen to be, by this process, which has to be
    asked now and then. Rows carry no time: it would be dear where they are written."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT (SELECT min(id) FROM pending_counts), last_value FROM pending_counts_id_seq"
        )
        oldest, last = cursor.fetchone()
    now = time.monotonic()
    _seen.append((now, last))
    if oldest is None:
        return 0.0
    while _seen[0][1] < oldest and len(_seen) > 1:
        _seen.popleft()
    return now - _seen[0][0]


def rebuild(agent_id: UUID, experiment_id: UUID) -> None:
    """Work out every figure of the experiment anew: for what was changed behind our back.

    It begins from nothing, as no difference to a wrong sum would ever make it right, and then
    folds every visitor, beside traffic, in about 30 s a million. Until then pages say that not
    everything is counted; what an interruption leaves, any other fold goes on with.
    """
    of_it = {"agent": agent_id, "experiment": experiment_id}
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL statement_timeout = 0")
        cursor.execute("SELECT lock_fold(%s, true)", [agent_id])
        for forget in FORGET:
            cursor.execute(forget, of_it)
        cursor.execute(SETTLED, of_it)
    bring_up_to_date(agent_id, seconds=float("inf"))
