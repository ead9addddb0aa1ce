"""Assignments as a table, a batch at a time: memory stays flat and no transaction is held open."""

from collections.abc import Iterator, Sequence

from experiments.models import Assignment, Experiment
from experiments.results import rollup
from glozr.outputs.tables import Cell, Column, Table

ROWS_AT_ONCE = 5_000
EXPORT_WAIT_SECONDS = 10.0
ASSIGNMENT_COLUMNS = (
    Column("visitor_id", "Visitor", 24),
    Column("variant_id", "Variant's id", 38),
    Column("variant", "Variant", 20),
    Column("assigned_at", "Assigned at", 20),
    Column("conversations", "Conversations"),
    Column("messages", "Messages"),
    Column("sessions", "Sessions"),
    Column("seconds", "Seconds in sessions"),
    Column("leads", "Leads"),
    Column("qualified", "Qualified lead"),
    Column("won", "Won lead"),
    Column("handed_over", "Handed over"),
)


def assignments_table(experiment: Experiment) -> Table:
    """Visitors, sorted by their ids, with what they did within their spans."""
    return Table("Visitors", ASSIGNMENT_COLUMNS, _assignments(experiment))


def _assignments(experiment: Experiment) -> Iterator[Sequence[Cell]]:
    rollup.bring_up_to_date(experiment.agent_id, seconds=EXPORT_WAIT_SECONDS)
    names = {variant.pk: variant.name for variant in experiment.variants.all()}
    after: str | None = None
    while rows := _batch(experiment, after):
        after = rows[-1].visitor_id
        for row in rows:
            yield (
                *(row.visitor_id, row.variant_id, names[row.variant_id], row.assigned_at),
                *(row.conversations, row.messages, row.sessions, row.seconds, row.leads),
                *(row.qualified, row.won, row.handed_over),
            )


def _batch(experiment: Experiment, after: str | None) -> list[Assignment]:
    rows = Assignment.objects.filter(experiment=experiment).order_by("visitor_id")
    if after is not None:
        rows = rows.filter(visitor_id__gt=after)
    return list(rows[:ROWS_AT_ONCE])
