"""Winners look better than they are; shrunk, they look as they are."""

import math

import numpy as np
import pytest

from experiments.statistics import Mean, Proportion
from experiments.statistics.shrinkage import (
    USUAL_EFFECT,
    Effect,
    relative_effect,
    shrunk,
    spread_of_effects,
    total,
)


def test_the_lift_and_its_error_are_the_delta_methods() -> None:
    effect = relative_effect(Proportion(1_000, 100), Proportion(1_000, 150))
    assert effect is not None
    assert effect.value == pytest.approx(0.5)
    by_hand = 0.15 * 0.85 / 1_000 / 0.1**2 + 0.15**2 * (0.1 * 0.9 / 1_000) / 0.1**4
    assert effect.error == pytest.approx(math.sqrt(by_hand))


@pytest.mark.parametrize(
    ("control", "treatment"),
    [
        (Proportion(0, 0), Proportion(10, 1)),
        (Proportion(10, 0), Proportion(10, 1)),
        (Proportion(10, 10), Proportion(10, 10)),
        (Mean(1, 3, 9), Mean(10, 30, 100)),
    ],
)
def test_where_nothing_is_known_of_the_error_there_is_no_effect(
    control: Proportion, treatment: Proportion
) -> None:
    assert relative_effect(control, treatment) is None


def test_without_experiments_the_spread_is_the_usual_one() -> None:
    assert spread_of_effects([]) == pytest.approx(USUAL_EFFECT)


def test_by_hand_where_every_error_is_nothing() -> None:
    """Then it is the mean square of the estimates and of four usual effects."""
    effects = [Effect(0.3, 0.0), Effect(-0.2, 0.0)]
    by_hand = math.sqrt((4 * 0.1**2 + 0.3**2 + 0.2**2) / 6)
    assert spread_of_effects(effects) == pytest.approx(by_hand)


@pytest.mark.parametrize("value", [0.0, 1e-9, 1e9])
def test_it_is_never_without_an_answer(value: float) -> None:
    assert 0 < spread_of_effects([Effect(value, 1e-9)] * 50) <= 10
    assert 0 < spread_of_effects([Effect(value, 1e9)] * 50) <= 10


def test_an_estimate_is_shrunk_the_more_the_less_precise_it_is() -> None:
    assert shrunk(Effect(0.2, 0.1), 0.1).value == pytest.approx(0.1)
    assert shrunk(Effect(0.2, 0.1), 0.1).error == pytest.approx(math.sqrt(0.5) * 0.1)
    assert shrunk(Effect(0.2, 0.0), 0.1) == Effect(0.2, 0.0)
    assert abs(shrunk(Effect(0.2, 10.0), 0.1).value) < 0.001


def test_sums_of_winners_are_too_large_and_shrunk_ones_are_not() -> None:
    random = np.random.default_rng(20260727)
    raw_bias, mended_bias, covered = [], [], []
    for _ in range(400):
        truths = random.normal(0, 0.08, 60)
        errors = random.uniform(0.03, 0.15, 60)
        effects = [
            Effect(*pair) for pair in zip(random.normal(truths, errors), errors, strict=True)
        ]
        spread = spread_of_effects(effects)
        winners = [number for number, one in enumerate(effects) if one.value > 1.96 * one.error]
        if not winners:
            continue
        truth = truths[winners].sum()
        raw = total([effects[number] for number in winners])
        mended = total([shrunk(effects[number], spread) for number in winners])
        raw_bias.append((raw.value - truth) / len(winners))
        mended_bias.append((mended.value - truth) / len(winners))
        covered.append(abs(mended.value - truth) <= 1.96 * mended.error)
    assert np.mean(raw_bias) > 0.03
    assert abs(np.mean(mended_bias)) < 0.005
    assert np.mean(covered) > 0.92
