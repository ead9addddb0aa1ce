"""Assignments and figures by day, as tables."""

import itertools
from datetime import UTC, date, datetime
from typing import Any

import pytest

from agents.models import Agent
from experiments import lifecycle
from experiments.models import Assignment, Experiment, VariantTotals
from experiments.results.daily import daily_figures, daily_page, daily_table
from experiments.results.export import assignments_table
from experiments.results.metrics import METRICS
from glozr.errors import Invalid
from glozr.outputs.csv_files import csv_pieces
from tests.factories import ExperimentFactory
from tests.glozr.outputs.reading import csv_rows
from tests.runtime import Runtime

pytestmark = pytest.mark.django_db


@pytest.fixture
def experiment(agent: Agent) -> Experiment:
    return lifecycle.start(ExperimentFactory.create(agent=agent), by=None)


def add(experiment: Experiment, day: int, *sums: dict[str, int]) -> None:
    """Sums of each variant, of visitors who came on a day of November 2025."""
    for variant, given in zip(experiment.variants.all(), sums, strict=True):
        VariantTotals.objects.create(
            agent=experiment.agent,
            variant=variant,
            assigned_from=datetime(2025, 11, day, 12, tzinfo=UTC),
            **given,
        )


def test_numbers_are_plain(experiment: Experiment, runtime: Runtime) -> None:
    runtime.resolve("ada")
    list(assignments_table(experiment).rows)  # folds what is pending
    Assignment.objects.update(messages=1200, seconds=1200)
    (row,) = csv_rows("".join(csv_pieces(assignments_table(experiment))))
    found = [row[name] for name in ("conversations", "messages", "seconds", "leads", "won")]
    assert found == ["1", "1200", "1200", "0", "false"]


class TestDaily:
    def test_has_a_row_for_each_variant_metric_and_day(self, experiment: Experiment) -> None:
        add(experiment, 1, {"visitors": 10, "converted": 1}, {"visitors": 20, "converted": 5})
        add(experiment, 3, {"visitors": 30, "converted": 3}, {"visitors": 0})
        rows = list(daily_figures(experiment))
        assert len(rows) == 2 * 2 * len(METRICS)
        found = [
            (row.day.day, row.visitors, row.value, row.visitors_so_far, row.value_so_far)
            for row in rows
            if row.metric == "lead_capture_rate"
        ]
        assert found == [
            (1, 10, 0.1, 10, 0.1),
            (1, 20, 0.25, 20, 0.25),
            (3, 30, 0.1, 40, 0.1),
            (3, 0, None, 20, 0.25),
        ]

    def test_as_csv_nothing_measured_is_empty(self, experiment: Experiment) -> None:
        add(experiment, 1, {"visitors": 10}, {"visitors": 0})
        first, *_, last = csv_rows("".join(csv_pieces(daily_table(experiment))))
        control, treatment = experiment.variants.all()
        assert (first["day"], first["variant_id"], first["value"]) == (
            "2025-11-01",
            str(control.pk),
            "0.0",
        )
        assert (last["variant_id"], last["value"]) == (str(treatment.pk), "")

    def test_pages_go_on_where_the_one_before_ended(self, experiment: Experiment) -> None:
        for day in (1, 2, 3):
            add(experiment, day, {"visitors": day}, {"visitors": day})
        everything = list(daily_figures(experiment))
        pages = [daily_page(experiment, cursor="", per_page=7)]
        while pages[-1].next:
            pages.append(daily_page(experiment, cursor=pages[-1].next, per_page=7))
        assert [row for page in pages for row in page.rows] == everything
        for earlier, later in itertools.pairwise(pages):
            assert later.previous is not None
            assert daily_page(experiment, cursor=later.previous, per_page=7).rows == earlier.rows

    def test_a_day_that_fills_in_moves_nothing_after_it(self, experiment: Experiment) -> None:
        for day in (1, 3):
            add(experiment, day, {"visitors": 1}, {"visitors": 1})
        cursor = daily_page(experiment, cursor="", per_page=2 * len(METRICS)).next
        assert cursor is not None
        add(experiment, 2, {"visitors": 1}, {"visitors": 1})
        rows = daily_page(experiment, cursor=cursor, per_page=50).rows
        assert {row.day for row in rows} == {date(2025, 11, 3)}

    @pytest.mark.parametrize(
        "cursor",
        [
            *("x", "2025-11-01.0", "2025-11-01.0.nothing", "2025-13-01.0.won_lead_rate"),
            *("2025-11-01..won_lead_rate", "2025-11-01.-1.won_lead_rate"),
        ],
    )
    def test_damaged_cursors_are_refused(self, experiment: Experiment, cursor: Any) -> None:
        with pytest.raises(Invalid):
            daily_page(experiment, cursor=cursor, per_page=7)
