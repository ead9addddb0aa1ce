"""The tests' statistics for many experiments at once, worked out apart from the product's own."""

from __future__ import annotations

import numpy as np
from scipy.special import xlogy

from bench.simulation.populations import Sums, Values


def value_and_variance(sums: Sums) -> tuple[Values, Values]:
    """Of a ratio; a mean is one over ones, and a proportion differs by (n - 1) / n."""
    n = np.atleast_2d(sums.n)
    value = sums.x / sums.y
    squares = sums.xx - 2 * value * sums.xy + value**2 * sums.yy
    return value, np.maximum(squares, 0) * n / (n - 1) / sums.y**2


def deviance(count: Values, n: Values, rate: Values) -> Values:
    """Twice the log-likelihood ratio of the rate seen to `rate`."""
    possible = np.clip(rate, 0, 1)
    likeliest = xlogy(count, count / n) + xlogy(n - count, 1 - count / n)
    seen = xlogy(count, possible) + xlogy(n - count, 1 - possible)
    result: Values = np.asarray(2 * (likeliest - seen), dtype=np.float64)
    return result


def least_deviance_at_ratio(a: Values, n_a: Values, b: Values, n_b: Values, ratio: float) -> Values:
    """`a` of `n_a` visitors (control) and `b` of `n_b`, at the likeliest rates of that ratio."""
    middle = ratio * (n_b + a) + n_a + b
    root = np.sqrt(np.maximum(0, middle**2 - 4 * ratio * (n_a + n_b) * (a + b)))
    rate = np.minimum(2 * (a + b) / (middle + root), min(1, 1 / ratio))
    return deviance(a, n_a, rate) + deviance(b, n_b, ratio * rate)


def least_deviance_at_difference(
    a: Values, n_a: Values, b: Values, n_b: Values, difference: float
) -> Values:
    """The likelihood's slope falls in the control's rate: bisected, unlike the product."""
    low: Values = np.full(a.shape, max(0.0, -difference))
    high: Values = np.full(a.shape, min(1.0, 1 - difference))
    for _ in range(50):
        rate = (low + high) / 2
        lifted = rate + difference
        slope = a / rate - (n_a - a) / (1 - rate) + b / lifted - (n_b - b) / (1 - lifted)
        rising = slope > 0
        low[rising], high[~rising] = rate[rising], rate[~rising]
    rate = (low + high) / 2
    return deviance(a, n_a, rate) + deviance(b, n_b, rate + difference)
