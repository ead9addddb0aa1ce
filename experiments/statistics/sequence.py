"""The asymptotic confidence sequence: an interval that one may look at as often as one likes.

Source of the formulas: Waudby-Smith, Arbour, Sinha, Kennedy and Ramdas, "Time-uniform central
limit theory and asymptotic confidence sequences", arXiv 2103.06476v7, equations 9, 155 and 161.
`n` is the number of visitors of both arms together; a `statistic` is the squared distance from a
hypothesis in standard errors (z^2), or a likelihood-ratio statistic, which tends to the same.
"""

from __future__ import annotations

import math

ALPHA = 0.05
TUNED_FOR_VISITORS = 5_000


def tuning(visitors: float = TUNED_FOR_VISITORS, alpha: float = ALPHA) -> float:
    """rho squared, which makes the sequence tightest about `visitors` (equation 161).

    A test keeps the same rho at every level that it is read at, so that its p-value falls under
    alpha exactly when the interval at that alpha leaves out the hypothesis.
    """
    spent = -2 * math.log(alpha)
    return (spent + math.log(spent + 1)) / visitors


def critical_statistic(n: int, alpha: float = ALPHA, rho_squared: float | None = None) -> float:
    """The statistic above which a hypothesis is left out: equation 9, squared, per variance."""
    information = n * (tuning() if rho_squared is None else rho_squared)
    return (1 + information) / information * (math.log1p(information) - 2 * math.log(alpha))


def log_p_value(n: int, statistic: float, rho_squared: float | None = None) -> float:
    """The logarithm, at most 0, of the always-valid p-value (equation 155).

    In logarithms because the e-value, its inverse, overflows long before p reaches zero.
    """
    information = n * (tuning() if rho_squared is None else rho_squared)
    return min(0.0, 0.5 * (math.log1p(information) - statistic * information / (1 + information)))


def sequential_interval(
    difference: float, variance: float, n: int, alpha: float = ALPHA, tuned_for: float | None = None
) -> tuple[float, float]:
    """The plain sequence about a difference: valid at all sample sizes at once, given normality.

    `variance` is that of the difference. `tuned_for` is in visitors.
    """
    rho_squared = tuning(TUNED_FOR_VISITORS if tuned_for is None else tuned_for, alpha)
    half_width = math.sqrt(variance * critical_statistic(n, alpha, rho_squared))
    return difference - half_width, difference + half_width


def sequential_p_value(
    difference: float, variance: float, n: int, alpha: float = ALPHA, tuned_for: float | None = None
) -> float:
    """The plain sequence's p-value against no difference; `alpha` only tunes it."""
    rho_squared = tuning(TUNED_FOR_VISITORS if tuned_for is None else tuned_for, alpha)
    return math.exp(log_p_value(n, difference * difference / variance, rho_squared))
