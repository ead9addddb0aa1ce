"""Group sequential bounds, against the vectors, multivariate normal probabilities and chance."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.stats import multivariate_normal

from experiments.statistics._recursion import crossing_chances, spending_bounds
from experiments.statistics.looks import (
    LEAST_GAIN,
    LEAST_P_VALUE,
    conditional_power,
    drift_for_power,
    even_looks,
    expected_share,
    inflation,
    look_bounds,
    look_p_value,
    power_of_looks,
    spent,
)
from tests.experiments.specification import vectors

CASES = vectors("group-sequential")["cases"]
PLANNED = [case for case in CASES if "inflation_at_80" in case]

fractions = (
    st.lists(st.integers(1, 100), min_size=1, max_size=6, unique=True)
    .map(sorted)
    .map(lambda steps: [step / 100 for step in steps])
)
alphas = st.floats(0.001, 0.2)
distances = st.floats(-6, 6)


def correlation(times: Sequence[float]) -> NDArray[np.float64]:
    t = np.asarray(times)
    return np.asarray(np.sqrt(np.minimum.outer(t, t) / np.maximum.outer(t, t)))


def chance_of_staying_within(times: Sequence[float], bounds: Sequence[float]) -> float:
    """By another way of integrating: a box of the joint distribution of all looks' z."""
    zero, edges = np.zeros(len(times)), np.asarray(bounds)
    inside = multivariate_normal.cdf(
        edges, zero, correlation(times), maxpts=200_000, abseps=1e-6, lower_limit=-edges
    )
    return float(inside)


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case['alpha']:.3f}-{case['looks']}")
def test_bounds_agree_with_the_reference_vectors(case: dict[str, Any]) -> None:
    found = look_bounds(case["fractions"], case["alpha"])

    assert found == pytest.approx(case["bounds"], abs=1e-4)


@pytest.mark.parametrize("case", PLANNED, ids=lambda case: f"{case['alpha']:.3f}-{case['looks']}")
def test_visitors_and_the_share_used_agree_with_the_vectors(case: dict[str, float]) -> None:
    looks, alpha = int(case["looks"]), case["alpha"]
    drift = drift_for_power(0.8, looks, alpha)

    assert inflation(looks, alpha) == pytest.approx(case["inflation_at_80"], abs=1e-4)
    assert expected_share(drift, looks, alpha) == pytest.approx(
        case["expected_share_of_planned_at_80"], abs=1e-4
    )
    assert power_of_looks(drift, looks, alpha) == pytest.approx(0.8)
    assert power_of_looks(0.0, looks, alpha) == pytest.approx(alpha)


def test_one_look_is_the_textbook_s() -> None:
    assert look_bounds([1.0]) == pytest.approx([1.959964], abs=1e-6)
    assert look_p_value([1.0], [-1.959964]) == pytest.approx(0.05, abs=1e-6)


@settings(max_examples=30, deadline=None)
@given(fractions, alphas, st.booleans())
def test_what_is_spent_adds_up_to_alpha(times: list[float], alpha: float, is_last: bool) -> None:
    bounds = look_bounds(times, alpha, is_last=is_last)
    crossed = 1 - chance_of_staying_within(times[-5:], bounds[-5:])
    chances = crossing_chances(times, bounds, drift=0.0)

    assert sum(map(sum, chances)) == pytest.approx(
        alpha if is_last else spent(times[-1], alpha), abs=1e-9
    )
    if len(times) <= 5:
        assert sum(map(sum, chances)) == pytest.approx(crossed, abs=2e-5)


def test_random_walks_cross_as_often_as_they_may() -> None:
    times, drift, runs = [0.13, 0.31, 0.42, 0.77, 1.1], 2.8, 400_000
    bounds = look_bounds(times, is_last=True)
    gains = np.diff(np.concatenate([[0.0], times]))
    walk = np.random.default_rng(7).standard_normal((runs, len(times))) * np.sqrt(gains)
    for mean in (0.0, drift):
        z = np.cumsum(walk + mean * gains, axis=1) / np.sqrt(times)
        crossed = np.abs(z) >= bounds
        first = np.bincount(crossed.argmax(axis=1)[crossed.any(axis=1)], minlength=len(times))
        expected = [sum(chances) for chances in crossing_chances(times, bounds, mean)]
        assert first / runs == pytest.approx(expected, abs=4 * math.sqrt(0.25 / runs))
    assert sum(map(sum, crossing_chances(times, bounds, 0.0))) == pytest.approx(0.05)


def test_the_recursion_serves_any_spending() -> None:
    """alpha t^2, by spotify-confidence 4.1.0, whose own recursion has five digits."""
    times = np.array([0.13, 0.31, 0.42, 0.77, 1.0])
    spends = np.diff(np.concatenate([[0.0], 0.05 * times**2]))

    assert spending_bounds(times.tolist(), spends.tolist()) == pytest.approx(
        [3.337617, 2.865181, 2.747256, 2.251365, 2.094836], abs=1e-4
    )


@given(st.integers(1, 20), alphas)
@settings(max_examples=20, deadline=None)
def test_bounds_of_even_looks_fall(looks: int, alpha: float) -> None:
    bounds = look_bounds(even_looks(looks), alpha)

    assert all(before > after for before, after in pairwise(bounds))


@given(fractions, st.integers(1, 100), st.booleans(), alphas)
@settings(max_examples=60, deadline=None)
def test_later_looks_never_change_an_earlier_bound(
    times: list[float], more: int, is_last: bool, alpha: float
) -> None:
    """Neither as planned, nor with overrun, nor at an early end, nor where nobody was added."""
    if times[-1] == 1:
        times = times[:-1]
    before = look_bounds(times, alpha) if times else ()
    later = (times[-1] if times else 0.0) + more / 50
    after = look_bounds([*times, later], alpha, is_last=is_last)

    assert after[:-1] == pytest.approx(before, rel=1e-6)
    if times:
        again = look_bounds([*times, times[-1]], alpha, is_last=True)
        assert again[:-1] == before
        assert again[-1] < before[-1]


def test_an_overrun_and_an_early_end_spend_all_that_is_left() -> None:
    for last in (0.7, 1.0, 1.4):
        times = [0.3, 0.6, last]
        bounds = look_bounds(times, is_last=True)
        assert 1 - chance_of_staying_within(times, bounds) == pytest.approx(0.05, abs=1e-5)
    assert look_bounds([0.1], is_last=True) == pytest.approx([1.959964], abs=1e-6)


@pytest.mark.parametrize("last", [0.6, 0.6 + LEAST_GAIN / 2, 0.59])
def test_a_last_look_that_adds_nobody_is_the_one_before_with_more_to_spend(last: float) -> None:
    bounds = look_bounds([0.3, 0.6, last], is_last=True)

    assert bounds[:2] == look_bounds([0.3, 0.6])
    assert bounds[2] == look_bounds([0.3, 0.6], is_last=True)[1]


@pytest.mark.parametrize(
    "times", [[0.0], [-0.1], [0.5, 0.5], [0.5, 0.4], [0.4, 1.0, 1.2], [0.5, 0.5, 1.0]]
)
def test_what_is_no_further_look_is_refused(times: list[float]) -> None:
    with pytest.raises(ValueError, match="look"):
        look_bounds(times)


@settings(max_examples=60, deadline=None)
@given(fractions, st.data(), st.floats(0.0001, 0.3), st.booleans())
def test_the_p_value_is_at_most_alpha_exactly_when_a_bound_is_crossed(
    times: list[float], data: st.DataObject, alpha: float, is_last: bool
) -> None:
    z = data.draw(st.lists(distances, min_size=len(times), max_size=len(times)))
    p_value = look_p_value(times, z, is_last=is_last)
    bounds = look_bounds(times, alpha, is_last=is_last)
    nearest = max(abs(at) - bound for at, bound in zip(z, bounds, strict=True))

    assert LEAST_P_VALUE <= p_value <= 1
    if abs(nearest) > 1e-6:
        assert (p_value <= alpha) is (nearest > 0)


@settings(max_examples=30, deadline=None)
@given(fractions, st.data())
def test_the_p_value_never_rises(times: list[float], data: st.DataObject) -> None:
    z = data.draw(st.lists(distances, min_size=len(times), max_size=len(times)))
    p_values = [look_p_value(times[: k + 1], z[: k + 1]) for k in range(len(times))]

    assert all(later <= before * (1 + 1e-6) for before, later in pairwise(p_values))


def test_a_p_value_at_the_ends() -> None:
    assert look_p_value([], []) == 1
    assert look_p_value([0.2, 0.4], [0.0, 0.0]) == 1
    assert look_p_value([0.2, 0.4], [30.0, 1.0]) == LEAST_P_VALUE
    with pytest.raises(ValueError, match="one statistic"):
        look_p_value([0.2], [])


def test_conditional_power_is_what_walks_that_go_on_reach() -> None:
    z, t, drift, bound = 0.8, 0.4, 2.8, 2.03
    ends = z * math.sqrt(t) + np.random.default_rng(3).normal(drift * 0.6, 0.6**0.5, 400_000)

    assert conditional_power(z, t, bound, drift) == pytest.approx(
        np.mean(np.abs(ends) >= bound), abs=0.003
    )
    assert conditional_power(0.0, 1e-12, 1.959964, 2.8015852) == pytest.approx(0.8, abs=1e-5)
    with pytest.raises(ValueError, match="ahead"):
        conditional_power(1.0, 1.0, 2.0, 2.8)


def test_nothing_is_spent_before_the_first_visitor() -> None:
    assert spent(0.0) == 0
    assert spent(1.0) == spent(1.7) == pytest.approx(0.05)
