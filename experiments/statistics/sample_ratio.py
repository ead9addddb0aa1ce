"""Did visitors arrive in the shares that the weights promise?

`watched_p_value` may be looked at all the time, and is what results show. The textbook's
`sample_ratio_p_value` promises its error rate for one look; it stands beside it for comparison.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import bdtr, bdtrc, chdtrc, gammaln, logsumexp

# What the mixture of alternatives leans on, in visitors: 100 notices gross faults within dozens of
# visitors, 10,000 sees slight ones among many. Either alone is blind to what the other finds.
PRIOR_VISITORS = (100.0, 10_000.0)

# Below this many expected visitors in a variant, chi-square's tail is not to be trusted.
ENOUGH_EXPECTED = 5


def watched_p_value(looks: ArrayLike, weights: Sequence[int]) -> float | None:
    """The p-value of the split, valid however often and whenever it is looked at.

    Lindon and Malek, "Anytime-valid inference for multinomial count data" (NeurIPS 2022): the Bayes
    factor of a Dirichlet alternative around the intended shares is a martingale while the split is
    as intended, and so is a mean of two. By Ville's inequality it ever passes 1/a in at most a
    share a of such experiments; p is one over the greatest so far, so that it never rises again.

    Args:
        looks: shape (looks, variants), the visitors of every variant at each look, in order.
        weights: one a variant; variants without weight are left out.

    Returns:
        None where there is nothing to compare: no visitors, or one variant.
    """
    counts, shares = _compared(looks, weights)
    if len(shares) < 2 or not counts.size or not counts[-1].sum():
        return None
    evidence = logsumexp([_log_bayes_factor(counts, shares, n) for n in PRIOR_VISITORS], axis=0)
    greatest = float(np.max(evidence)) - math.log(len(PRIOR_VISITORS))
    return math.exp(-max(0.0, greatest))


def _compared(
    looks: ArrayLike, weights: Sequence[int]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    kept = [index for index, weight in enumerate(weights) if weight > 0]
    counts = np.asarray(looks, dtype=np.float64).reshape(-1, len(weights))[:, kept]
    shares = np.asarray([weights[index] for index in kept], dtype=np.float64)
    return counts, shares / shares.sum()


def _log_bayes_factor(
    counts: NDArray[np.float64], shares: NDArray[np.float64], prior_visitors: float
) -> NDArray[np.float64]:
    """At each look: how much likelier the counts are under shares drawn around `shares` from a
    Dirichlet distribution worth `prior_visitors` than under `shares` themselves."""
    prior = prior_visitors * shares
    of_all = gammaln(prior_visitors) - gammaln(prior_visitors + counts.sum(axis=1))
    of_each = gammaln(prior + counts) - gammaln(prior) - counts * np.log(shares)
    return np.asarray(of_all + of_each.sum(axis=1))


def sample_ratio_p_value(visitors: Sequence[int], weights: Sequence[int]) -> float | None:
    """The chance of a split at least this uneven, were visitors assigned by `weights`.

    Chi-square over the variants with weight. While a variant expects fewer than 5 visitors (a
    weight of 1 beside 1,000,000, say), each variant's count is tested exactly against its binomial
    distribution instead, and the smallest p-value is corrected for their number. None where there
    is nothing to compare: no visitors, or one variant.
    """
    pairs = [(seen, weight) for seen, weight in zip(visitors, weights, strict=True) if weight > 0]
    total = sum(seen for seen, _ in pairs)
    if len(pairs) < 2 or not total:
        return None
    total_weight = sum(weight for _, weight in pairs)
    if min(weight for _, weight in pairs) * total < ENOUGH_EXPECTED * total_weight:
        smallest = min(_binomial(seen, total, weight / total_weight) for seen, weight in pairs)
        # With two variants, one count decides the other: a single test.
        return min(1.0, smallest * (len(pairs) if len(pairs) > 2 else 1))
    # Each (seen - expected)^2 / expected over whole numbers, rounded once.
    statistic = sum(
        (seen * total_weight - total * weight) ** 2 / (total * weight * total_weight)
        for seen, weight in pairs
    )
    return float(chdtrc(len(pairs) - 1, statistic))


def _binomial(seen: int, total: int, share: float) -> float:
    """Two-sided exact p-value: twice the smaller tail."""
    at_most = float(bdtr(seen, total, share))
    at_least = float(bdtrc(seen - 1, total, share)) if seen else 1.0
    return min(1.0, 2 * min(at_most, at_least))
