"""Did visitors arrive in the shares that the weights promise?"""

from __future__ import annotations

from collections.abc import Sequence

from scipy.special import bdtr, bdtrc, chdtrc

# Below this many expected visitors in a variant, chi-square's tail is not to be trusted.
ENOUGH_EXPECTED = 5


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
