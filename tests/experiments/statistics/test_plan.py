"""What a plan needs and could show, against closed forms and its own inverse."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from statsmodels.stats.power import NormalIndPower
from statsmodels.stats.proportion import samplesize_proportions_2indep_onetail

from experiments.statistics.arms import Arm, Mean, Proportion, Ratio
from experiments.statistics.looks import inflation
from experiments.statistics.plan import (
    Need,
    at_mean,
    at_rate,
    needs,
    planned_visitors,
    smallest_lift,
    smallest_lifts,
    visitors_by,
    weeks_until,
)
from experiments.statistics.sample_size import visitors_for_one_look, visitors_while_watched


def test_the_specification_s_example() -> None:
    """+20% on 10% with five looks: 0.80 of some 3,950 visitors a variant."""
    assert planned_visitors(at_rate(0.1), 0.2, looks=5) == pytest.approx(3950, rel=0.01)
    assert planned_visitors(at_rate(0.1), 0.2) == visitors_for_one_look(at_rate(0.1), 0.2)


@pytest.mark.parametrize("treatments", [1, 2, 3])
@pytest.mark.parametrize("looks", [1, 5, 12])
def test_looks_cost_what_the_design_says(looks: int, treatments: int) -> None:
    control = at_rate(0.1)
    single = planned_visitors(control, 0.1, treatments=treatments)
    found = planned_visitors(control, 0.1, looks=looks, treatments=treatments)
    assert single is not None

    assert found == pytest.approx(single * inflation(looks, 0.05 / treatments), abs=2)


@pytest.mark.parametrize(("weights", "ratio"), [((20, 1), 20.0), ((1, 20), 0.05), ((3, 2), 1.5)])
def test_uneven_shares_agree_with_statsmodels(weights: tuple[int, int], ratio: float) -> None:
    """Its ratio is the control's visitors over the treatment's, whom it counts; its test is the
    score's, whose error under no difference is a few percent off the likelihood ratio's."""
    oracle = samplesize_proportions_2indep_onetail(
        0.02, 0.1, 0.8, ratio=ratio, alpha=0.05, alternative="two-sided"
    )
    smaller = oracle * min(1.0, ratio)

    assert planned_visitors(at_rate(0.1), 0.2, weights=weights) == pytest.approx(smaller, rel=0.04)


def test_averages_are_lifted_with_their_spread() -> None:
    lifted = (1 + 1.1**2) / 2
    oracle = NormalIndPower().solve_power(0.1 * 4 / (12 * lifted) ** 0.5, alpha=0.05, power=0.8)

    assert planned_visitors(at_mean(4, 12), 0.1) == pytest.approx(oracle, abs=1)


def test_a_ratio_over_ones_needs_what_its_mean_needs() -> None:
    ratio = Ratio(500, 2000, 12_000, 500, 500, 2000)

    assert planned_visitors(ratio, 0.1) == planned_visitors(Mean(500, 2000, 12_000), 0.1)


def test_a_plan_is_long_enough_for_its_last_look() -> None:
    """A tripled rate of 1% would show among 700, of whom seven would leave a lead."""
    assert planned_visitors(at_rate(0.01), 2.0) == 4000
    assert planned_visitors(at_rate(0.9), 0.1) == 4000
    assert planned_visitors(at_mean(4, 1), 0.5) == 100


@pytest.mark.parametrize(
    ("control", "lift"),
    [
        (Proportion(0, 0), 0.2),
        (Proportion(100, 0), 0.2),
        (Proportion(100, 100), 0.2),
        (Proportion(100, 90), 0.2),
        (Proportion(100, 50), 1.0),
        (Proportion(100, 10), 0.0),
        (Proportion(100, 10), -1.0),
        (Mean(1, 3, 9), 0.2),
        (Mean(100, 100, 100), 0.2),
        (at_rate(0.00001), 0.000001),
    ],
)
def test_what_cannot_be_planned_is_none(control: Arm, lift: float) -> None:
    assert planned_visitors(control, lift, looks=5) is None
    assert needs(control, lift, 500).planned == Need(None, None, 1)


def test_typed_figures_are_the_control_s() -> None:
    assert at_rate(0.034567).value == pytest.approx(0.034567)
    typed = at_mean(4.5, 12.25)
    assert typed.value == 4.5
    assert typed.variance is not None
    assert typed.variance * typed.n == pytest.approx(12.25)


def test_weeks_are_whole_and_those_of_all_variants() -> None:
    assert weeks_until(1000, 500, 2) == 4
    assert weeks_until(1001, 500, 2) == 5
    assert weeks_until(1000, 500, 3) == 6
    assert weeks_until(1, 500, 2) == 1
    assert weeks_until(None, 500, 2) is None
    assert weeks_until(1000, 0, 2) is None


def test_the_last_visitors_span_must_close() -> None:
    assert weeks_until(1000, 500, 2, window_days=7) == 5
    assert weeks_until(1000, 500, 2, window_days=1) == 5
    assert visitors_by(5, 500, 2, window_days=7) == 1000
    assert visitors_by(1, 500, 2, window_days=30) == 0


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 10**6), st.floats(1, 10**5), st.integers(2, 4), st.integers(0, 90))
def test_weeks_are_the_fewest_that_bring_the_visitors(
    visitors: int, weekly: float, variants: int, window_days: int
) -> None:
    weeks = weeks_until(visitors, weekly, variants, window_days=window_days)
    assert weeks is not None

    assert visitors_by(weeks, weekly, variants, window_days=window_days) >= visitors
    if weeks > 1:
        assert visitors_by(weeks - 1, weekly, variants, window_days=window_days) < visitors


@pytest.mark.parametrize("variants", [2, 3, 4])
def test_the_planned_design_needs_about_half(variants: int) -> None:
    found = needs(at_rate(0.1), 0.2, 700, variants=variants)

    assert found.watched.visitors == visitors_while_watched(
        at_rate(0.1), 0.2, treatments=variants - 1
    )
    assert found.planned.visitors is not None
    assert found.watched.visitors is not None
    assert 0.45 < found.planned.visitors / found.watched.visitors < 0.65
    assert found.planned.looks == 12
    assert found.watched.looks is None


def test_a_plan_has_no_more_looks_than_weeks_or_than_it_may() -> None:
    control = at_rate(0.1)
    assert needs(control, 0.2, 2000, most_looks=12).planned == Need(
        planned_visitors(control, 0.2, looks=4), 4, 4
    )
    assert needs(control, 0.2, 500, most_looks=5).planned == Need(3936, 16, 5)
    assert needs(control, 0.2, 10**6).planned == Need(3841, 1, 1)
    assert needs(control, 0.2, 0).planned == Need(3841, None, 1)


@pytest.mark.parametrize("control", [at_rate(0.03), at_rate(0.6), at_mean(4, 12)], ids=str)
def test_the_smallest_lift_is_the_first_that_the_weeks_suffice_for(control: Arm) -> None:
    for shown in smallest_lifts(control, 3000, variants=3):
        planned, watched = shown.planned, shown.watched
        assert shown.visitors == shown.weeks * 1000
        assert planned is not None
        assert watched is not None
        for scale, is_enough in ((1.0, True), (0.998, False)):
            by_plan = planned_visitors(control, planned * scale, looks=shown.weeks, treatments=2)
            by_watching = visitors_while_watched(control, watched * scale, treatments=2)
            assert ((by_plan or 0) <= shown.visitors) is is_enough
            assert ((by_watching or 0) <= shown.visitors) is is_enough


def test_longer_shows_smaller_and_the_plan_more_than_watching() -> None:
    found = smallest_lifts(at_rate(0.1), 500)

    assert [shown.weeks for shown in found] == [2, 4, 8, 12]
    planned = [shown.planned or 0 for shown in found]
    assert planned == sorted(planned, reverse=True)
    assert all((shown.planned or 0) < (shown.watched or 0) for shown in found)


def test_traffic_too_small_for_anything_is_said_by_none() -> None:
    for shown in smallest_lifts(at_rate(0.01), 10):
        assert (shown.planned, shown.watched) == (None, None)
    assert smallest_lift(10**9, lambda lift: None) is None
    assert smallest_lift(10**9, lambda lift: 1) == 0.001
