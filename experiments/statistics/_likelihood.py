"""Intervals for proportions that the normal approximation cannot serve yet.

With few leads (or few visitors without one) the estimated variance is worth nothing: an arm with
no lead has variance 0, and divides the difference by too little. The likelihood ratio needs no
variance. All functions keep the rates (control, treatment) whose deviance from what was seen stays
within `limit`: a convex set, of which the difference and the ratio are read. Both leave out "no
difference" together, because both ask whether the set holds a point with equal rates.
"""

from __future__ import annotations

import math
from collections.abc import Callable

from experiments.statistics.arms import Proportion

MOST_STEPS = 100
PRECISION = 1e-13
# e^50: a ratio above it is as good as without bound, and safe to compute with.
HIGHEST_LOG_RATIO = 50.0


def deviance(arm: Proportion, rate: float) -> float:
    """Twice the log-likelihood ratio of the rate seen to `rate`; infinite where it's impossible."""
    total = 0.0
    for count, share in ((arm.sum, rate), (arm.n - arm.sum, 1 - rate)):
        if count:
            if share <= 0:
                return math.inf
            total += count * math.log(count / (arm.n * share))
    return max(0.0, 2 * total)


def deviance_at_ratio(control: Proportion, treatment: Proportion, ratio: float) -> float:
    """The least deviance among rates with treatment = ratio x control (ratio > 0).

    The likeliest control rate p solves ratio n p^2 - b p + x = 0, with n all visitors and x all
    leads; of its two roots the smaller is the rate.
    """
    n, leads = control.n + treatment.n, control.sum + treatment.sum
    b = ratio * (treatment.n + control.sum) + control.n + treatment.sum
    root = math.sqrt(max(0.0, b * b - 4 * ratio * n * leads))
    rate = 2 * leads / (b + root)
    rate = min(rate, 1.0, 1 / ratio)
    return deviance(control, rate) + deviance(treatment, min(1.0, ratio * rate))


def equality_statistic(control: Proportion, treatment: Proportion) -> float:
    """The likelihood-ratio statistic (G) of equal rates."""
    return deviance_at_ratio(control, treatment, 1.0)


def rate_interval(arm: Proportion, limit: float) -> tuple[float, float]:
    """The rates of one arm within `limit`, between 0 and 1."""
    seen = arm.sum / arm.n

    def excess(rate: float) -> float:
        return deviance(arm, rate) - limit

    lower = _root(excess, seen, 0.0) if arm.sum else 0.0
    upper = _root(excess, seen, 1.0) if arm.sum < arm.n else 1.0
    return lower, upper


def difference_interval(
    control: Proportion, treatment: Proportion, limit: float
) -> tuple[float, float]:
    """Treatment rate minus control rate, over all rates within `limit`; between -1 and 1."""
    return (
        -_largest_difference(treatment, control, limit),
        _largest_difference(control, treatment, limit),
    )


def ratio_interval(
    control: Proportion, treatment: Proportion, limit: float
) -> tuple[float, float | None]:
    """Treatment rate over control rate, over all rates within `limit`.

    The upper end is None, without bound, where the control's rate may be zero, or next to it.
    """
    highest_inverse = _largest_ratio(treatment, control, limit)
    lower = 0.0 if highest_inverse is None else 1 / highest_inverse
    return lower, _largest_ratio(control, treatment, limit)


def _largest_ratio(control: Proportion, treatment: Proportion, limit: float) -> float | None:
    """Searched on the logarithm, upwards from a ratio that is kept."""
    if not control.sum:
        return None

    def excess(log_ratio: float) -> float:
        return deviance_at_ratio(control, treatment, math.exp(log_ratio)) - limit

    inside, step = 0.0, 1.0
    if treatment.sum:
        inside = math.log(treatment.sum * control.n / (control.sum * treatment.n))
    else:
        while excess(inside) >= 0:
            inside -= step
            step *= 2
    outside = inside + step
    while excess(outside) <= 0:
        step *= 2
        outside = inside + step
        if outside > HIGHEST_LOG_RATIO:
            return None
    return math.exp(_root(excess, inside, outside))


def _largest_difference(control: Proportion, treatment: Proportion, limit: float) -> float:
    """Lagrange: along the path of `pull` both rates part as the likelihood gives way the least."""
    if not control.sum and treatment.sum == treatment.n:
        return 1.0
    without_lead = Proportion(control.n, control.n - control.sum)

    def rates(pull: float) -> tuple[float, float]:
        return 1 - _pulled_up(without_lead, pull), _pulled_up(treatment, pull)

    def excess(pull: float) -> float:
        control_rate, treatment_rate = rates(pull)
        return deviance(control, control_rate) + deviance(treatment, treatment_rate) - limit

    pull = 1.0
    while excess(pull) <= 0:
        pull *= 2
    control_rate, treatment_rate = rates(_root(excess, 0.0, pull))
    return treatment_rate - control_rate


def _pulled_up(arm: Proportion, pull: float) -> float:
    """The rate p with n (p - seen) = pull p (1 - p), that is pull p^2 + (n - pull) p - x = 0."""
    if not pull:
        return arm.sum / arm.n
    rest = arm.n - pull
    root = math.sqrt(rest * rest + 4 * pull * arm.sum)
    return 2 * arm.sum / (rest + root) if rest > 0 else (root - rest) / (2 * pull)


def _root(excess: Callable[[float], float], inside: float, outside: float) -> float:
    """Where `excess`, which is below zero at `inside` and above it at `outside`, crosses zero.

    Ridders' method: each step halves the bracket, then cuts it where an exponential through its
    ends and middle is zero. Some six steps do the work of fifty bisections.
    """
    at_inside, at_outside, last = excess(inside), excess(outside), math.inf
    for _ in range(MOST_STEPS):
        middle = point = (inside + outside) / 2
        at_middle = at_point = excess(middle)
        if math.isfinite(at_middle) and math.isfinite(at_outside):
            slope = math.sqrt(at_middle * at_middle - at_inside * at_outside)
            point = middle - (middle - inside) * at_middle / slope
            at_point = excess(point)
        if not at_point or abs(point - last) <= PRECISION * abs(point):
            return point
        last = point
        for end, at_end in ((middle, at_middle), (point, at_point)):
            if at_end > 0:
                outside, at_outside = end, at_end
            else:
                inside, at_inside = end, at_end
    return inside
