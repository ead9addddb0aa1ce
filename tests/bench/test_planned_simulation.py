"""A small version of the plans' simulation: seconds instead of minutes, the same promises."""

from __future__ import annotations

import pytest

from bench.simulation.planned import POPULATIONS, days_for, days_table, outcomes_table, simulate
from bench.simulation.plans import plan_for
from bench.simulation.populations import Population, leads, messages, sessions

# Three standard errors of the shares among so many runs, on the far side of what is promised.
RUNS, SLACK = 4000, 0.0105
POWER_SLACK = 0.02 + 0.019


@pytest.mark.parametrize(
    ("population", "weights", "looks"),
    [
        (leads(0.1), (1, 1), 5),
        (leads(0.01), (1, 20), 12),
        (leads(0.5), (20, 1, 1), 5),
        (messages(), (1, 1, 1, 1), 5),
        (messages(), (1, 20), 5),
    ],
)
def test_plans_keep_their_promises(
    population: Population, weights: tuple[int, ...], looks: int
) -> None:
    found = simulate(plan_for(population, weights, looks), runs=RUNS, seed=1)

    assert found.false_winners <= 0.05 + SLACK
    assert found.power == pytest.approx(0.8, abs=POWER_SLACK)
    assert found.absolute_holds >= 0.95 - SLACK
    assert found.relative_holds >= 0.95 - SLACK
    assert found.used < 0.9


def test_what_mends_uneven_averages_is_needed() -> None:
    found = simulate(plan_for(sessions(), (1, 20), 5), runs=1000, seed=1)

    assert found.false_winners_by_standard_errors > 0.055
    assert found.false_winners < found.false_winners_by_standard_errors


def test_five_looks_decide_with_four_fifths_of_the_plan_and_half_of_watching() -> None:
    found = simulate(plan_for(leads(0.1), (1, 1), 5), runs=RUNS, seed=1)
    days = days_for(leads(0.1), found, runs=100, seed=1)

    assert found.used == pytest.approx(0.80, abs=0.02)
    assert days.planned == pytest.approx(3936 / 1000 * 30.4, rel=0.01)
    assert days.planned_mean < 0.85 * days.planned < 0.5 * days.watched
    assert days.watched_power > 0.8
    assert outcomes_table([found]).row_count == days_table([days]).row_count == 1


def test_rates_from_one_percent_to_fifty_are_shown() -> None:
    assert {population.value for population in POPULATIONS} >= {0.01, 0.1, 0.5}
