from __future__ import annotations

import pytest
from statsmodels.stats.power import NormalIndPower
from statsmodels.stats.proportion import samplesize_proportions_2indep_onetail

from experiments.statistics.arms import Arm, Mean, Proportion, Ratio
from experiments.statistics.sample_size import (
    days_until,
    visitors_for_one_look,
    visitors_while_watched,
)
from experiments.statistics.sequence import critical_statistic


@pytest.mark.parametrize("lift", [0.2, -0.2, 0.05])
@pytest.mark.parametrize("leads", [10, 30, 300])
def test_proportions_agree_with_statsmodels(leads: int, lift: float) -> None:
    rate = leads / 1000
    oracle = samplesize_proportions_2indep_onetail(
        rate * lift, rate, 0.8, ratio=1, alpha=0.05, alternative="two-sided"
    )

    found = visitors_for_one_look(Proportion(1000, leads), lift)

    assert found == pytest.approx(oracle, abs=1)


def test_means_agree_with_statsmodels() -> None:
    mean = Mean(500, 2000, 12_000)
    deviation = ((12_000 - 2000**2 / 500) / 499) ** 0.5
    oracle = NormalIndPower().solve_power(0.1 * 4 / deviation, alpha=0.05, power=0.8)

    assert visitors_for_one_look(mean, 0.1) == pytest.approx(oracle, abs=1)


def test_a_ratio_over_ones_needs_what_its_mean_needs() -> None:
    ratio = Ratio(500, 2000, 12_000, 500, 500, 2000)

    assert visitors_for_one_look(ratio, 0.1) == visitors_for_one_look(Mean(500, 2000, 12_000), 0.1)


def test_watching_needs_what_its_own_threshold_needs() -> None:
    found = visitors_while_watched(Mean(500, 2000, 12_000), 0.1)
    assert found is not None
    deviation = ((12_000 - 2000**2 / 500) / 499) ** 0.5
    distance = 0.1 * 4 / deviation * (found / 2) ** 0.5

    assert distance == pytest.approx(critical_statistic(2 * found) ** 0.5 + 0.8416, rel=1e-3)


def test_more_treatments_need_more_visitors() -> None:
    control = Proportion(1000, 30)

    for visitors in (visitors_for_one_look, visitors_while_watched):
        alone, among_nine = visitors(control, 0.2), visitors(control, 0.2, treatments=9)
        assert alone is not None
        assert among_nine is not None
        assert alone < among_nine < 3 * alone


@pytest.mark.parametrize(
    ("control", "lift"),
    [
        (Proportion(0, 0), 0.2),
        (Proportion(100, 0), 0.2),
        (Proportion(100, 100), 0.2),
        (Proportion(100, 90), 0.2),
        (Proportion(100, 10), 0.0),
        (Mean(1, 3, 9), 0.2),
        (Mean(100, 100, 100), 0.2),
    ],
)
def test_what_cannot_be_estimated_is_none(control: Arm, lift: float) -> None:
    assert visitors_for_one_look(control, lift) is None
    assert visitors_while_watched(control, lift) is None


def test_the_slowest_variant_sets_the_days() -> None:
    assert days_until(1000, [500, 250], [500, 250], 10) == pytest.approx(30)


def test_the_pace_is_that_of_the_days_told() -> None:
    assert days_until(1000, [500, 900], [10, 100], 2) == pytest.approx(100)


def test_days_are_over_when_the_visitors_are_there() -> None:
    assert days_until(1000, [1000, 4000], [0, 0], 10) == 0


@pytest.mark.parametrize(
    ("required", "recent", "days"),
    [(None, [5, 5], 1.0), (100, [0, 5], 1.0), (100, [5, 5], 0.0)],
)
def test_no_pace_no_date(required: int | None, recent: list[int], days: float) -> None:
    assert days_until(required, [5, 5], recent, days) is None
