"""A small version of the simulation of unruly visitors: the same promise, in seconds."""

from __future__ import annotations

import numpy as np
import pytest

from bench.simulation import habits
from bench.simulation.habits import Habit, Waves
from bench.simulation.populations import leads
from bench.simulation.unruly import false_winners, looks_of

FEW_LOOKS = range(100, 2001, 100)


@pytest.mark.parametrize(
    "habit",
    [
        habits.steady(leads(0.003), "rare"),
        habits.ripening_messages(),
        habits.wavy_leads(),
        habits.wavy_messages(),
        habits.log_normal_sessions(),
        habits.pareto_messages(),
    ],
    ids=lambda habit: habit.name,
)
def test_among_several_variants_that_are_the_same_seldom_one_is_declared_different(
    habit: Habit | Waves,
) -> None:
    looks = looks_of(habit)[:30] if isinstance(habit, Waves) else FEW_LOOKS
    found = false_winners(habit, runs=300, seed=1, looks=looks)

    assert max(found.declared.values()) <= 0.05
    assert found.looks_put_to_the_product >= 6


def test_values_that_grow_are_those_of_the_moment() -> None:
    ones = np.ones((1, 5))
    habit = Habit(
        "by hand",
        leads(0.5),
        lambda *_: [(0, 0 * ones, None), (2, ones, None), (4, 3 * ones, None)],
    )
    sums = habit.sums_at(np.random.default_rng(1), 1, [1, 3, 5])

    # Of five visitors the first has grown twice, the next two once.
    assert sums.x.tolist() == [[0, 1, 3 + 2]]
    assert sums.xx.tolist() == [[0, 1, 9 + 2]]
    assert sums.y.tolist() == [[1, 3, 5]]


def test_weekdays_are_looked_at_day_by_day() -> None:
    waves = habits.wavy_leads()
    sums = waves.sums_at(np.random.default_rng(1), 50, looks_of(waves))

    assert sums.n[:, 5].mean() == pytest.approx(700, rel=0.02)  # a whole week
    assert len({*sums.n[:, 5]}) > 10
