"""Visitors who are not as tame as a textbook's: long tails, rare leads, ripening values, waves."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from bench.simulation.populations import Population, Sums, Values, leads, messages, sessions

MOST_MESSAGES = 100
"""Of one visitor that the product counts, and so about as many sessions."""
LATER = (200, 700)
"""By so many further visitors of the variant, values have grown: after two days and after a week,
when a hundred come a day."""
WEEK = (120, 120, 120, 120, 120, 50, 50)
"""Visitors of a variant, Monday to Sunday."""

Stage: TypeAlias = tuple[int, Values, Values | None]
"""From when on (in further visitors of the variant) a visitor's numerator and denominator."""


@dataclass(frozen=True)
class Habit:
    """`stages(rng, shape)` gives what each visitor has done at first, and later; looks are at so
    many visitors of a variant."""

    name: str
    population: Population
    """What the sums are of."""
    stages: Callable[[np.random.Generator, tuple[int, int]], Sequence[Stage]]
    visitors_of_look = 1

    def sums_at(self, rng: np.random.Generator, runs: int, looks: Sequence[int]) -> Sums:
        """Sums over the first looks[i] visitors of an arm as they stand then, for each run."""
        ends = np.array(looks)
        x, xx, y, yy, xy = (np.zeros((runs, len(looks))) for _ in range(5))
        was: list[Values] = []
        for delay, numerator, denominator in self.stages(rng, (runs, looks[-1])):
            over = np.ones_like(numerator) if denominator is None else denominator
            products = (numerator, numerator**2, over, over**2, numerator * over)
            now = [_running(values) for values in products]
            reached = np.maximum(ends - delay, 0)
            for index, total in enumerate((x, xx, y, yy, xy)):
                total += now[index][:, reached]
                if was:
                    total -= was[index][:, reached]
            was = now
        return Sums(ends.astype(float), x, xx, y, yy, xy)


@dataclass(frozen=True)
class Waves:
    """At the weekend other people come, and fewer; looks are at the ends of so many days.

    How many come to a variant on a day is chance, so that variants are of unequal size, and have
    unequally many from weekends, as where visitors are randomised one by one.
    """

    name: str
    population: Population
    draw: Callable[[np.random.Generator, Values], Values]
    """The values of visitors, of whom each comes at a weekend or not."""
    visitors_of_look = 100

    def sums_at(self, rng: np.random.Generator, runs: int, looks: Sequence[int]) -> Sums:
        days = looks[-1]
        came = rng.poisson(np.tile(np.resize(WEEK, days), (runs, 1)))
        is_weekend = np.tile(np.resize([False] * 5 + [True] * 2, days), runs)
        values = self.draw(rng, np.repeat(is_weekend, came.ravel()))
        starts = np.concatenate([[0], np.cumsum(came.ravel())[:-1]])
        at = np.array(looks) - 1
        x, xx = (
            np.cumsum(np.add.reduceat(each, starts).reshape(runs, days), axis=1)[:, at]
            for each in (values, values**2)
        )
        n = np.cumsum(came, axis=1)[:, at].astype(float)
        return Sums(n, x, xx, n, n, x)


def _running(values: Values) -> Values:
    """How much the first 0, 1, 2, … visitors make together."""
    found = np.zeros((values.shape[0], values.shape[1] + 1))
    np.cumsum(values, axis=1, out=found[:, 1:])
    return found


def steady(population: Population, name: str = "") -> Habit:
    """Visitors of the population, who do all they do at once."""

    def stages(rng: np.random.Generator, shape: tuple[int, int]) -> Sequence[Stage]:
        return [(0, *population.draw(rng, shape, 0.0))]

    return Habit(name or population.name, population, stages)


def log_normal_messages(spread: float = 1.5) -> Habit:
    def stages(rng: np.random.Generator, shape: tuple[int, int]) -> Sequence[Stage]:
        return [(0, _whole(np.exp(spread * rng.standard_normal(shape))), None)]

    return Habit("messages, log-normal", messages(), stages)


def pareto_messages(tail: float = 1.1) -> Habit:
    """Without the product's limit they had no variance."""

    def stages(rng: np.random.Generator, shape: tuple[int, int]) -> Sequence[Stage]:
        return [(0, _whole(rng.pareto(tail, shape)), None)]

    return Habit("messages, Pareto", messages(), stages)


def log_normal_sessions(spread: float = 1.5) -> Habit:
    """Seconds over visits: both log-normal."""

    def stages(rng: np.random.Generator, shape: tuple[int, int]) -> Sequence[Stage]:
        visits = _whole(np.exp(rng.standard_normal(shape)) / 2)
        return [(0, _seconds(rng, visits, spread), visits)]

    return Habit("session length, log-normal visits", sessions(), stages)


def pareto_sessions(tail: float = 1.5) -> Habit:
    """Seconds over visits, of which few visitors have very many."""

    def stages(rng: np.random.Generator, shape: tuple[int, int]) -> Sequence[Stage]:
        visits = _whole(rng.pareto(tail, shape) / 2)
        return [(0, _seconds(rng, visits, 1.0), visits)]

    return Habit("session length, Pareto visits", sessions(), stages)


def ripening_leads(rate: float = 0.03) -> Habit:
    """A third of those who leave a lead do so at once, others two days or a week later."""

    def stages(rng: np.random.Generator, shape: tuple[int, int]) -> Sequence[Stage]:
        luck = rng.random(shape, dtype=np.float32)
        moments = zip((0, *LATER), (1 / 3, 2 / 3, 1.0), strict=True)
        return [(when, (luck < rate * share).astype(np.float64), None) for when, share in moments]

    return Habit(f"lead capture rate, {rate:.0%}, growing", leads(rate), stages)


def ripening_messages() -> Habit:
    """Half of the visitors come again after two days, and half of all after a week."""

    def stages(rng: np.random.Generator, shape: tuple[int, int]) -> Sequence[Stage]:
        total = rng.geometric(0.25, shape).astype(np.float64)
        found: list[Stage] = [(0, total, None)]
        for when in LATER:
            again = rng.random(shape, dtype=np.float32) < 0.5
            total = total + again * rng.geometric(0.25, shape)
            found.append((when, np.minimum(total, MOST_MESSAGES), None))
        return found

    return Habit("messages, growing", messages(), stages)


def wavy_leads(weekdays: float = 0.01, weekend: float = 0.05) -> Waves:
    def draw(rng: np.random.Generator, is_weekend: Values) -> Values:
        rate = np.where(is_weekend, weekend, weekdays)
        found: Values = (rng.random(rate.shape) < rate).astype(np.float64)
        return found

    return Waves("lead capture rate, weekday waves", leads(weekdays), draw)


def wavy_messages(weekdays: float = 3.0, weekend: float = 9.0) -> Waves:
    def draw(rng: np.random.Generator, is_weekend: Values) -> Values:
        return rng.geometric(1 / np.where(is_weekend, weekend, weekdays)).astype(np.float64)

    return Waves("messages, weekday waves", messages(), draw)


def _whole(values: Values) -> Values:
    """At least one, at most as many as count."""
    found: Values = np.minimum(1 + np.floor(values), MOST_MESSAGES)
    return found


def _seconds(rng: np.random.Generator, visits: Values, spread: float) -> Values:
    """Each visitor has a pace of their own."""
    pace = 120 * np.exp(spread * rng.standard_normal(visits.shape))
    found: Values = np.floor(visits * pace + rng.random(visits.shape))
    return found
