"""Made-up visitors with the habits of real ones: few leads, long tails, several conversations."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from experiments.statistics.arms import Arm, Mean, Proportion, Ratio

Values = NDArray[np.float64]


@dataclass(frozen=True)
class Sums:
    """An arm's running sums; each has the shape (runs, looks), but `n` where it is the same in all
    runs: (looks)."""

    n: Values
    x: Values
    xx: Values
    y: Values
    yy: Values
    xy: Values

    def at(self, run: int, look: int) -> list[int]:
        sums = (getattr(self, field.name) for field in fields(self))
        return [int(np.broadcast_to(values, self.x.shape)[run, look]) for values in sums]


@dataclass(frozen=True)
class Population:
    """`draw(rng, shape, lift)` gives each visitor's numerator and denominator, whole numbers.

    `value` is the metric's true value without lift; `arm` builds the product's own sums.
    """

    name: str
    value: float
    draw: Callable[[np.random.Generator, tuple[int, int], float], tuple[Values, Values | None]]
    arm: Callable[[list[int]], Arm]
    is_proportion: bool = False


def running_sums(
    population: Population,
    rng: np.random.Generator,
    runs: int,
    looks: Sequence[int],
    lift: float = 0.0,
) -> Sums:
    """Sums over the first looks[i] visitors of an arm, for every run and look."""
    x, y = population.draw(rng, (runs, looks[-1]), lift)
    ends = np.array(looks)
    starts = np.concatenate([[0], ends[:-1]])

    def total(values: Any) -> Values:
        sums: Values = np.cumsum(np.add.reduceat(values, starts, axis=1), axis=1)
        return sums

    if y is None:
        ones = np.broadcast_to(ends.astype(float), (runs, len(looks)))
        return Sums(ends.astype(float), total(x), total(x * x), ones, ones, total(x))
    return Sums(ends.astype(float), total(x), total(x * x), total(y), total(y * y), total(x * y))


def leads(rate: float) -> Population:
    """Visitors who leave a lead with probability `rate`, independently of each other."""

    def draw(
        rng: np.random.Generator, shape: tuple[int, int], lift: float
    ) -> tuple[Values, Values | None]:
        return (rng.random(shape, dtype=np.float32) < rate * (1 + lift)).astype(np.float64), None

    return Population(
        f"lead capture rate, {rate:.0%}",
        rate,
        draw,
        lambda sums: Proportion(sums[0], sums[1]),
        is_proportion=True,
    )


def messages(mean: float = 4.0) -> Population:
    """Messages per visitor: at least one, then geometric; a few write thirty."""

    def draw(
        rng: np.random.Generator, shape: tuple[int, int], lift: float
    ) -> tuple[Values, Values | None]:
        return rng.geometric(1 / (mean * (1 + lift)), shape).astype(np.float64), None

    return Population("messages per visitor", mean, draw, lambda sums: Mean(*sums[:3]))


def sessions(mean: float = 180.0, single_message: float = 0.3) -> Population:
    """Seconds over conversations, clustered: each visitor has a pace and 1 + Poisson(0.4) chats.

    A share of visitors sends one message a conversation, which lasts 0 s; the others' seconds
    are log-normal about their pace (the standard deviation is 1.3 times the mean).
    """
    spread = 1.0
    typical = mean / (1 - single_message) / np.exp(spread**2 / 2)

    def draw(
        rng: np.random.Generator, shape: tuple[int, int], lift: float
    ) -> tuple[Values, Values | None]:
        conversations = (1 + rng.poisson(0.4, shape)).astype(np.float64)
        pace = typical * (1 + lift) * np.exp(spread * rng.standard_normal(shape, dtype=np.float32))
        talks = rng.random(shape, dtype=np.float32) >= single_message
        # The share of whole seconds is drawn, so that rounding moves no mean.
        seconds = np.floor(conversations * pace * talks + rng.random(shape, dtype=np.float32))
        return seconds.astype(np.float64), conversations

    return Population("session length", mean, draw, lambda sums: Ratio(*sums))
