"""An experiment's figures in long form: a row for each variant, metric and day."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from datetime import date
from uuid import UUID

from experiments.models import Experiment
from experiments.results import rollup, totals
from experiments.results.metrics import METRICS
from experiments.sums import NOTHING, Sums
from glozr.errors import FieldError, Invalid
from glozr.outputs.tables import Cell, Column, Table

METRIC_PLACES = {metric.key: place for place, metric in enumerate(METRICS)}
DAILY_COLUMNS = (
    Column("day", "Day", 12),
    Column("variant_id", "Variant's id", 38),
    Column("variant", "Variant", 20),
    Column("position", "Position", 10),
    Column("metric", "Metric", 24),
    Column("unit", "Unit", 12),
    Column("visitors", "Visitors of the day", 18),
    Column("value", "Value of the day", 18),
    Column("visitors_so_far", "Visitors so far", 18),
    Column("value_so_far", "Value so far", 18),
)


@dataclass(frozen=True, slots=True)
class DailyFigure:
    """`visitors` are those assigned on the day, with everything that they have done since; `so_far`
    adds those of all days before. A value is None where nothing is measured."""

    day: date
    variant_id: UUID
    variant: str
    position: int
    metric: str
    unit: str
    visitors: int
    value: float | None
    visitors_so_far: int
    value_so_far: float | None

    @property
    def place(self) -> tuple[date, int, int]:
        return (self.day, self.position, METRIC_PLACES[self.metric])

    @property
    def cursor(self) -> str:
        return f"{self.day}.{self.position}.{self.metric}"


@dataclass(frozen=True, slots=True)
class DailyPage:
    rows: Sequence[DailyFigure]
    next: str | None
    previous: str | None


def daily_page(experiment: Experiment, *, cursor: str, per_page: int) -> DailyPage:
    """The rows that begin at `cursor`, the first without one.

    Raises:
        Invalid: the cursor is none of ours.
    """
    rows = list(daily_figures(experiment))
    since = _place_of(cursor) if cursor else None
    begin = sum(row.place < since for row in rows) if since else 0
    end, before = begin + per_page, max(begin - per_page, 0)
    return DailyPage(
        rows[begin:end],
        next=rows[end].cursor if end < len(rows) else None,
        previous=rows[before].cursor if begin else None,
    )


def daily_table(experiment: Experiment) -> Table:
    about = (
        f"Days are those of {experiment.agent.workspace.time_zone}, on which visitors were "
        "assigned; what they did later counts on the same day. Shares are from 0 to 1."
    )
    rows = (_cells(row) for row in daily_figures(experiment))
    return Table("Results by day", DAILY_COLUMNS, rows, about)


def daily_figures(experiment: Experiment) -> Iterator[DailyFigure]:
    """In the order of days, variants and metrics; a day without visitors is left out."""
    rollup.bring_up_to_date(experiment.agent_id)
    variants = list(experiment.variants.all())
    time_zone = experiment.agent.workspace.time_zone
    so_far: dict[UUID, Sums] = {}
    reading = totals.read(experiment.agent_id, [each.pk for each in variants], time_zone)
    for day, of_day in reading.days.items():
        so_far = totals.altogether([so_far, of_day])
        for variant in variants:
            own, all_of_it = of_day.get(variant.pk, NOTHING), so_far.get(variant.pk, NOTHING)
            for metric in METRICS:
                yield DailyFigure(
                    day=day,
                    variant_id=variant.pk,
                    variant=variant.name,
                    position=variant.position,
                    metric=metric.key,
                    unit=metric.unit.value,
                    visitors=own.visitors,
                    value=metric.arm(own).value,
                    visitors_so_far=all_of_it.visitors,
                    value_so_far=metric.arm(all_of_it).value,
                )


def _cells(row: DailyFigure) -> Sequence[Cell]:
    return [getattr(row, each.name) for each in fields(row)]


def _place_of(cursor: str) -> tuple[date, int, int]:
    match cursor.split("."):
        case [day, position, metric] if metric in METRIC_PLACES and position in "0123456789":
            try:
                return (date.fromisoformat(day), int(position), METRIC_PLACES[metric])
            except ValueError:
                pass
    detail = "This link to a page is damaged. Begin at the first page."
    raise Invalid([FieldError("cursor", "invalid", detail)])
