"""Group sequential looks: at most a few, planned beforehand, for half of the visitors.

Lan and DeMets, "Discrete sequential boundaries for clinical trials" (Biometrika 70, 1983): how much
of alpha may have been spent is a function of the information fraction t, the share of the planned
visitors that are in. So looks may come at any fractions, which need not be known before, and what a
later look does never changes an earlier bound. Here each side spends 2 - 2 Phi(z(alpha/4)/sqrt(t)),
z(q) being the upper q quantile: next to nothing early, so that the last bound is nearly that of a
single look (O'Brien and Fleming's shape). Jennison and Turnbull, "Group Sequential Methods"
(2000), chapters 7, 9 and 19, is the source of what is made of it.

A look is crossed when |z|, the difference in standard errors, is at its bound or beyond. `alpha` is
that of one comparison, two-sided: of several treatments each gets 5% over their number.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache

from scipy.optimize import brentq
from scipy.special import ndtr, ndtri

from experiments.statistics._recursion import crossing_chances, spending_bounds
from experiments.statistics.sequence import ALPHA

# A look needs this share of the plan's visitors more than the one before it.
LEAST_GAIN = 1e-4
# A smaller p-value is given as this: no chance so small is worth its integration.
LEAST_P_VALUE = 1e-15
MOST_P_VALUE = 1 - 1e-9


def spent(fraction: float, alpha: float = ALPHA) -> float:
    """What both sides together may have spent by this information fraction: alpha from 1 on."""
    if fraction <= 0:
        return 0.0
    return min(alpha, 4 * float(ndtr(ndtri(alpha / 4) / math.sqrt(min(1.0, fraction)))))


def look_bounds(
    fractions: Sequence[float], alpha: float = ALPHA, *, is_last: bool = False
) -> tuple[float, ...]:
    """The bound on |z| of every look taken so far.

    Args:
        fractions: information at each look, in shares of the plan, each at least `LEAST_GAIN` more
            than the one before; the last look may have as much as the one before, or, after people
            were left out, less: then it is that look again, with more to spend. Over 1 is overrun.
        alpha: of this comparison, both sides together.
        is_last: no look will follow, so that all that is left is spent. A fraction of 1 is last by
            itself.

    Raises:
        ValueError: a look that adds nothing, or one after all was spent.
    """
    return _look_bounds(tuple(map(float, fractions)), float(alpha), is_last)


@lru_cache(maxsize=1024)
def _look_bounds(fractions: tuple[float, ...], alpha: float, is_last: bool) -> tuple[float, ...]:
    gains = [after - before for before, after in zip((0.0, *fractions), fractions, strict=False)]
    repeats = is_last and len(fractions) > 1 and gains[-1] < LEAST_GAIN
    if any(gain < LEAST_GAIN for gain in (gains[:-1] if repeats else gains)):
        raise ValueError(f"Each look needs more visitors than the one before: {fractions}.")
    if any(fraction >= 1 for fraction in fractions[:-1]):
        raise ValueError(f"All was spent before the last of these looks: {fractions}.")
    by_then = [spent(fraction, alpha) for fraction in fractions]
    if is_last and by_then:
        by_then[-1] = alpha
    if not repeats:
        return spending_bounds(fractions, _increments(by_then))
    again = spending_bounds(fractions[:-1], _increments([*by_then[:-2], alpha]))
    return *_look_bounds(fractions[:-1], alpha, False), again[-1]


def _increments(by_then: Sequence[float]) -> list[float]:
    return [after - before for before, after in zip((0.0, *by_then), by_then, strict=False)]


def look_p_value(
    fractions: Sequence[float], statistics: Sequence[float], *, is_last: bool = False
) -> float:
    """The smallest alpha at which the looks so far would have crossed a bound.

    Bounds fall as alpha rises, so that it is found by a search. It never rises with further looks
    before the last, and is under any alpha in at most that share of experiments alike.

    Args:
        fractions: as for `look_bounds`.
        statistics: z of each look; 0 where nothing could be tested.

    Returns:
        Between `LEAST_P_VALUE` and 1.
    """
    distances = [abs(z) for z in statistics]
    if len(distances) != len(fractions):
        raise ValueError("Each look has one statistic.")

    def excess(log_alpha: float) -> float:
        bounds = look_bounds(fractions, math.exp(log_alpha), is_last=is_last)
        return max(z - bound for z, bound in zip(distances, bounds, strict=True))

    low, high = math.log(LEAST_P_VALUE), math.log(MOST_P_VALUE)
    if not distances or excess(high) < 0:
        return 1.0
    if excess(low) >= 0:
        return LEAST_P_VALUE
    return math.exp(brentq(excess, low, high, xtol=1e-10))


def conditional_power(
    statistic: float, fraction: float, last_bound: float, drift: float, last_fraction: float = 1.0
) -> float:
    """The chance that the last look crosses its bound, on either side, given z at this look.

    Args:
        statistic: z now, at information `fraction`, which must be under `last_fraction`.
        last_bound: on |z| at the last look.
        drift: the mean of z at information 1, were the lift that is asked about the true one.
    """
    left = last_fraction - fraction
    if left <= 0:
        raise ValueError("The last look lies ahead.")
    mean = statistic * math.sqrt(fraction) + drift * left
    edge, width = last_bound * math.sqrt(last_fraction), math.sqrt(left)
    return float(ndtr((mean - edge) / width) + ndtr((-edge - mean) / width))


def even_looks(looks: int) -> tuple[float, ...]:
    """The fractions of looks that divide the plan evenly.

    Raises:
        ValueError: fewer than one look.
    """
    if looks < 1:
        raise ValueError("A plan has a look at its end.")
    return tuple((look + 1) / looks for look in range(looks))


def power_of_looks(drift: float, looks: int, alpha: float = ALPHA) -> float:
    """The chance that any of so many even looks crosses; `drift` is the mean of z at the end."""
    fractions = even_looks(looks)
    chances = crossing_chances(fractions, look_bounds(fractions, alpha), drift)
    return math.fsum(below + above for below, above in chances)


@lru_cache(maxsize=256)
def drift_for_power(power: float, looks: int, alpha: float = ALPHA) -> float:
    """The mean that z must have at the end for even looks to find it with this chance."""
    highest = 10.0 - float(ndtri(alpha / 2))
    return brentq(lambda drift: power_of_looks(drift, looks, alpha) - power, 0.0, highest)


def inflation(looks: int, alpha: float = ALPHA, power: float = 0.80) -> float:
    """How many times the visitors of a single look the plan needs, for the same power."""
    return (drift_for_power(power, looks, alpha) / drift_for_power(power, 1, alpha)) ** 2


def expected_share(drift: float, looks: int, alpha: float = ALPHA) -> float:
    """The mean share of the planned visitors that are in when even looks first cross, or end."""
    fractions = even_looks(looks)
    chances = crossing_chances(fractions, look_bounds(fractions, alpha), drift)
    stopped = [below + above for below, above in chances]
    early = math.fsum(t * chance for t, chance in zip(fractions[:-1], stopped, strict=False))
    return early + 1 - math.fsum(stopped[:-1])
