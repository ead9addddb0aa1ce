"""What effects are worth that were picked because they looked large.

Winners are picked by their estimates, so that those are too large on average: the winner's curse.
Empirical Bayes mends it (Efron 2011, "Tweedie's formula and selection bias", JASA 106; of sums of
winners: Lee and Shen 2018, "Winner's curse", KDD). True effects are taken to be normal around zero
with a variance that all experiments tell together, those that showed nothing included; an estimate
is then shrunk towards zero, the more so the less precise it is. What is expected of the truth given
the estimate does not depend on why the estimate was looked at.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from scipy.optimize import brentq

from experiments.statistics.arms import Arm

USUAL_EFFECT = 0.1
"""The spread of true relative lifts that is assumed before any experiment has told."""
WORTH_EXPERIMENTS = 4
"""So many experiments without error is that assumption worth."""
LEAST_SPREAD, GREATEST_SPREAD = 1e-4, 10.0


@dataclass(frozen=True)
class Effect:
    """A relative lift, 0.2 for +20%, and its standard error."""

    value: float
    error: float


def relative_effect(control: Arm, treatment: Arm) -> Effect | None:
    """The lift of `treatment` by the delta method; None where nothing varies or is measured."""
    base, value = control.value, treatment.value
    if not base or value is None or control.variance is None or treatment.variance is None:
        return None
    variance = treatment.variance / base**2 + value**2 * control.variance / base**4
    return Effect(value / base - 1, math.sqrt(variance)) if variance > 0 else None


def spread_of_effects(effects: Sequence[Effect]) -> float:
    """The standard deviation of true effects: the greatest of the posterior, whose likelihood is
    that of estimates around zero with variance spread² + error²."""

    def slope(log_variance: float) -> float:
        variance = math.exp(log_variance)
        assumed = WORTH_EXPERIMENTS * (USUAL_EFFECT**2 / variance - 1)
        told = 0.0
        for effect in effects:
            whole = variance + effect.error**2
            told += variance * (effect.value**2 - whole) / whole**2
        return assumed + told

    least, greatest = 2 * math.log(LEAST_SPREAD), 2 * math.log(GREATEST_SPREAD)
    if slope(greatest) >= 0:
        return GREATEST_SPREAD
    return math.exp(float(brentq(slope, least, greatest)) / 2)


def shrunk(effect: Effect, spread: float) -> Effect:
    """What is expected of the truth, and how far that may be off."""
    kept = spread**2 / (spread**2 + effect.error**2)
    return Effect(kept * effect.value, math.sqrt(kept) * effect.error)


def total(effects: Sequence[Effect]) -> Effect:
    """Of independent ones."""
    return Effect(
        math.fsum(effect.value for effect in effects),
        math.hypot(*(effect.error for effect in effects)),
    )
