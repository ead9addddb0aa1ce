"""The statistics, against two independent implementations and against their own promises."""

from __future__ import annotations

import math
from dataclasses import asdict
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.weightstats import CompareMeans, DescrStatsW

from experiments.statistics import (
    Comparison,
    Interval,
    Reason,
    arm_figures,
    compare,
    fixed_horizon,
    holm,
)
from experiments.statistics._normal import Estimate, NormalTest
from experiments.statistics.arms import Arm, Mean, Number, Proportion, Ratio
from experiments.statistics.comparison import clock
from experiments.statistics.sequence import (
    critical_statistic,
    sequential_interval,
    sequential_p_value,
)
from tests.experiments.specification import vectors
from tests.experiments.statistics.strategies import proportions

ARMS: dict[str, type[Any]] = {"proportion": Proportion, "mean": Mean, "ratio": Ratio}


def mean_of(values: list[int]) -> Mean:
    return Mean(len(values), sum(values), sum(value * value for value in values))


def one(control: Arm, treatment: Arm) -> Comparison:
    return compare(control, [treatment])[0]


def numbers(figures: Any) -> list[float]:
    if isinstance(figures, dict):
        return [number for value in figures.values() for number in numbers(value)]
    return [figures] if isinstance(figures, float) else []


def test_comparisons_agree_with_the_reference_vectors() -> None:
    for vector in vectors("statistics")["comparisons"]:
        arm, expected = ARMS[vector["metric"]], vector["absolute"]
        control, treatment = arm(**vector["control"]), arm(**vector["treatment"])
        difference = treatment.value - control.value
        variance = treatment.variance + control.variance
        tuning = {"alpha": vector["alpha"], "tuned_for": vector["tuning_parameter"]}
        n = control.n + treatment.n
        fixed = fixed_horizon(control, treatment, alpha=vector["alpha"])
        assert fixed is not None

        assert difference == pytest.approx(expected["difference"], rel=1e-9, abs=0)
        assert sequential_interval(difference, variance, n, **tuning) == pytest.approx(
            expected["sequential_interval"], rel=1e-9, abs=0
        )
        assert sequential_p_value(difference, variance, n, **tuning) == pytest.approx(
            expected["sequential_p_value"], rel=1e-9, abs=0
        )
        assert [fixed.interval.lower, fixed.interval.upper] == pytest.approx(
            expected["fixed_interval"], rel=1e-9, abs=0
        )
        # The reference took 2 * (1 - cdf), which loses all below one rounding of 1.0, doubled.
        assert fixed.p_value == pytest.approx(
            expected["fixed_p_value"], rel=1e-9, abs=2 * np.finfo(float).eps
        )


@pytest.mark.parametrize(
    ("control", "treatment"),
    [
        (Proportion(1248, 80), Proportion(2016, 104)),
        (Mean(2744, 9894, 82148), Mean(2281, 7962, 63530)),
        (Ratio(1617, 3677, 15198, 2083, 3015, 5327), Ratio(2963, 8915, 50971, 3866, 5672, 13248)),
    ],
)
def test_the_plain_sequence_decides_once_normality_holds(control: Arm, treatment: Arm) -> None:
    found = one(control, treatment)
    assert found.absolute.value is not None
    assert control.variance is not None
    assert treatment.variance is not None
    data = found.absolute.value, control.variance + treatment.variance, control.n + treatment.n

    assert found.absolute.interval == Interval(*sequential_interval(*data))
    assert found.p_value == sequential_p_value(*data)


def test_welch_agrees_with_statsmodels() -> None:
    control, treatment = [1, 1, 2, 5, 9, 3], [4, 8, 2, 11, 6, 6, 7, 30]
    found = fixed_horizon(mean_of(control), mean_of(treatment))
    oracle = CompareMeans(DescrStatsW(treatment), DescrStatsW(control))

    assert found is not None
    assert found.p_value == pytest.approx(oracle.ttest_ind(usevar="unequal")[1], rel=1e-12)
    assert (found.interval.lower, found.interval.upper) == pytest.approx(
        oracle.tconfint_diff(usevar="unequal"), rel=1e-12
    )


@pytest.mark.parametrize(
    "p_values",
    [[0.04], [0.02, 0.03], [0.9, 0.001, 0.02, 0.02, 0.3], [0.01, 0.0, 0.5, 1.0, 0.04, 0.011]],
)
def test_holm_agrees_with_statsmodels(p_values: list[float]) -> None:
    assert holm(p_values) == pytest.approx(list(multipletests(p_values, method="holm")[1]))


def test_a_missing_p_value_still_counts_as_a_comparison() -> None:
    assert holm([0.01, None, 0.04]) == [pytest.approx(0.03), None, pytest.approx(0.08)]


def test_variance_does_not_drown_in_large_sums() -> None:
    millions = [10**12, 10**12 + 1, 10**12 + 2]

    assert mean_of(millions).variance == pytest.approx(1 / 3)


@pytest.mark.parametrize("number", [int, Decimal, float])
def test_sums_may_be_integers_decimals_or_floats(number: type[Number]) -> None:
    mean = Mean(4, number(10), number(40))
    ratio = Ratio(4, number(10), number(40), number(5), number(7), number(14))

    assert mean.variance == pytest.approx(5 / 4)
    assert ratio.value == 2
    # Residuals x - 2y have the sum of squares 40 - 4 * 14 + 4 * 7.
    assert ratio.variance == pytest.approx(12 / 3 / 4 / 1.25**2)


def test_a_ratio_over_ones_is_a_mean() -> None:
    mean = mean_of([3, 1, 4, 1, 5])
    ratio = Ratio(5, mean.sum, mean.sum_squares, 5, 5, mean.sum)

    assert (ratio.value, ratio.variance) == (mean.value, mean.variance)


means = st.lists(st.integers(0, 40), max_size=60).flatmap(
    lambda values: st.builds(lambda times: mean_of(values * times), st.integers(1, 40))
)
visits = st.lists(
    st.tuples(st.integers(0, 900), st.integers(1, 4)), min_size=0, max_size=40
).flatmap(
    lambda pairs: st.builds(
        lambda times: Ratio(
            len(pairs) * times,
            times * sum(x for x, _ in pairs),
            times * sum(x * x for x, _ in pairs),
            times * sum(y for _, y in pairs),
            times * sum(y * y for _, y in pairs),
            times * sum(x * y for x, y in pairs),
        ),
        st.integers(1, 40),
    )
)
experiments = st.one_of(
    *(st.tuples(arm, st.lists(arm, min_size=1, max_size=9)) for arm in (proportions, means, visits))
)


@settings(max_examples=150, deadline=None)
@given(experiments)
def test_p_value_both_intervals_and_the_decision_never_contradict_each_other(
    experiment: tuple[Arm, list[Arm]],
) -> None:
    control, treatments = experiment
    for found in compare(control, treatments):
        if found.adjusted_p_value is None:
            assert found.absolute.interval is None
            assert found.relative.interval is None
            assert found.reason is not None
            continue
        significant = found.adjusted_p_value < 0.05
        assert found.absolute.interval is not None
        assert found.relative.interval is not None
        assert found.absolute.interval.excludes_zero is significant
        assert found.relative.interval.excludes_zero is significant
        enough = min(found.control.visitors, found.treatment.visitors) >= 100
        assert found.decided is (significant and enough)
        if found.decided:
            assert found.absolute.value is not None
            assert found.direction == math.copysign(1, found.absolute.value)
            assert (found.absolute.interval.lower > 0) is (found.direction == 1)
            assert (found.relative.interval.lower > 0) is (found.direction == 1)


@settings(max_examples=150, deadline=None)
@given(experiments)
def test_every_figure_is_finite_and_in_its_range(experiment: tuple[Arm, list[Arm]]) -> None:
    control, treatments = experiment
    for found in compare(control, treatments):
        assert all(math.isfinite(number) for number in numbers(asdict(found)))
        interval = found.relative.interval
        if interval is not None:
            assert interval.lower >= -1
            assert (interval.upper is None) is (not found.relative.is_estimable)
        for lift in (found.absolute, found.relative):
            if lift.value is not None and lift.interval is not None:
                slack = 1e-9 * (1 + abs(lift.value))
                assert lift.interval.lower <= lift.value + slack
                assert lift.interval.upper is None or lift.value <= lift.interval.upper + slack


def test_no_lead_against_many_is_a_difference_without_an_upper_bound_on_the_lift() -> None:
    found = one(Proportion(1000, 0), Proportion(1000, 60))

    assert found.decided
    assert found.direction == 1
    assert found.relative.value is None
    assert found.relative.interval is not None
    assert found.relative.interval.lower > 0
    assert found.relative.interval.upper is None
    assert found.relative.reason == Reason.CONTROL_TOO_CLOSE_TO_ZERO


def test_a_small_arm_without_a_lead_proves_nothing() -> None:
    """At 1% a tenth of all arms of 200 have none; an arm's variance of 0 would call it certain."""
    found = one(Proportion(200, 0), Proportion(20_000, 200))

    assert not found.decided
    assert found.p_value == pytest.approx(0.8, abs=0.1)


@pytest.mark.parametrize("leads", [0, 500])
def test_arms_that_agree_at_an_end_still_have_a_width(leads: int) -> None:
    found = one(Proportion(500, leads), Proportion(500, leads))

    assert not found.decided
    assert found.absolute.value == 0
    assert found.absolute.interval is not None
    assert found.absolute.interval.upper is not None
    assert -0.05 < found.absolute.interval.lower < 0 < found.absolute.interval.upper < 0.05


def test_all_against_none_is_decided() -> None:
    found = one(Proportion(100, 100), Proportion(100, 0))

    assert found.decided
    assert found.relative.value == -1
    assert found.relative.interval is not None
    assert found.relative.interval.lower == -1


def test_no_verdict_under_a_hundred_visitors_in_either_variant() -> None:
    found = one(Proportion(10_000, 100), Proportion(99, 99))

    assert found.adjusted_p_value is not None
    assert found.adjusted_p_value < 0.05
    assert not found.decided
    assert found.direction == 0
    assert found.reason == Reason.TOO_FEW_VISITORS


@pytest.mark.parametrize(
    ("control", "treatment"),
    [
        (Proportion(0, 0), Proportion(0, 0)),
        (Proportion(0, 0), Proportion(10, 1)),
        (mean_of([]), mean_of([1, 2])),
        (Ratio(3, 0, 0, 0, 0, 0), Ratio(3, 9, 81, 3, 3, 9)),
    ],
)
def test_nothing_measured_is_said_and_not_computed(control: Arm, treatment: Arm) -> None:
    found = one(control, treatment)

    assert found.reason == Reason.NOTHING_MEASURED
    assert found.p_value is None
    assert found.absolute.value is None


def test_one_visitor_has_a_value_and_no_interval() -> None:
    found = one(mean_of([3]), mean_of([4, 5]))

    assert found.absolute.value == 1.5
    assert found.absolute.interval is None
    assert found.reason == Reason.TOO_FEW_VISITORS


def test_arms_in_which_nothing_varies_prove_nothing() -> None:
    found = one(mean_of([1] * 500), mean_of([2] * 500))

    assert found.absolute.value == 1
    assert found.p_value is None
    assert found.reason == Reason.NO_VARIATION


def test_an_arm_without_variation_is_judged_by_the_other_s() -> None:
    """As if both varied like the one that does: all zeros in a handful is no certainty."""
    varied = mean_of([0] * 990 + [20] * 10)

    assert not one(mean_of([0] * 100), varied).decided
    assert one(mean_of([0] * 20_000), mean_of([0] * 19_000 + [20] * 1000)).decided


def test_the_small_arm_of_an_uneven_split_sets_the_clock() -> None:
    """A long tail that it hasn't met yet is not made up for by what the large arm knows."""
    long_tailed = mean_of([0] * 90 + [50] * 10)

    assert clock(long_tailed, mean_of([0, 9] * 10_000)) == 200
    assert clock(mean_of([0, 9] * 200), mean_of([0, 9] * 10_000)) == 20_400


def test_a_control_near_zero_leaves_the_relative_lift_open_above() -> None:
    found = one(mean_of([0] * 199 + [1]), mean_of([0, 5] * 100))

    assert found.decided
    assert found.relative.interval is not None
    assert found.relative.interval.lower > 0
    assert found.relative.interval.upper is None
    assert not found.relative.is_estimable


def test_ten_variants_alike_are_corrected_for_being_nine() -> None:
    treatment = Proportion(1000, 150)
    alone = one(Proportion(1000, 100), treatment)
    among_nine = compare(Proportion(1000, 100), [treatment] + [Proportion(1000, 100)] * 8)[0]

    assert alone.p_value is not None
    assert among_nine.adjusted_p_value == pytest.approx(9 * alone.p_value)
    assert alone.decided
    assert not among_nine.decided


def test_a_difference_too_certain_for_a_float_breaks_nothing() -> None:
    control = Proportion(2000, 100)
    found = [
        comparison
        for leads in range(1000, 2000)
        for comparison in compare(control, [Proportion(2000, leads)] * 2)
    ]

    assert any(0 < (comparison.p_value or 0) < 1e-320 for comparison in found)
    assert all(comparison.decided for comparison in found)


def test_intervals_of_several_treatments_are_bonferronis() -> None:
    control, treatment = Proportion(5000, 500), Proportion(5000, 520)
    [found, *_] = compare(control, [treatment] * 4)
    standard_error = (control.sum * 4500 / 5000**3 + treatment.sum * 4480 / 5000**3) ** 0.5

    assert found.absolute.interval is not None
    assert found.absolute.interval.lower == pytest.approx(
        0.004 - standard_error * critical_statistic(10_000, 0.05 / 4) ** 0.5
    )


@pytest.mark.parametrize("arm", [Proportion(5000, 500), mean_of([1, 2, 9] * 100)])
def test_a_variant_s_own_interval_is_the_sequence_s_for_its_visitors(arm: Arm) -> None:
    interval = arm_figures(arm).interval

    assert arm.value is not None
    assert arm.variance is not None
    assert interval == Interval(*sequential_interval(arm.value, arm.variance, arm.n))


def test_a_variant_s_own_interval_stays_where_values_can_be() -> None:
    mostly_zero = arm_figures(mean_of([0] * 99 + [1])).interval
    assert mostly_zero is not None
    assert mostly_zero.lower == 0
    for leads in range(101):
        interval = arm_figures(Proportion(100, leads)).interval
        assert interval is not None
        assert interval.upper is not None
        assert 0 <= interval.lower <= leads / 100 <= interval.upper <= 1


def test_the_ends_of_a_relative_interval_are_where_its_test_turns() -> None:
    """Also where errors are a billionth of the value, which b^2 - a c would not resolve."""
    control, treatment, limit = Estimate(1000.0, 1e-10), Estimate(1100.0, 3e-10), 9.0
    for ratio in NormalTest(control, treatment).ratio_interval(limit):
        assert ratio is not None
        distance = Fraction(1100) - Fraction(ratio) * 1000
        allowed = limit * (3e-10 + ratio**2 * 1e-10)
        assert float(distance**2) == pytest.approx(allowed, rel=1e-6)


def test_holm_decides_what_bonferroni_would_not_and_its_interval_says_so() -> None:
    control, strong, weaker = Proportion(5000, 500), Proportion(5000, 800), Proportion(5000, 602)
    found = compare(control, [strong, weaker])[1]

    assert found.p_value is not None
    assert 0.025 < found.p_value < 0.05
    assert found.decided
    assert found.absolute.interval is not None
    assert found.absolute.interval.lower > 0
