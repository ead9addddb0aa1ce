"""Intervals by likelihood, against independent implementations and their own definition."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import chi2_contingency
from statsmodels.stats.proportion import confint_proportions_2indep, proportion_confint

from experiments.statistics import _likelihood as likelihood
from experiments.statistics.arms import Proportion
from tests.experiments.statistics.strategies import proportions


@settings(max_examples=60, deadline=None)
@given(proportions, proportions, st.floats(0.001, 0.999), st.floats(0.001, 0.999))
def test_rates_within_reach_have_their_difference_and_ratio_inside(
    control: Proportion, treatment: Proportion, control_rate: float, treatment_rate: float
) -> None:
    """The likelihood's intervals are the shadows of one region: nothing of it may stick out."""
    limit = likelihood.deviance(control, control_rate) + likelihood.deviance(
        treatment, treatment_rate
    )
    if not control.n or not treatment.n or limit < 1e-6:
        return
    lower, upper = likelihood.difference_interval(control, treatment, limit)
    assert lower - 1e-7 <= treatment_rate - control_rate <= upper + 1e-7
    low, high = likelihood.ratio_interval(control, treatment, limit)
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
    ],
)
def test_rates_next_to_none_or_all_have_intervals(
    control: Proportion, treatment: Proportion, limit: float, ratio: tuple[float, float | None]
) -> None:
    """Where a float can't tell a rate or its complement from 0. The ratios were worked out from
    the definition with 60 digits."""
    lower, upper = likelihood.difference_interval(control, treatment, limit)
    seen = treatment.sum / treatment.n - control.sum / control.n
    assert -1 <= lower <= seen <= upper <= 1
    found = likelihood.ratio_interval(control, treatment, limit)
    assert found[0] == pytest.approx(ratio[0], rel=1e-6)
    assert (found[1] is None) is (ratio[1] is None)
    assert found[1] is None or found[1] == pytest.approx(ratio[1], rel=1e-6)


def test_the_likelihood_ratio_statistic_agrees_with_scipy() -> None:
    table = [[7, 493], [19, 281]]
    oracle = chi2_contingency(table, correction=False, lambda_="log-likelihood").statistic

    assert likelihood.equality_statistic(Proportion(500, 7), Proportion(300, 19)) == pytest.approx(
        oracle, rel=1e-12
    )


def test_likelihood_intervals_are_close_to_statsmodels_score_intervals() -> None:
    """Other methods for the same question; at 95% for one look they differ in the third digit."""
    control, treatment, limit = Proportion(500, 40), Proportion(600, 90), 1.959964**2
    counts = treatment.sum, treatment.n, control.sum, control.n
    newcombe = confint_proportions_2indep(*counts, method="newcomb", compare="diff")
    score = confint_proportions_2indep(*counts, method="score", compare="ratio")
    wilson = proportion_confint(40, 500, method="wilson")

    assert likelihood.difference_interval(control, treatment, limit) == pytest.approx(
        newcombe, abs=0.002
    )
    assert likelihood.ratio_interval(control, treatment, limit) == pytest.approx(score, rel=0.02)
    assert likelihood.rate_interval(control, limit) == pytest.approx(wilson, abs=0.002)
