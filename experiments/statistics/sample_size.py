"""How many visitors would it take to see a given lift, and how long at the current pace?

All figures are per variant, for equal shares, two-sided at 5% and with 80% power. They start from
the control as measured. None means that the control doesn't allow an answer yet, or (a proportion
lifted beyond 100%) that there is none.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from scipy.special import ndtri

from experiments.statistics.arms import Arm, Proportion
from experiments.statistics.sequence import ALPHA, critical_statistic

POWER = 0.80
MOST_VISITORS = 10**12


def visitors_for_one_look(control: Arm, lift: float, *, treatments: int = 1) -> int | None:
    """Visitors per variant for a single look at the end by the textbook test."""
    quantile = float(ndtri(1 - ALPHA / treatments / 2))
    return _rounded_up(_visitors(control, lift, quantile))


def visitors_while_watched(control: Arm, lift: float, *, treatments: int = 1) -> int | None:
    """Visitors per variant by when the deciding sequence will have found `lift` (0.2 for +20%).

    The sequence may decide at any look before; the power counts only the last, and is so at
    least 80%. Its threshold depends on the visitors (2n) that it is asked for: the answer is the
    least n that suffices for its own threshold, found by bisection.
    """

    def suffices(visitors: int) -> bool:
        limit = critical_statistic(2 * visitors, ALPHA / treatments)
        needed = _visitors(control, lift, math.sqrt(limit))
        return needed is not None and needed <= visitors

    if _visitors(control, lift, 0.0) is None:
        return None
    few, enough = 0, 1
    while not suffices(enough):
        few, enough = enough, enough * 2
        if enough > MOST_VISITORS:
            return None
    while enough - few > 1:
        middle = (few + enough) // 2
        few, enough = (few, middle) if suffices(middle) else (middle, enough)
    return enough


def days_until(
    required: int | None, visitors: Sequence[int], recent: Sequence[int], days: float
) -> float | None:
    """Days until every variant has `required` visitors, at its own pace: `recent` in `days`.

    0 when they are there; None where a variant is not growing, or nothing is required.
    """
    if required is None:
        return None
    missing = [
        (required - seen, pace)
        for seen, pace in zip(visitors, recent, strict=True)
        if seen < required
    ]
    if not missing:
        return 0.0
    if days <= 0 or any(not pace for _, pace in missing):
        return None
    return max(lacking / pace for lacking, pace in missing) * days


def _visitors(control: Arm, lift: float, quantile: float) -> float | None:
    """The number per variant from which a difference of `quantile` standard errors has the power.

    For proportions the null hypothesis pools both rates (Fleiss); means and ratios keep the
    variance per visitor that the control has.
    """
    value, variance = control.value, control.variance
    if not value or not variance or not lift:
        return None
    power_quantile = float(ndtri(POWER))
    if isinstance(control, Proportion):
        lifted = value * (1 + lift)
        if not 0 < lifted < 1:
            return None
        pooled = (value + lifted) / 2
        under_null = math.sqrt(2 * pooled * (1 - pooled))
        under_lift = math.sqrt(value * (1 - value) + lifted * (1 - lifted))
    else:
        under_null = under_lift = math.sqrt(2 * variance * control.n)
    return ((quantile * under_null + power_quantile * under_lift) / (lift * value)) ** 2


def _rounded_up(visitors: float | None) -> int | None:
    return None if visitors is None or visitors > MOST_VISITORS else max(1, math.ceil(visitors))
