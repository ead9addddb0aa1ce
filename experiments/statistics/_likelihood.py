"""Intervals for proportions that the normal approximation cannot serve yet.

With few leads (or few visitors without one) the estimated variance is worth nothing: an arm with
no lead has variance 0, and divides the difference by too little. The likelihood ratio needs no
variance. Every interval keeps the rates (control, treatment) whose deviance from what was seen
stays within `limit`: a convex set, of which the difference and the ratio are read. Both leave out
"no difference" together, because both ask whether the set holds a point with equal rates.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from scipy.optimize import brentq

from experiments.statistics.arms import Proportion

# Relative, and finer than a result needs: of a pull close to n only the distance from n matters,
# which may be a millionth of it. Beyond this rounding hides the rest, and steps would be wasted.
PRECISION = 1e-14
# For the logarithms near zero: no closer ones can be told apart once they are rates or ratios.
ABSOLUTE_PRECISION = 1e-16
# Some ten do, but where rounding makes stairs of the curve, nearly a hundred were seen.
MOST_STEPS = 500
# e^50: a ratio above it is as good as without bound, and safe to compute with.
HIGHEST_LOG_RATIO = 50.0


@dataclass(frozen=True)
class LikelihoodTest:
    """The likelihood-ratio test of two proportions, each with at least one visitor."""

    control: Proportion
    treatment: Proportion

    def statistic(self) -> float:
        """The likelihood-ratio statistic (G) of equal rates."""
        return _deviance_at_ratio(self.control, self.treatment, 1.0)

    def difference_interval(self, limit: float) -> tuple[float, float]:
        """Treatment rate minus control rate, over all rates within `limit`; between -1 and 1."""
        return (
            -_largest_difference(self.treatment, self.control, limit),
            _largest_difference(self.control, self.treatment, limit),
        )

    def ratio_interval(self, limit: float) -> tuple[float, float | None]:
        """Treatment rate over control rate, over all rates within `limit`.

        The upper end is None, without bound, where the control's rate may be zero, or next to it.
        """
        highest_inverse = _largest_ratio(self.treatment, self.control, limit)
        lower = 0.0 if highest_inverse is None else 1 / highest_inverse
        return lower, _largest_ratio(self.control, self.treatment, limit)


def rate_interval(arm: Proportion, limit: float) -> tuple[float, float]:
    """The rates of one arm within `limit`, between 0 and 1."""
    # expm1, because the highest rate may be a millionth, of which 1 - exp would lose digits.
    highest = -math.expm1(_least_log_rate(_without_lead(arm), limit))
    return math.exp(_least_log_rate(arm, limit)), highest


def deviance(arm: Proportion, rate: float) -> float:
    """Twice the log-likelihood ratio of the rate seen to `rate`; infinite where it's impossible."""
    total = 0.0
    for count, share in ((arm.sum, rate), (arm.n - arm.sum, 1 - rate)):
        if count:
            if share <= 0:
                return math.inf
            total += count * math.log(count / (arm.n * share))
    return max(0.0, 2 * total)


def _deviance_at_ratio(control: Proportion, treatment: Proportion, ratio: float) -> float:
    """The least deviance among rates with treatment = ratio x control (ratio > 0).

    The likeliest control rate p solves ratio n p^2 - (b + c) p + x = 0, with n all visitors and x
    all leads; of its two roots the smaller is the rate. Its discriminant is written as
    (b - c)^2 + 4 ratio y, with y from the visitors without a lead, which loses no digits.
    """
    b, c = ratio * (treatment.n + control.sum), control.n + treatment.sum
    y = (control.n - control.sum) * (treatment.n - treatment.sum)
    root = math.sqrt((b - c) ** 2 + 4 * ratio * y)
    rate = 2 * (control.sum + treatment.sum) / (b + c + root)
    rate = min(rate, 1.0, 1 / ratio)
    return deviance(control, rate) + deviance(treatment, min(1.0, ratio * rate))


def _least_log_rate(arm: Proportion, limit: float) -> float:
    """The logarithm of the least rate of one arm within `limit`."""
    if not arm.sum:
        return -math.inf
    if arm.sum == arm.n:
        return -limit / (2 * arm.n)
    seen = math.log(arm.sum / arm.n)
    # The deviance is 2 sum log(seen / rate), of which visitors without a lead take back less than
    # 2 sum. Both together are over `limit` here by 2 sum, which is more than rounding takes.
    beyond = seen - limit / (2 * arm.sum) - 2
    return _crossing(lambda log_rate: deviance(arm, math.exp(log_rate)), limit, seen, beyond)


def _largest_ratio(control: Proportion, treatment: Proportion, limit: float) -> float | None:
    """Searched on the logarithm, upwards from a ratio that is kept."""
    if not control.sum:
        return None

    def least_deviance(log_ratio: float) -> float:
        return _deviance_at_ratio(control, treatment, math.exp(log_ratio))

    inside, step = 0.0, 1.0
    if treatment.sum:
        inside = math.log(treatment.sum * control.n / (control.sum * treatment.n))
    else:
        while least_deviance(inside) >= limit:
            inside -= step
            step *= 2
    outside = inside + step
    while least_deviance(outside) <= limit:
        step *= 2
        outside = inside + step
        if outside > HIGHEST_LOG_RATIO:
            return None
    return math.exp(_crossing(least_deviance, limit, inside, outside))


def _largest_difference(control: Proportion, treatment: Proportion, limit: float) -> float:
    """Lagrange: along the path of `pull` both rates part as the likelihood gives way the least."""
    if not control.sum and treatment.sum == treatment.n:
        return 1.0
    without_lead = _without_lead(control)

    def rates(pull: float) -> tuple[float, float]:
        return 1 - _pulled_up(without_lead, pull), _pulled_up(treatment, pull)

    def least_deviance(pull: float) -> float:
        control_rate, treatment_rate = rates(pull)
        return deviance(control, control_rate) + deviance(treatment, treatment_rate)

    # The pull by the normal approximation, with one more of each kind so that no variance is 0.
    variance = sum((arm.sum + 1) * (arm.n - arm.sum + 1) / arm.n**3 for arm in (control, treatment))
    inside, outside = 0.0, math.sqrt(limit / variance)
    while least_deviance(outside) <= limit:
        inside, outside = outside, 2 * outside
    control_rate, treatment_rate = rates(_crossing(least_deviance, limit, inside, outside))
    return treatment_rate - control_rate


def _without_lead(arm: Proportion) -> Proportion:
    return Proportion(arm.n, arm.n - arm.sum)


def _pulled_up(arm: Proportion, pull: float) -> float:
    """The rate p with n (p - seen) = pull p (1 - p), that is pull p^2 + (n - pull) p - x = 0."""
    if not pull:
        return arm.sum / arm.n
    rest = arm.n - pull
    root = math.sqrt(rest * rest + 4 * pull * arm.sum)
    return 2 * arm.sum / (rest + root) if rest > 0 else (root - rest) / (2 * pull)


def _crossing(
    deviance_at: Callable[[float], float], limit: float, inside: float, outside: float
) -> float:
    """Where `deviance_at`, within `limit` at `inside` and beyond it at `outside`, crosses it.

    Searched on the deviance's root, which is nearly a straight line: it takes few steps.
    """
    height = math.sqrt(limit)

    def excess(at: float) -> float:
        # Cut off far above the crossing, because brentq needs finite values.
        return min(math.sqrt(deviance_at(at)), 10 * height) - height

    return brentq(
        excess, inside, outside, xtol=ABSOLUTE_PRECISION, rtol=PRECISION, maxiter=MOST_STEPS
    )
