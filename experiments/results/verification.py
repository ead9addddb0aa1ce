"""Proof that the summaries equal a plain join of the raw rows."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import TypeAlias
from uuid import UUID

from django.db import connection, transaction

from experiments.models import Experiment, Variant
from experiments.results import rollup, totals
from experiments.sums import NOTHING, SUMS
from glozr.postgres.sql import statement

FOLD_SECONDS = 600.0  # whoever waits even after that is left out on both sides

_FOLDER = Path(__file__).parent / "sql"
BOTH = statement(
    _FOLDER,
    "both",
    columns=", ".join(SUMS),
    summed=", ".join(f"sum({name})" for name in SUMS),
    negated=", ".join(f"-{name}" for name in SUMS),
)
LEFT_OUT = statement(_FOLDER, "left_out")

BySlot: TypeAlias = dict[tuple[UUID, datetime], list[Decimal]]
_Number: TypeAlias = int | Decimal
ZEROS = [Decimal(0)] * len(SUMS)


def departures(experiment: Experiment) -> list[str]:
    """A line for each figure that departs from the raw rows; none when all is well.

    What is pending is folded first, then all is read at one moment: traffic may go on. The
    summaries are compared slot by slot, and what the page adds up from them by variant.
    """
    rollup.bring_up_to_date(experiment.agent_id, seconds=FOLD_SECONDS)
    with _one_moment():
        plain, stored, waiting = _read(experiment)
        variants = list(Variant.objects.filter(experiment=experiment))
        reading = totals.read(
            experiment.agent_id,
            [variant.pk for variant in variants],
            experiment.agent.workspace.time_zone,
        )
        page = totals.altogether(reading.days.values())
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
        shown = page.get(variant.pk, NOTHING)
        found += [
            f"{variant.pk}, on the page, {line}"
            for line in _compared(expected, [getattr(shown, column) for column in SUMS])
        ]
    return found


def _compared(rows: Sequence[_Number], summary: Sequence[_Number]) -> list[str]:
    return [
        f"{column}: the rows say {was}, the summary says {says}"
        for column, was, says in zip(SUMS, rows, summary, strict=True)
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
        # Whole tables are joined, of whose parts the planner expects a single row.
        cursor.execute("SET LOCAL enable_nestloop = off")
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
