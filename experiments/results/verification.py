"""Proof that the summaries equal a plain join of the raw rows."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from decimal import Decimal
from typing import TypeAlias
from uuid import UUID

from django.db import connection, transaction

from experiments.models import Experiment, Variant
from experiments.results import rollup, totals

COLUMNS = totals.NAMES
FOLD_SECONDS = 600.0  # whoever waits even after that is left out on both sides

# Traffic goes on while we look: visitors with something pending are left out on both sides.
_WAITING = """
waiting AS MATERIALIZED (
    SELECT assigned.*
      FROM experiment_assignments assigned
     WHERE assigned.experiment_id = %(experiment)s
       AND assigned.visitor_id IN
           (SELECT visitor_id FROM pending_counts WHERE agent_id = %(agent)s)
)"""

# On purpose not the fold's SQL, nor any part of it: grouped joins over whole tables.
_PLAIN = """
ours AS (SELECT id FROM variants WHERE experiment_id = %(experiment)s),
talk AS (
    SELECT conversations.variant_id, conversations.visitor_id,
           count(messages.id) FILTER (WHERE messages.role = 'visitor') AS messages,
           coalesce(extract(epoch FROM max(messages.sent_at) - min(messages.sent_at)), 0)
               AS seconds
      FROM conversations
      JOIN ours ON ours.id = conversations.variant_id
      LEFT JOIN messages ON messages.conversation_id = conversations.id
     GROUP BY conversations.id
), talked AS (
    SELECT variant_id, visitor_id, count(*) AS conversations, sum(messages) AS messages,
           sum(seconds) AS seconds
      FROM talk GROUP BY variant_id, visitor_id
), left_details AS (
    SELECT assigned.variant_id, assigned.visitor_id, count(*) AS leads
      FROM experiment_assignments assigned
      JOIN leads ON leads.agent_id = assigned.agent_id
                AND leads.visitor_id = assigned.visitor_id
                AND leads.created_at >= assigned.assigned_at
      LEFT JOIN conversations ON conversations.id = leads.conversation_id
     WHERE assigned.experiment_id = %(experiment)s
       AND (leads.conversation_id IS NULL OR conversations.variant_id = assigned.variant_id)
     GROUP BY assigned.variant_id, assigned.visitor_id
), per_visitor AS (
    SELECT assigned.variant_id, assigned.assigned_at,
           coalesce(talked.conversations, 0) AS k, coalesce(talked.messages, 0) AS m,
           coalesce(talked.seconds, 0) AS s, coalesce(left_details.leads, 0) AS l
      FROM experiment_assignments assigned
      LEFT JOIN talked USING (variant_id, visitor_id)
      LEFT JOIN left_details USING (variant_id, visitor_id)
     WHERE assigned.experiment_id = %(experiment)s
       AND assigned.id NOT IN (SELECT id FROM waiting)
), plain AS (
    SELECT variant_id, date_bin('15 minutes', assigned_at, '2000-01-01Z') AS slot,
           count(*), count(*) FILTER (WHERE l > 0), sum(l), sum(k), sum(k * k), sum(m),
           sum(m * m), sum(s), sum(s * s), sum(s * k)
      FROM per_visitor GROUP BY 1, 2
)"""

_STORED = f"""
stored AS (
    SELECT variant_id, assigned_from, {", ".join(f"sum({column})" for column in COLUMNS)}
      FROM (SELECT variant_id, assigned_from, {", ".join(COLUMNS)}
              FROM variant_totals
             WHERE variant_id IN (SELECT id FROM ours)
             UNION ALL
            SELECT variant_id, date_bin('15 minutes', assigned_at, '2000-01-01Z'),
                   -1, -(leads > 0)::int, -leads, -conversations, -(conversations::bigint ^ 2),
                   -messages, -(messages::bigint ^ 2), -seconds, -(seconds * seconds),
                   -(seconds * conversations)
              FROM waiting WHERE counted) parts
     GROUP BY variant_id, assigned_from
)"""

BOTH = f"""
WITH {_WAITING}, {_PLAIN}, {_STORED}
SELECT true, plain.* FROM plain UNION ALL SELECT false, stored.* FROM stored"""

LEFT_OUT = f"""
WITH {_WAITING}
SELECT variant_id, count(*), count(*) FILTER (WHERE leads > 0), sum(leads), sum(conversations),
       sum(conversations::bigint ^ 2), sum(messages), sum(messages::bigint ^ 2), sum(seconds),
       sum(seconds * seconds), sum(seconds * conversations)
  FROM waiting WHERE counted GROUP BY variant_id"""

BySlot: TypeAlias = dict[tuple[UUID, datetime], list[Decimal]]
Number: TypeAlias = int | Decimal
ZEROS = [Decimal(0)] * len(COLUMNS)


def differences(experiment: Experiment) -> list[str]:
    """A line for each figure that departs from the raw rows; none when all is well.

    What is pending is folded first, then all is read at one moment: traffic may go on. The
    summaries are compared slot by slot, and what the page adds up from them by variant.
    """
    rollup.bring_up_to_date(experiment.agent_id, seconds=FOLD_SECONDS)
    with _one_moment():
        plain, stored, waiting = _read(experiment)
        variants = list(Variant.objects.filter(experiment=experiment))
        days = totals.by_day(
            [variant.pk for variant in variants], experiment.agent.workspace.time_zone
        )
        page = totals.altogether(days.values())
    found = [
        f"{variant}, visitors assigned from {slot:%Y-%m-%d %H:%M} UTC, {line}"
        for variant, slot in sorted(plain.keys() | stored.keys(), key=str)
        for line in _compared(plain.get((variant, slot), ZEROS), stored.get((variant, slot), ZEROS))
    ]
    for variant in variants:
        rows = [sums for (variant_id, _), sums in plain.items() if variant_id == variant.pk]
        expected = [
            sum(column) for column in zip(waiting.get(variant.pk, ZEROS), *rows, strict=True)
        ]
        shown = page.get(variant.pk, totals.NOTHING)
        found += [
            f"{variant.pk}, on the page, {line}"
            for line in _compared(expected, [getattr(shown, column) for column in COLUMNS])
        ]
    return found


def _compared(rows: Sequence[Number], summary: Sequence[Number]) -> list[str]:
    return [
        f"{column}: the rows say {was}, the summary says {says}"
        for column, was, says in zip(COLUMNS, rows, summary, strict=True)
        if was != says
    ]


@contextmanager
def _one_moment() -> Iterator[None]:
    """A transaction whose statements all see the same data, however long they take."""
    is_outermost = not connection.in_atomic_block
    with transaction.atomic(), connection.cursor() as cursor:
        if is_outermost:  # inside another transaction the moment is that one's to choose
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        cursor.execute("SET LOCAL statement_timeout = 0")
        yield


def _read(experiment: Experiment) -> tuple[BySlot, BySlot, dict[UUID, list[Decimal]]]:
    """The sums by the plain join, those stored, and those of the visitors left out of both."""
    plain: BySlot = {}
    stored: BySlot = {}
    parameters = {"agent": experiment.agent_id, "experiment": experiment.pk}
    with connection.cursor() as cursor:
        cursor.execute(BOTH, parameters)
        for is_plain, variant, slot, *sums in cursor:
            (plain if is_plain else stored)[variant, slot] = [Decimal(value) for value in sums]
        cursor.execute(LEFT_OUT, parameters)
        waiting = {variant: [Decimal(value) for value in sums] for variant, *sums in cursor}
    return plain, stored, waiting
