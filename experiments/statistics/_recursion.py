"""Chances of crossing a row of bounds, by recursive numerical integration.

Armitage, McPherson and Rowe, "Repeated significance tests on accumulating data" (JRSS A 132, 1969);
Jennison and Turnbull, "Group Sequential Methods" (2000), chapter 19. What is watched is a Brownian
motion: at information t (1 for all that was planned) the score S = z sqrt(t) is normal with mean
`drift` t and variance t, and what it gains between looks is independent of what was before. Each
step carries the density of S among those that have crossed nothing to the next look, on the nodes
of a Gauss-Legendre rule.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.special import ndtr, roots_legendre

Floats = NDArray[np.float64]

# Beyond 38 standard errors there is no chance that a float tells from none.
FARTHEST_BOUND = 38.0
# With a drift, what lies this many standard errors beyond it is not carried on.
MARGIN = 8.0
# Nodes to the width of the narrowest curve between them: eight digits are right.
NODES_A_WIDTH = 2.0
LEAST_NODES = 32
LEAST_CHANCE = sys.float_info.min


@dataclass(frozen=True)
class Density:
    """Of the score at information `t`, where no bound was crossed: `mass` at each of `scores`."""

    t: float
    scores: Floats
    mass: Floats

    def crossing(self, t: float, bound: float, drift: float = 0.0) -> tuple[float, float]:
        """The chances, at a later `t`, that z is at most -bound, and that it is at least bound."""
        gain = t - self.t
        width, edge = math.sqrt(gain), bound * math.sqrt(t)
        means = self.scores + drift * gain
        below = float(self.mass @ ndtr((-edge - means) / width))
        return below, float(self.mass @ ndtr((means - edge) / width))

    def carried(self, t: float, bound: float, narrowest: float, drift: float = 0.0) -> Density:
        """The density at a later `t` within the bound on z.

        `narrowest` is the smaller of the gains of information into and out of this look: it says
        how close the nodes must lie.
        """
        edge = bound * math.sqrt(t)
        nodes, weights = _rule(_how_many(2 * edge / math.sqrt(narrowest / 2)))
        scores, gain = edge * nodes, t - self.t
        distances = scores[:, None] - self.scores[None, :] - drift * gain
        kernel = np.exp(-(distances**2) / (2 * gain)) / math.sqrt(2 * math.pi * gain)
        return Density(t, scores, edge * weights * (kernel @ self.mass))


START = Density(0.0, np.zeros(1), np.ones(1))


def _how_many(widths: float) -> int:
    """In steps of 16, so that few rules are worked out."""
    return LEAST_NODES + 16 * math.ceil(NODES_A_WIDTH * widths / 16)


@lru_cache(maxsize=128)
def _rule(nodes: int) -> tuple[Floats, Floats]:
    places, weights = roots_legendre(nodes)
    return np.asarray(places), np.asarray(weights)


def spending_bounds(times: Sequence[float], spends: Sequence[float]) -> tuple[float, ...]:
    """The bounds on |z| by which each look spends its share, were there no difference.

    Args:
        times: information at each look, each more than the one before.
        spends: the chance of crossing, on either side, for the first time at each look.

    Returns:
        A bound a look, in standard errors, between 0 and `FARTHEST_BOUND`.
    """
    bounds: list[float] = []
    density = START
    for k, (t, spend) in enumerate(zip(times, spends, strict=True)):
        bounds.append(_bound_that_spends(density, t, spend))
        if k + 1 < len(times):
            narrowest = min(t - density.t, times[k + 1] - t)
            density = density.carried(t, bounds[-1], narrowest)
    return tuple(bounds)


def _bound_that_spends(density: Density, t: float, spend: float) -> float:
    """Searched on the chance's logarithm, which keeps the digits of small ones."""

    def excess(bound: float) -> float:
        return math.log(max(sum(density.crossing(t, bound)), LEAST_CHANCE)) - math.log(spend)

    if spend <= LEAST_CHANCE or excess(FARTHEST_BOUND) >= 0:
        return FARTHEST_BOUND
    return 0.0 if excess(0.0) <= 0 else brentq(excess, 0.0, FARTHEST_BOUND, xtol=1e-11)


def crossing_chances(
    times: Sequence[float], bounds: Sequence[float], drift: float
) -> tuple[tuple[float, float], ...]:
    """At each look the chances of crossing for the first time, below and above.

    `drift` is the mean of z at information 1.
    """
    chances: list[tuple[float, float]] = []
    density = START
    for k, (t, bound) in enumerate(zip(times, bounds, strict=True)):
        chances.append(density.crossing(t, bound, drift))
        if k + 1 < len(times):
            narrowest = min(t - density.t, times[k + 1] - t)
            farthest = abs(drift) * math.sqrt(t) + MARGIN
            density = density.carried(t, min(bound, farthest), narrowest, drift)
    return tuple(chances)
