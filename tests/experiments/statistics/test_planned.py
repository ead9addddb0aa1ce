"""What a look says of treatments: p-value, intervals and decision are one test."""

from __future__ import annotations

import math
from dataclasses import asdict
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from experiments.statistics._likelihood import LikelihoodTest
from experiments.statistics._normal import NormalTest
from experiments.statistics.arms import Arm, Mean, Proportion, Ratio
from experiments.statistics.looks import conditional_power, look_bounds, look_p_value
from experiments.statistics.planned import (
    LookFigures,
    NoLook,
    TakenLook,
    planned_test,
    take_look,
    why_no_look,
)

CONTROL = Proportion(4000, 500)


def one(treatment: Arm, fraction: float, **more: Any) -> LookFigures:
    return take_look(CONTROL, [treatment], fraction, **more)


def test_an_interval_is_the_estimate_and_bound_standard_errors_about_it() -> None:
    treatment = Proportion(4000, 560)
    found = one(treatment, 0.6)
    error = math.sqrt(500 * 3500 / 4000**3 + 560 * 3440 / 4000**3)

    [comparison] = found.comparisons
    assert found.bound == look_bounds([0.6])[0]
    assert comparison.absolute.interval is not None
    assert comparison.absolute.interval.lower == pytest.approx(0.015 - found.bound * error)
    assert comparison.absolute.interval.upper == pytest.approx(0.015 + found.bound * error)
    assert found.taken.fraction == 0.6
    assert found.taken.statistics == pytest.approx((0.015 / error,))
    assert comparison.p_value == pytest.approx(look_p_value([0.6], [0.015 / error]))


def test_few_leads_are_judged_by_the_likelihood() -> None:
    few, many = Proportion(400, 40), Proportion(4000, 400)

    assert isinstance(planned_test(few, many), LikelihoodTest)
    assert isinstance(planned_test(many, many), NormalTest)


def test_the_last_look_spends_what_is_left_wherever_it_comes() -> None:
    treatment = Proportion(4000, 570)
    [open_still] = one(treatment, 0.6).comparisons
    [decided] = one(treatment, 0.6, is_last=True).comparisons

    assert not open_still.decided
    assert decided.decided
    assert decided.direction == 1


def test_an_earlier_winner_stays_one_whatever_the_later_looks() -> None:
    earlier = [TakenLook(0.5, (-3.1,))]
    for fraction in (0.8, 1.0, 1.6):
        [found] = one(Proportion(4000, 500), fraction, earlier=earlier, is_last=True).comparisons
        assert found.decided
        assert found.direction == -1
        assert found.adjusted_p_value is not None
        assert found.adjusted_p_value <= 0.05
        assert found.absolute.interval is not None
        assert not found.absolute.interval.excludes_zero


def test_several_treatments_share_five_percent() -> None:
    treatments = [Proportion(4000, 500), Proportion(4000, 572), Proportion(4000, 600)]
    found = take_look(CONTROL, treatments, 1.0)

    assert found.bound == pytest.approx(2.39398, abs=1e-5)
    assert [comparison.decided for comparison in found.comparisons] == [False, False, True]
    for comparison in found.comparisons:
        assert comparison.p_value is not None
        assert comparison.adjusted_p_value == pytest.approx(min(1, 3 * comparison.p_value))


arms = st.one_of(
    st.lists(st.builds(Proportion, st.just(900), st.integers(25, 875)), min_size=2, max_size=4),
    st.lists(
        st.builds(
            lambda n, low, high: Mean(2 * n, n * (low + high), n * (low**2 + high**2)),
            st.integers(50, 900),
            st.integers(0, 9),
            st.integers(0, 9),
        ),
        min_size=2,
        max_size=4,
    ),
)


@settings(max_examples=60, deadline=None)
@given(arms, st.floats(0.05, 1.2), st.floats(-3, 3), st.booleans())
def test_what_a_look_says_never_contradicts_itself(
    every: list[Arm], fraction: float, before: float, is_last: bool
) -> None:
    earlier = [TakenLook(fraction / 2, (before,) * (len(every) - 1))] if fraction < 1 else []
    found = take_look(every[0], every[1:], fraction, earlier, is_last=is_last, lift=0.2)
    paths = [
        (*(look.statistics[i] for look in earlier), z) for i, z in enumerate(found.taken.statistics)
    ]
    bounds = look_bounds(
        [*(look.fraction for look in earlier), fraction], 0.05 / len(paths), is_last=is_last
    )
    for comparison, path in zip(found.comparisons, paths, strict=True):
        crossed = [z is not None and abs(z) >= b for z, b in zip(path, bounds, strict=True)]
        assert comparison.decided is any(crossed)
        assert (comparison.direction != 0) is any(crossed)
        if comparison.adjusted_p_value is None or comparison.p_value is None:
            assert path == (None,)
            continue
        assert (comparison.adjusted_p_value <= 0.05) is any(crossed)
        assert (comparison.p_value <= 0.05 / len(paths)) is any(crossed)
        for lift in (comparison.absolute, comparison.relative):
            if path[-1] is None:
                assert lift.interval is None
                continue
            assert lift.interval is not None
            assert lift.interval.excludes_zero is crossed[-1]


@pytest.mark.parametrize(
    ("control", "treatment", "reason"),
    [
        (Proportion(0, 0), Proportion(500, 50), NoLook.NO_VISITORS),
        (Mean(400, 900, 9000), Mean(0, 0, 0), NoLook.NO_VISITORS),
        (Proportion(400, 40), Proportion(99, 50), NoLook.TOO_FEW_VISITORS),
        (Mean(99, 200, 900), Mean(400, 900, 9000), NoLook.TOO_FEW_VISITORS),
        (Proportion(400, 24), Proportion(400, 50), NoLook.TOO_FEW_OUTCOMES),
        (Proportion(400, 25), Proportion(400, 376), NoLook.TOO_FEW_OUTCOMES),
        (Proportion(400, 25), Proportion(400, 375), None),
        (Mean(100, 0, 0), Mean(100, 3, 9), None),
    ],
)
def test_no_look_before_every_variant_has_enough(
    control: Arm, treatment: Arm, reason: NoLook | None
) -> None:
    for is_last in (False, True):
        assert why_no_look([control, treatment], 0.5, is_last=is_last) is reason
        if reason:
            with pytest.raises(ValueError, match=reason.value):
                take_look(control, [treatment], 0.5, is_last=is_last)


def test_a_look_is_taken_once() -> None:
    arms = [CONTROL, CONTROL]

    assert why_no_look(arms, 0.5, [TakenLook(0.5, (0.1,))]) is NoLook.NOTHING_NEW
    assert why_no_look(arms, 0.4, [TakenLook(0.5, (0.1,))]) is NoLook.NOTHING_NEW
    assert why_no_look(arms, 0.4, [TakenLook(0.5, (0.1,))], is_last=True) is None
    assert why_no_look(arms, 1.2, [TakenLook(1.0, (0.1,))], is_last=True) is NoLook.ALL_TAKEN
    assert why_no_look(arms, 0.0) is NoLook.NOTHING_NEW


def test_a_look_after_people_were_left_out_may_be_the_last() -> None:
    found = one(Proportion(3900, 560), 0.55, earlier=[TakenLook(0.6, (1.2,))], is_last=True)

    assert found.bound == pytest.approx(1.959964, abs=1e-6)
    assert found.is_last


def test_futile_is_a_decision_that_is_less_than_ten_percent_likely() -> None:
    for leads in range(400, 560, 5):
        found = one(Proportion(4000, leads), 0.5, lift=0.2)
        error = math.sqrt(500 * 3500 / 4000**3 + leads * (4000 - leads) / 4000**3)
        z = (leads - 500) / 4000 / error
        drift = 0.2 * 0.125 / error / math.sqrt(0.5)
        chance = conditional_power(z, 0.5, look_bounds([0.5, 1.0])[-1], drift)
        assert found.is_futile is (chance < 0.10 and not found.comparisons[0].decided)


def test_futility_asks_every_treatment_that_is_open() -> None:
    hopeless, hopeful, winner = Proportion(4000, 440), Proportion(4000, 540), Proportion(4000, 700)

    def is_futile(*treatments: Arm) -> bool | None:
        return take_look(CONTROL, treatments, 0.6, lift=0.2).is_futile

    assert is_futile(hopeless, hopeless)
    assert is_futile(hopeless, winner)
    assert not is_futile(hopeless, hopeful)
    assert is_futile(winner) is False


def test_futility_is_not_asked_without_a_plan_or_a_future() -> None:
    assert one(Proportion(4000, 440), 0.6).is_futile is None
    assert one(Proportion(4000, 440), 0.6, is_last=True, lift=0.2).is_futile is None
    assert one(Proportion(4000, 440), 1.0, lift=0.2).is_futile is None
    nothing = Mean(400, 0, 0)
    assert take_look(nothing, [nothing], 0.5, lift=0.2).is_futile is None


def test_arms_in_which_nothing_varies_decide_nothing_and_may_later() -> None:
    same = Mean(400, 400, 400)
    found = take_look(same, [same], 0.4)
    assert found.taken.statistics == (None,)
    assert found.comparisons[0].p_value is None
    assert found.comparisons[0].reason is not None

    later = take_look(Mean(800, 900, 2000), [Mean(800, 1500, 5000)], 0.8, [found.taken])
    assert later.comparisons[0].decided


@pytest.mark.parametrize("small_is_control", [True, False])
def test_the_smaller_variant_is_lent_spread_for_its_averages(small_is_control: bool) -> None:
    """Its 100 visitors have hardly varied, relative to their value, beside 2,000 that did."""
    small, large = (
        Ratio(100, 1000, 10_400, 100, 100, 1000),
        Ratio(2000, 8000, 64_000, 2000, 2000, 8000),
    )
    arms = (small, large) if small_is_control else (large, small)
    test = planned_test(*arms)
    assert isinstance(test, NormalTest)
    lent, kept = (
        (test.control, test.treatment) if small_is_control else (test.treatment, test.control)
    )
    per_visitor = [(arm.variance or 0) * arm.n / (arm.value or 1) ** 2 for arm in (small, large)]
    spread = (100 * per_visitor[0] + 2000 * per_visitor[1]) / 2100

    assert lent.variance == pytest.approx(spread * 10**2 / 100)
    assert kept.variance == large.variance
    assert planned_test(large, large) == NormalTest(kept, kept)


def test_a_spread_of_its_own_that_is_larger_is_kept() -> None:
    wild, calm = Mean(100, 400, 9000), Mean(2000, 8000, 40_000)
    test = planned_test(calm, wild)

    assert isinstance(test, NormalTest)
    assert test.treatment.variance == wild.variance


def test_every_figure_is_finite() -> None:
    figures = asdict(one(Proportion(4000, 3900), 0.001))

    def numbers(of: Any) -> list[float]:
        if isinstance(of, dict):
            return [number for value in of.values() for number in numbers(value)]
        if isinstance(of, list | tuple):
            return [number for value in of for number in numbers(value)]
        return [of] if isinstance(of, float) else []

    assert all(math.isfinite(number) for number in numbers(figures))
