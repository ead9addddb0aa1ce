"""Summaries that make results fast: kept exact, rebuilt from the raw rows, never trusted blindly.

The runtime appends a `PendingCount` in the statement that changes a visitor's figures. Folding
takes such rows, works out each visitor's figures anew from conversations, messages and leads,
stores them on the assignment, and adds the difference to the variant's totals. One statement does
it all, so that it sees the rows that are pending and the data that they speak of at one moment; a
row whose transaction is not over yet waits for the next fold. Integers and exact decimals
throughout: a sum never drifts.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

from django.db import connection, transaction

from experiments.models import PendingCount

FOLD_LOCK = 0x676C  # the class of our advisory locks; of two numbers, unlike those of assignment
BATCH = 2_000
PAGE_BUDGET_SECONDS = 0.15

# For each row of `subject`, an assignment with its stored sums: the same sums from the raw rows.
_FRESH = """
fresh AS MATERIALIZED (
    SELECT subject.*,
           talk.conversations AS new_conversations,
           talk.messages AS new_messages,
           talk.seconds AS new_seconds,
           (SELECT count(*)
              FROM leads lead
              LEFT JOIN conversations conversation
                     ON conversation.agent_id = lead.agent_id
                    AND conversation.id = lead.conversation_id
             WHERE lead.agent_id = %(agent)s
               AND lead.visitor_id = subject.visitor_id
               AND lead.created_at >= subject.assigned_at
               AND (lead.conversation_id IS NULL
                    OR conversation.variant_id = subject.variant_id)) AS new_leads
      FROM subject
     CROSS JOIN LATERAL (
           SELECT count(*) AS conversations,
                  coalesce(sum(said.messages), 0) AS messages,
                  coalesce(sum(said.seconds), 0) AS seconds
             FROM conversations conversation
            CROSS JOIN LATERAL (
                  SELECT count(*) FILTER (WHERE message.role = 'visitor') AS messages,
                         extract(epoch FROM max(message.sent_at) - min(message.sent_at))
                             AS seconds
                    FROM messages message
                   WHERE message.agent_id = conversation.agent_id
                     AND message.conversation_id = conversation.id) said
            WHERE conversation.agent_id = %(agent)s
              AND conversation.visitor_id = subject.visitor_id
              AND conversation.variant_id = subject.variant_id) talk
)"""

_STORE = """
stored AS (
    UPDATE experiment_assignments assignment
       SET conversations = new_conversations, messages = new_messages,
           seconds = new_seconds, leads = new_leads, counted = true
      FROM fresh
     WHERE assignment.id = fresh.id
)
INSERT INTO variant_totals AS total
       (agent_id, variant_id, assigned_from, visitors, converted, leads, conversations,
        conversations_squared, messages, messages_squared, seconds, seconds_squared,
        seconds_conversations)
SELECT %(agent)s, variant_id, date_bin('15 minutes', assigned_at, '2000-01-01Z'),
       count(*) FILTER (WHERE NOT counted),
       sum((new_leads > 0)::int - (leads > 0)::int),
       sum(new_leads - leads),
       sum(new_conversations - conversations),
       sum(new_conversations ^ 2 - conversations::bigint ^ 2),
       sum(new_messages - messages),
       sum(new_messages ^ 2 - messages::bigint ^ 2),
       sum(new_seconds - seconds),
       sum(new_seconds * new_seconds - seconds * seconds),
       sum(new_seconds * new_conversations - seconds * conversations)
  FROM fresh
 GROUP BY variant_id, date_bin('15 minutes', assigned_at, '2000-01-01Z')
    ON CONFLICT (variant_id, assigned_from) DO UPDATE
   SET visitors = total.visitors + excluded.visitors,
       converted = total.converted + excluded.converted,
       leads = total.leads + excluded.leads,
       conversations = total.conversations + excluded.conversations,
       conversations_squared = total.conversations_squared + excluded.conversations_squared,
       messages = total.messages + excluded.messages,
       messages_squared = total.messages_squared + excluded.messages_squared,
       seconds = total.seconds + excluded.seconds,
       seconds_squared = total.seconds_squared + excluded.seconds_squared,
       seconds_conversations = total.seconds_conversations + excluded.seconds_conversations"""

_SUBJECT_COLUMNS = """
    SELECT assignment.id, assignment.variant_id, assignment.visitor_id, assignment.assigned_at,
           assignment.counted, assignment.conversations, assignment.messages,
           assignment.seconds, assignment.leads"""

_FOLD = f"""
WITH taken AS (
    DELETE FROM pending_counts
     WHERE id IN (SELECT id FROM pending_counts WHERE agent_id = %(agent)s
                   ORDER BY id LIMIT %(batch)s)
 RETURNING variant_id, visitor_id
), subject AS MATERIALIZED ({_SUBJECT_COLUMNS}
      FROM experiment_assignments assignment
     WHERE assignment.agent_id = %(agent)s
       AND assignment.visitor_id IN (SELECT visitor_id FROM taken)
       AND EXISTS (SELECT FROM taken
                    WHERE taken.visitor_id = assignment.visitor_id
                      AND (taken.variant_id IS NULL
                           OR taken.variant_id = assignment.variant_id))
), {_FRESH}, {_STORE}
RETURNING (SELECT count(*) FROM taken)"""

_REBUILD = f"""
WITH subject AS MATERIALIZED ({_SUBJECT_COLUMNS}
      FROM experiment_assignments assignment
     WHERE assignment.experiment_id = %(experiment)s AND assignment.visitor_id > %(after)s::text
     ORDER BY assignment.visitor_id
     LIMIT %(batch)s
), {_FRESH}, last AS (SELECT max(visitor_id) AS visitor_id FROM subject), {_STORE}
RETURNING (SELECT visitor_id FROM last)"""


def fold(agent_id: UUID, *, batch: int = BATCH) -> int | None:
    """Fold at most `batch` of the agent's pending rows.

    Returns how many there were, or `batch` if there may be more; None when somebody else is
    folding the agent, who is not waited for.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        # The lock comes in a statement of its own, so that the next one sees what was folded
        # before it was free.
        cursor.execute(
            "SELECT CASE WHEN EXISTS (SELECT FROM pending_counts WHERE agent_id = %s)"
            " THEN pg_try_advisory_xact_lock(%s, %s) END",
            [agent_id, *_lock(agent_id)],
        )
        (is_ours,) = cursor.fetchone()
        if not is_ours:
            return 0 if is_ours is None else None
        cursor.execute(_FOLD, {"agent": agent_id, "batch": batch})
        row = cursor.fetchone()
    return row[0] if row else batch


def bring_up_to_date(agent_id: UUID, *, seconds: float = PAGE_BUDGET_SECONDS) -> bool:
    """Fold what is pending of the agent, for about `seconds` at most; whether all of it is."""
    if not is_pending(agent_id):
        return True
    give_up = time.monotonic() + seconds
    while (taken := fold(agent_id)) == BATCH:
        if time.monotonic() > give_up:
            break
    return taken is not None and (taken < BATCH or not is_pending(agent_id))


def is_pending(agent_id: UUID) -> bool:
    return PendingCount.objects.filter(agent=agent_id).exists()


def agents_with_pending(*, at_most: int = 1_000) -> list[UUID]:
    """Agents whose summaries lag behind."""
    pending = PendingCount.objects.order_by().values_list("agent_id", flat=True).distinct()
    return list(pending[:at_most])


@contextmanager
def folding_alone(agent_id: UUID) -> Iterator[None]:
    """A transaction in which nobody else folds the agent; waits for who does."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", _lock(agent_id))
        yield


def rebuild(agent_id: UUID, experiment_id: UUID, *, batch: int = BATCH) -> None:
    """Work out every figure of the experiment anew: for what was changed behind our back.

    Each batch is a transaction of its own, so that it may run beside traffic.
    """
    with folding_alone(agent_id), connection.cursor() as cursor:
        # Begin from nothing: no difference to a wrong sum would ever make it right.
        cursor.execute(
            "UPDATE experiment_assignments SET counted = false, conversations = 0, messages = 0,"
            " seconds = 0, leads = 0 WHERE experiment_id = %s",
            [experiment_id],
        )
        cursor.execute(
            "DELETE FROM variant_totals WHERE variant_id IN"
            " (SELECT id FROM variants WHERE experiment_id = %s)",
            [experiment_id],
        )
    after: str | None = ""
    while after is not None:
        with folding_alone(agent_id), connection.cursor() as cursor:
            parameters: dict[str, UUID | str | int] = {
                "agent": agent_id,
                "experiment": experiment_id,
                "after": after,
                "batch": batch,
            }
            cursor.execute(_REBUILD, parameters)
            row = cursor.fetchone()
            after = row[0] if row else None


def _lock(agent_id: UUID) -> list[int]:
    return [FOLD_LOCK, int.from_bytes(agent_id.bytes[12:], "big", signed=True)]
