from __future__ import annotations

import pytest
from scipy.stats import binomtest
from statsmodels.stats.gof import chisquare

from experiments.statistics.sample_ratio import sample_ratio_p_value
from tests.experiments.specification import vectors


def test_sample_ratio_agrees_with_the_reference_vectors() -> None:
    for vector in vectors("statistics")["sample_ratio"]:
        found = sample_ratio_p_value(vector["visitors"], vector["weights"])

        assert found == pytest.approx(vector["p_value"], rel=1e-9, abs=0)


def test_chi_square_agrees_with_statsmodels() -> None:
    oracle = chisquare([480, 260, 260], [500, 250, 250])[1]

    assert sample_ratio_p_value([480, 260, 260], [2, 1, 1]) == pytest.approx(oracle)


def test_variants_without_weight_are_left_out() -> None:
    assert sample_ratio_p_value([400, 0, 600], [1, 0, 1]) == sample_ratio_p_value(
        [400, 600], [1, 1]
    )


def test_few_visitors_are_tested_exactly() -> None:
    oracle = binomtest(0, 8, 0.5).pvalue

    assert sample_ratio_p_value([0, 8], [1, 1]) == pytest.approx(oracle)


def test_few_visitors_in_three_variants_are_corrected_for_three_tests() -> None:
    oracle = 3 * binomtest(0, 9, 0.5).pvalue

    assert sample_ratio_p_value([0, 5, 4], [2, 1, 1]) == pytest.approx(oracle)


@pytest.mark.parametrize("visitors", [[1000, 0], [1_000_000, 3], [4_000_000, 0], [1, 0]])
def test_a_million_to_one_rings_no_alarm_for_what_is_likely(visitors: list[int]) -> None:
    p_value = sample_ratio_p_value(visitors, [1_000_000, 1])

    assert p_value is not None
    assert p_value > 0.03


def test_a_million_to_one_rings_for_what_is_not() -> None:
    p_value = sample_ratio_p_value([10_000, 5], [1_000_000, 1])

    assert p_value is not None
    assert p_value < 0.001


def test_without_visitors_there_is_no_ratio() -> None:
    assert sample_ratio_p_value([0, 0], [1, 1]) is None
    assert sample_ratio_p_value([5], [1]) is None
