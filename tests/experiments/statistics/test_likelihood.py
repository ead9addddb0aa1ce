"""Intervals by likelihood, against independent implementations and their own definition."""

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy.stats import chi2_contingency
from statsmodels.stats.proportion import confint_proportions_2indep, proportion_confint

from experiments.statistics._likelihood import LikelihoodTest, deviance, rate_interval
from experiments.statistics.arms import Proportion
from experiments.statistics.sequence import critical_statistic
from tests.experiments.statistics.exact_likelihood import (
    exact_differences,
    exact_rates,
    exact_ratios,
)
from tests.experiments.statistics.strategies import proportions


@settings(max_examples=60, deadline=None)
@given(proportions, proportions, st.floats(0.001, 0.999), st.floats(0.001, 0.999))
def test_rates_within_reach_have_their_difference_and_ratio_inside(
    control: Proportion, treatment: Proportion, control_rate: float, treatment_rate: float
) -> None:
    """The likelihood's intervals are the shadows of one region: nothing of it may stick out."""
    limit = deviance(control, control_rate) + deviance(treatment, treatment_rate)
    if not control.n or not treatment.n or limit < 1e-6:
        return
    lower, upper = LikelihoodTest(control, treatment).difference_interval(limit)
    assert lower - 1e-7 <= treatment_rate - control_rate <= upper + 1e-7
    low, high = LikelihoodTest(control, treatment).ratio_interval(limit)
    ratio = treatment_rate / control_rate
    assert low <= ratio * (1 + 1e-6)
    assert high is None or ratio <= high * (1 + 1e-6)


@pytest.mark.parametrize(
    ("control", "treatment", "limit", "ratio"),
    [
        (
            Proportion(413_501, 413_501),
            Proportion(3_717_715, 1),
            41.0,
            (1.2370652402e-16, 6.6457518883e-06),
        ),
        (Proportion(35_739, 1), Proportion(2_887, 2_886), 106.0, (615.81294740, None)),
        (
            Proportion(120, 108),
            Proportion(1_534, 66),
            5_016.4649818219605,
            (0.0, 1_276_014_160.378672),
        ),
        (
            Proportion(231_653_049, 231_653_048),
            Proportion(172_801_545, 172_801_538),
            19.0,
            (0.9999998554884, 1.000000030007),
        ),
    ],
)
def test_rates_next_to_none_or_all_have_intervals(
    control: Proportion, treatment: Proportion, limit: float, ratio: tuple[float, float | None]
) -> None:
    """Where a float can't tell a rate or its complement from 0. The ratios were worked out from
    the definition with 60 digits."""
    lower, upper = LikelihoodTest(control, treatment).difference_interval(limit)
    seen = treatment.sum / treatment.n - control.sum / control.n
    assert -1 <= lower <= seen <= upper <= 1
    found = LikelihoodTest(control, treatment).ratio_interval(limit)
    assert found[0] == pytest.approx(ratio[0], rel=1e-6, abs=0)
    assert (found[1] is None) is (ratio[1] is None)
    assert found[1] is None or found[1] == pytest.approx(ratio[1], rel=1e-6)


def assert_exact(control: Proportion, treatment: Proportion, limit: float) -> None:
    """Every end has nine digits, or is given as 0 or without bound where it is next to that.

    A difference is rounded like the rates that it is made of, of which one may be close to 1.
    """
    assert rate_interval(control, limit) == pytest.approx(
        [float(end) for end in exact_rates(control, limit)], rel=1e-9, abs=1e-25
    )
    test = LikelihoodTest(control, treatment)
    assert test.difference_interval(limit) == pytest.approx(
        [float(end) for end in exact_differences(control, treatment, limit)], rel=1e-9, abs=1e-13
    )
    lowest, highest = (float(end) for end in exact_ratios(control, treatment, limit))
    lower, upper = test.ratio_interval(limit)
    assert lower == pytest.approx(lowest, rel=1e-9, abs=0) or (lower == 0 and lowest < 1e-7)
    assert upper == pytest.approx(highest, rel=1e-9) or (upper is None and highest > 1e7)


@settings(max_examples=25, deadline=None)
@given(proportions, proportions, st.floats(0.001, 0.5))
def test_ends_are_those_of_the_definition(
    control: Proportion, treatment: Proportion, level: float
) -> None:
    assume(control.n and treatment.n)
    assert_exact(control, treatment, critical_statistic(control.n + treatment.n, level))


EXTREMES = [
    Proportion(1, 0),
    Proportion(1, 1),
    Proportion(40, 1),
    Proportion(413_501, 413_500),
    Proportion(413_501, 413_501),
    Proportion(3_717_715, 0),
    Proportion(3_717_715, 1),
    Proportion(3_717_715, 3_717_715),
]


@pytest.mark.parametrize("control", EXTREMES, ids=str)
@pytest.mark.parametrize("treatment", EXTREMES, ids=str)
def test_ends_of_extreme_arms_are_those_of_the_definition(
    control: Proportion, treatment: Proportion
) -> None:
    assert_exact(control, treatment, critical_statistic(control.n + treatment.n))


def test_the_likelihood_ratio_statistic_agrees_with_scipy() -> None:
    table = [[7, 493], [19, 281]]
    oracle = chi2_contingency(table, correction=False, lambda_="log-likelihood").statistic

    assert LikelihoodTest(Proportion(500, 7), Proportion(300, 19)).statistic() == pytest.approx(
        oracle, rel=1e-12
    )


def test_likelihood_intervals_are_close_to_statsmodels_score_intervals() -> None:
    """Other methods for the same question; at 95% for one look they differ in the third digit."""
    control, treatment, limit = Proportion(500, 40), Proportion(600, 90), 1.959964**2
    counts = treatment.sum, treatment.n, control.sum, control.n
    newcombe = confint_proportions_2indep(*counts, method="newcomb", compare="diff")
    score = confint_proportions_2indep(*counts, method="score", compare="ratio")
    wilson = proportion_confint(40, 500, method="wilson")

    assert LikelihoodTest(control, treatment).difference_interval(limit) == pytest.approx(
        newcombe, abs=0.002
    )
    assert LikelihoodTest(control, treatment).ratio_interval(limit) == pytest.approx(
        score, rel=0.02
    )
    assert rate_interval(control, limit) == pytest.approx(wilson, abs=0.002)
