"""Whole plans of the planned design, many at once: drawn, and judged as the product would.

Also judged is the statistic that the product does not use, that of standard errors alone.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from bench.simulation.likelihood import (
    least_deviance_at_difference,
    least_deviance_at_ratio,
    value_and_variance,
)
from bench.simulation.populations import Population, Sums, Values, running_sums
from experiments.statistics.arms import Arm
from experiments.statistics.comparison import ENOUGH_VISITORS
from experiments.statistics.looks import even_looks, look_bounds
from experiments.statistics.plan import at_rate, planned_visitors
from experiments.statistics.planned import (
    ENOUGH_FOR_A_LOOK,
    ENOUGH_FOR_ERRORS,
    EVEN,
    TakenLook,
    planned_test,
    take_look,
)
from experiments.statistics.sequence import ALPHA

Flags = NDArray[np.bool_]
LIFT = 0.2


@dataclass(frozen=True)
class Plan:
    """One plan; `visitors` are planned for the variant with the least weight."""

    population: Population
    weights: tuple[int, ...]
    looks: int
    visitors: int

    @property
    def fractions(self) -> tuple[float, ...]:
        return even_looks(self.looks)

    @property
    def alpha(self) -> float:
        return ALPHA / (len(self.weights) - 1)

    @property
    def name(self) -> str:
        return f"{self.population.name}, {':'.join(map(str, self.weights))}, {self.looks} looks"


def plan_for(population: Population, weights: tuple[int, ...], looks: int) -> Plan:
    visitors = planned_visitors(baseline(population), LIFT, looks=looks, weights=weights)
    if visitors is None:
        sys.exit(f"There is no plan for {population.name}.")
    return Plan(population, weights, looks, visitors)


def baseline(population: Population) -> Arm:
    """The control as it would have been measured, well."""
    if population.is_proportion:
        return at_rate(population.value)
    return population.arm(running_sums(population, np.random.default_rng(0), 1, [10**6]).at(0, 0))


class Runs:
    """Many runs of one plan; every array has the shape (runs, looks)."""

    def __init__(self, plan: Plan, arms: Sequence[Sums], lift: float) -> None:
        self.plan, self.arms, self.lift = plan, arms, lift
        self.values, self.variances = zip(*(value_and_variance(arm) for arm in arms), strict=True)
        if plan.population.is_proportion:
            self.variances = tuple(
                variance * (arm.n - 1) / arm.n
                for variance, arm in zip(self.variances, arms, strict=True)
            )

    @cached_property
    def allowed(self) -> Flags:
        """Which looks may be taken."""
        rows: Flags = np.minimum.reduce([arm.n for arm in self.arms]) >= ENOUGH_VISITORS
        if self.plan.population.is_proportion:
            rows &= np.minimum.reduce([self.counts(0, at) for at in self._treatments()]) >= (
                ENOUGH_FOR_A_LOOK
            )
        return rows

    @cached_property
    def bounds(self) -> Values:
        """Infinite where no look is taken."""
        bounds: Values = np.full(self.allowed.shape, np.inf)
        keys = self.allowed @ (1 << np.arange(self.plan.looks))
        for key in np.unique(keys):
            rows, taken = keys == key, [k for k in range(self.plan.looks) if key >> k & 1]
            fractions = [self.plan.fractions[k] for k in taken]
            bounds[np.ix_(rows, taken)] = look_bounds(fractions, self.plan.alpha)
        return bounds

    def _treatments(self) -> range:
        return range(1, len(self.arms))

    def counts(self, control: int, treatment: int) -> Values:
        """The fewest visitors with or without a lead."""
        arms = self.arms[control], self.arms[treatment]
        fewest: Values = np.minimum.reduce([x for arm in arms for x in (arm.x, arm.n - arm.x)])
        return fewest

    def z(self, at: int, difference: float = 0.0, ratio: float = 1.0) -> Values:
        """The product's statistic of `treatment = ratio x control + difference`."""
        spreads = self.variances[0], self.variances[at]
        weights = self.plan.weights[0], self.plan.weights[at]
        if not self.plan.population.is_proportion and min(weights) < EVEN * max(weights):
            spreads = self._lent(at)
        z = self._by_errors(at, spreads, difference, ratio)
        if self.plan.population.is_proportion:
            few = (self.counts(0, at) < ENOUGH_FOR_ERRORS) & self.allowed
            control, treatment = self.arms[0], self.arms[at]
            cells = control.x[few], control.n[few], treatment.x[few], treatment.n[few]
            least = (
                least_deviance_at_difference(*cells, difference)
                if difference
                else least_deviance_at_ratio(*cells, ratio)
            )
            z[few] = np.sign(z[few]) * np.sqrt(np.maximum(least, 0))
        return z

    def z_by_errors(self, at: int) -> Values:
        return self._by_errors(at, (self.variances[0], self.variances[at]), 0.0, 1.0)

    def _by_errors(
        self, at: int, spreads: tuple[Values, Values], difference: float, ratio: float
    ) -> Values:
        distance = self.values[at] - ratio * self.values[0] - difference
        variance = np.maximum(spreads[1] + ratio**2 * spreads[0], np.finfo(float).tiny)
        z: Values = distance / np.sqrt(variance)
        return z

    def _lent(self, at: int) -> tuple[Values, Values]:
        (n, n_at), (value, value_at) = (
            (self.arms[0].n, self.arms[at].n),
            (self.values[0], self.values[at]),
        )
        own, own_at = self.variances[0], self.variances[at]
        spread = (own * (n / value) ** 2 + own_at * (n_at / value_at) ** 2) / (n + n_at)
        if self.plan.weights[0] < self.plan.weights[at]:
            return np.maximum(own, spread * value**2 / n), own_at
        return own, np.maximum(own_at, spread * value_at**2 / n_at)

    def true_lift(self, at: int) -> float:
        return self.lift if at == 1 else 0.0

    def judged(self) -> dict[str, float]:
        """Sums over the runs, for `Outcome`."""
        treatments = self._treatments()
        first = np.abs(self.z(1)) >= self.bounds
        won = (first & (self.z(1) > 0)).any(axis=1)
        ends = np.where(first.any(axis=1), first.argmax(axis=1), self.plan.looks - 1)
        value = self.plan.population.value
        return {
            "declared": self._ever([self.z(at) for at in treatments]),
            "by_errors": self._ever([self.z_by_errors(at) for at in treatments]),
            "won": float(won.sum()),
            "used": float(np.array(self.plan.fractions)[ends].sum()),
            "absolute": self._ever(
                [self.z(at, difference=self.true_lift(at) * value) for at in treatments]
            ),
            "relative": self._ever([self.z(at, ratio=1 + self.true_lift(at)) for at in treatments]),
        }

    def _ever(self, z: Sequence[Values]) -> float:
        crossed = [(np.abs(one) >= self.bounds).any(axis=1) for one in z]
        return float(np.logical_or.reduce(crossed).sum())

    def assert_product_agrees(self, run: int) -> None:
        """The statistics at every look that was taken, and what the last says of them all."""
        z = [self.z(at)[run] for at in self._treatments()]
        taken = [int(k) for k in np.flatnonzero(self.allowed[run])]
        looks = []
        for k in taken:
            control, *treatments = arms = [self._arm(arm, run, k) for arm in self.arms]
            for ours, treatment in zip(z, treatments, strict=True):
                test = planned_test(control, treatment)
                if test is None or not np.isclose(test.statistic(), ours[k] ** 2, 1e-6, 1e-9):
                    sys.exit(f"{self.plan.name}: {arms} has z {ours[k]} here.")
            looks.append(TakenLook(self.plan.fractions[k], tuple(float(ours[k]) for ours in z)))
        if not looks:
            return
        figures = take_look(control, treatments, looks[-1].fraction, looks[:-1])
        here = [bool((np.abs(ours) >= self.bounds[run]).any()) for ours in z]
        if [found.decided for found in figures.comparisons] != here:
            sys.exit(f"{self.plan.name}: {looks} is decided otherwise in the product.")

    def _arm(self, sums: Sums, run: int, look: int) -> Arm:
        fields = (sums.n, sums.x, sums.xx, sums.y, sums.yy, sums.xy)
        return self.plan.population.arm([int(field[run, look]) for field in fields])


def drawn(plan: Plan, rng: np.random.Generator, runs: int, lift: float) -> Runs:
    """The first treatment has the lift. As no split comes out even, the control has half a standard
    deviation more visitors than planned and every treatment as many fewer: else leads of even
    variants would differ by whole numbers only, and every share have steps."""
    arms = []
    by_chance = 0.5 / plan.visitors**0.5
    for at, weight in enumerate(plan.weights):
        visitors = plan.visitors * weight / min(plan.weights)
        visitors *= 1 - by_chance if at else 1 + by_chance
        ends = [round(visitors * fraction) for fraction in plan.fractions]
        lifted = lift if at == 1 else 0.0
        if plan.population.is_proportion:
            n = np.broadcast_to(np.array(ends, dtype=float), (runs, plan.looks))
            weekly = rng.binomial(
                np.diff([0, *ends]), plan.population.value * (1 + lifted), n.shape
            )
            x = weekly.cumsum(axis=1) + 0.0
            arms.append(Sums(n, x, x, n, n, x))
            continue
        sums = running_sums(plan.population, rng, runs, ends, lifted)
        n = np.broadcast_to(sums.n, sums.x.shape)
        arms.append(Sums(n, sums.x, sums.xx, sums.y, sums.yy, sums.xy))
    return Runs(plan, arms, lift)
