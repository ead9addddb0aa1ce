"""Assignments as CSV, a batch at a time: memory stays flat and no transaction is held open.

Texts are quoted and numbers are not. No text begins a formula, wherever a spreadsheet may begin a
cell in it: which separator it looks for, and whether it minds quotes, depends on its country.
"""

from collections.abc import Iterator
from decimal import Decimal

from experiments.models import Assignment, Experiment
from experiments.results import rollup
from glozr.text import csv_lines, harmless

ROWS_AT_ONCE = 5_000
EXPORT_WAIT_SECONDS = 10.0
COLUMNS = (
    "visitor",
    "variant",
    "assigned at",
    "conversations",
    "messages",
    "seconds",
    "leads",
)


def assignments_csv(experiment: Experiment) -> Iterator[str]:
    """Lines of CSV in pieces, sorted by visitor; times in UTC as ISO 8601."""
    rollup.bring_up_to_date(experiment.agent_id, seconds=EXPORT_WAIT_SECONDS)
    names = {variant.pk: harmless(variant.name) for variant in experiment.variants.all()}
    yield csv_lines([COLUMNS], quotes_texts=True)
    after: str | None = None
    while True:
        rows = _batch(experiment, after)
        if not rows:
            return
        after = rows[-1].visitor_id
        yield csv_lines(
            [
                (
                    harmless(row.visitor_id),
                    names[row.variant_id],
                    row.assigned_at.isoformat(),
                    row.conversations,
                    row.messages,
                    _Plain(row.seconds),
                    row.leads,
                )
                for row in rows
            ],
            quotes_texts=True,
        )


def _batch(experiment: Experiment, after: str | None) -> list[Assignment]:
    rows = Assignment.objects.filter(experiment=experiment).order_by("visitor_id")
    if after is not None:
        rows = rows.filter(visitor_id__gt=after)
    return list(rows[:ROWS_AT_ONCE])


class _Plain(Decimal):
    """A number that is written without an exponent or needless zeros."""

    def __str__(self) -> str:
        return f"{self.normalize():f}"
