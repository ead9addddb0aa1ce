from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest, dirichlet_multinomial, multinomial
from statsmodels.stats.gof import chisquare

from experiments.statistics.sample_ratio import (
    PRIOR_VISITORS,
    sample_ratio_p_value,
    watched_p_value,
)
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


@given(
    st.lists(st.integers(0, 400), min_size=3, max_size=3), st.sampled_from([(1, 1, 1), (5, 3, 2)])
)
def test_watched_agrees_with_the_distributions_themselves(
    visitors: list[int], weights: tuple[int, int, int]
) -> None:
    shares = np.array(weights) / sum(weights)
    total = sum(visitors)
    under_shares = multinomial.pmf(visitors, total, shares)
    factors = [
        dirichlet_multinomial.pmf(visitors, n * shares, np.array(total)) / under_shares
        for n in PRIOR_VISITORS
        if under_shares > 1e-290
    ]
    found = watched_p_value([visitors], weights)
    if not total:
        assert found is None
    elif len(factors) == len(PRIOR_VISITORS):
        assert found == pytest.approx(min(1.0, 1 / np.mean(factors)), rel=1e-6)


def test_watched_never_rises_again() -> None:
    looks = [[8, 0], [20, 0], [30, 10], [60, 60], [4_000, 4_000]]
    found = [watched_p_value(looks[: number + 1], [1, 1]) or 0.0 for number in range(len(looks))]
    assert found == sorted(found, reverse=True)
    assert found[-1] == found[1] < 1


def test_watched_finds_a_variant_that_nobody_gets_within_dozens_of_visitors() -> None:
    first = next(n for n in range(1, 200) if (watched_p_value([[n, 0]], [1, 1]) or 1.0) < 0.001)
    assert first < 50


def test_watched_finds_a_slight_fault_among_many() -> None:
    assert (watched_p_value([[48_000, 52_000]], [1, 1]) or 1.0) < 1e-6
    assert watched_p_value([[50_100, 49_900]], [1, 1]) == 1.0


def test_watched_takes_weights_of_any_scale_and_leaves_out_those_without() -> None:
    one = watched_p_value([[120, 80]], [1, 1])
    assert one == watched_p_value([[120, 80]], [50, 50])
    assert one == watched_p_value([[120, 0, 80]], [1, 0, 1])
    assert one is not None


@pytest.mark.parametrize("visitors", [[1000, 0], [1_000_000, 3], [4_000_000, 0], [1, 0]])
def test_watched_rings_no_alarm_for_a_million_to_one(visitors: list[int]) -> None:
    found = watched_p_value([visitors], [1_000_000, 1])
    assert found is not None
    assert found > 0.01


def test_watched_stays_finite_where_the_evidence_is_overwhelming() -> None:
    found = watched_p_value([[10**7, 0, 0]], [1, 1, 1])
    assert found == 0.0
    assert watched_p_value([[0, 0]], [1, 1]) is None
    assert watched_p_value([[5]], [1]) is None
    assert not math.isnan(watched_p_value([[0, 10**9], [10**9, 10**9]], [1, 1]) or 0.0)
