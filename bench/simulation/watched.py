"""Does the deciding test keep its promises under continuous watching?

A/A experiments, in which the variants are the same, are looked at after every 50 visitors per
variant from 100 to 10,000: at most 5% may ever declare a difference. In A/B experiments with a
true lift of 20%, at least 95% of the intervals must hold the truth at every look. Two tests are
shown for comparison: the textbook's p < 0.05 read at every look, and the plain asymptotic sequence
without the likelihood ratio that the product puts in its place while leads are few.

The looks are computed for all runs at once with numpy. That this is the product's own test is not
taken on trust: a sample of looks is put to `experiments.statistics.compare`, and a single
disagreement ends the program.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.progress import track
from rich.table import Table
from scipy.special import stdtr

from bench.simulation.likelihood import (
    least_deviance_at_difference,
    least_deviance_at_ratio,
    value_and_variance,
)
from bench.simulation.populations import (
    Population,
    Sums,
    Values,
    leads,
    messages,
    running_sums,
    sessions,
)
from experiments.statistics import Interval, compare
from experiments.statistics.comparison import ENOUGH_COUNTS, ENOUGH_FOR_AVERAGES
from experiments.statistics.sequence import ALPHA, critical_statistic

Flags = NDArray[np.bool_]
LOOKS = range(100, 10_001, 50)
LIFT = 0.2
UNEQUAL_LOOKS = range(100, 2_001, 50)
VISITORS_AT_ONCE = 1_000_000
POPULATIONS = (leads(0.01), leads(0.03), leads(0.30), messages(), sessions())


@dataclass(frozen=True)
class Outcome:
    """Shares of runs. An A/A run has no lift, so that declaring a difference is an error."""

    metric: str
    weights: str
    runs: int
    lift: float
    declared: float
    declared_by_plain_sequence: float
    declared_by_fixed_p_at_every_look: float
    absolute_covers_throughout: float
    relative_covers_throughout: float
    looks_put_to_the_product: int


class Looks:
    """Every look at every run of one population, as the product would judge it at `level`."""

    def __init__(
        self, population: Population, control: Sums, treatment: Sums, level: float = ALPHA
    ) -> None:
        self.population, self.control, self.treatment = population, control, treatment
        estimates = [value_and_variance(arm) for arm in (control, treatment)]
        self.values = [value for value, _ in estimates]
        self.variances = [variance for _, variance in estimates]
        if population.is_proportion:
            self.variances = [
                variance * ((arm.n - 1) / arm.n)
                for variance, arm in zip(self.variances, (control, treatment), strict=True)
            ]
        self.limit, self.plain_limit = (
            np.atleast_2d(np.vectorize(critical_statistic)(visitors, level))
            for visitors in (self._clock(), control.n + treatment.n)
        )
        self.likelihood = self._likelihood_decides()

    def _clock(self) -> Values:
        """As `experiments.statistics.comparison.clock` tells it."""
        smaller, both = (
            np.minimum(self.control.n, self.treatment.n),
            self.control.n + self.treatment.n,
        )
        if self.population.is_proportion:
            return both
        return np.where(smaller < ENOUGH_FOR_AVERAGES, 2 * smaller, both)

    def _likelihood_decides(self) -> Flags:
        if not self.population.is_proportion:
            return np.zeros(self.values[0].shape, dtype=bool)
        counts = [
            count for arm in (self.control, self.treatment) for count in (arm.x, arm.n - arm.x)
        ]
        few: Flags = np.minimum.reduce(counts) < ENOUGH_COUNTS
        return few

    def plain_rejects(self) -> Flags:
        """The plain sequence finds a difference."""
        return self._far(self.plain_limit, difference=0.0, ratio=1.0)

    def rejects_difference(self, difference: float) -> Flags:
        rejected, cells = self._far(self.limit, difference=difference, ratio=1.0), self.likelihood
        rejected[cells] = self._over(
            least_deviance_at_difference(*self._cells(), difference), cells
        )
        return rejected

    def rejects_ratio(self, ratio: float) -> Flags:
        rejected, cells = self._far(self.limit, difference=0.0, ratio=ratio), self.likelihood
        rejected[cells] = self._over(least_deviance_at_ratio(*self._cells(), ratio), cells)
        return rejected

    def _far(self, limit: Values, *, difference: float, ratio: float) -> Flags:
        """treatment is not difference + ratio x control, by the normal approximation."""
        (control, treatment), (of_control, of_treatment) = self.values, self.variances
        distance = treatment - ratio * control - difference
        variance = of_treatment + ratio**2 * of_control
        far: Flags = (distance**2 > limit * variance) & (variance > 0)
        return far

    def fixed_rejects(self) -> Flags:
        (control, treatment), (of_control, of_treatment) = self.values, self.variances
        variance = np.maximum(of_treatment + of_control, np.finfo(float).tiny)
        share = of_control / variance
        freedom = 1 / (share**2 / (self.control.n - 1) + (1 - share) ** 2 / (self.treatment.n - 1))
        p_value: Values = 2 * stdtr(freedom, -np.abs(treatment - control) / np.sqrt(variance))
        significant: Flags = p_value < ALPHA
        return significant

    def _over(self, deviance: Values, cells: Flags) -> Flags:
        over: Flags = deviance > np.broadcast_to(self.limit, cells.shape)[cells]
        return over

    def _cells(self) -> tuple[Values, Values, Values, Values]:
        """Leads and visitors (control, then treatment) of the looks that the likelihood decides."""
        cells = self.likelihood
        n_control, n_treatment = (
            np.broadcast_to(arm.n, cells.shape)[cells] for arm in (self.control, self.treatment)
        )
        return self.control.x[cells], n_control, self.treatment.x[cells], n_treatment

    def assert_product_agrees(
        self, rng: np.random.Generator, lift: float, rejected: tuple[Flags, Flags, Flags], size: int
    ) -> int:
        """Ask the product about random looks and those where a verdict began; return how many."""
        zero, absolute, relative = rejected
        runs, looks = zero.shape
        sample = list(
            zip(rng.integers(runs, size=size), rng.integers(looks, size=size), strict=True)
        )
        sample += list(np.argwhere(zero[:, 1:] != zero[:, :-1])[:size])
        difference = lift * self.population.value
        for run, look in ((int(run), int(look)) for run, look in sample):
            arms = [
                self.population.arm(arm.at(run, look)) for arm in (self.control, self.treatment)
            ]
            [found] = compare(arms[0], arms[1:])
            here = (zero[run, look], absolute[run, look], relative[run, look])
            if found.absolute.interval is None or found.relative.interval is None:
                product = (False, False, False)
            else:
                product = (
                    found.decided,
                    _misses(found.absolute.interval, difference),
                    _misses(found.relative.interval, lift),
                )
            if product != here:
                sys.exit(
                    f"{self.population.name}: {arms} is {product} in the product, here {here}."
                )
        return len(sample)


def _misses(interval: Interval, truth: float) -> bool:
    return truth < interval.lower or (interval.upper is not None and truth > interval.upper)


def simulate(
    population: Population,
    *,
    runs: int,
    seed: int,
    lift: float = 0.0,
    looks: Sequence[int] = LOOKS,
    weights: tuple[int, int] = (1, 1),
    sample: int = 20,
) -> Outcome:
    """Run one population; `looks` are the visitors of the smaller-weighted variant.

    With weights (1, 9) the treatment has nine visitors for each of the control's.
    """
    rng = np.random.default_rng([seed, *population.name.encode(), *weights, round(100 * lift)])
    ever = np.zeros(5)
    looked_at = 0
    chunk = max(1, VISITORS_AT_ONCE * min(weights) // (looks[-1] * max(weights)))
    for start in range(0, runs, chunk):
        control, treatment = (
            running_sums(
                population,
                rng,
                min(chunk, runs - start),
                [look * weight // min(weights) for look in looks],
                arm_lift,
            )
            for weight, arm_lift in zip(weights, (0.0, lift), strict=True)
        )
        found, put_to_it = judge(Looks(population, control, treatment), rng, lift, sample)
        ever += found
        looked_at += put_to_it
    declared, plain, fixed, absolute_misses, relative_misses = (ever / runs).tolist()
    return Outcome(
        metric=population.name,
        weights=":".join(map(str, weights)),
        runs=runs,
        lift=lift,
        declared=declared,
        declared_by_plain_sequence=plain,
        declared_by_fixed_p_at_every_look=fixed,
        absolute_covers_throughout=round(1 - absolute_misses, 6),
        relative_covers_throughout=round(1 - relative_misses, 6),
        looks_put_to_the_product=looked_at,
    )


def judge(
    looks: Looks, rng: np.random.Generator, lift: float, sample: int
) -> tuple[list[int], int]:
    """How many runs ever rejected, by each test, and how many looks the product was asked about.

    The tests: no difference, the same by the plain sequence and at a fixed p, and the true lift
    by the absolute and by the relative interval.
    """
    zero = looks.rejects_ratio(1.0)
    absolute = looks.rejects_difference(lift * looks.population.value)
    relative = looks.rejects_ratio(1 + lift)
    put_to_it = looks.assert_product_agrees(rng, lift, (zero, absolute, relative), sample)
    tests = (zero, looks.plain_rejects(), looks.fixed_rejects(), absolute, relative)
    return [int(flags.any(axis=1).sum()) for flags in tests], put_to_it


def table(title: str, outcomes: Sequence[Outcome]) -> Table:
    result = Table(title=title)
    for heading in (
        "metric", "weights", "runs", "declared", "plain sequence", "p < 0.05 at every look",
        "absolute covers", "relative covers",
    ):  # fmt: skip
        result.add_column(heading, justify="left" if heading == "metric" else "right")
    for outcome in outcomes:
        shares = (
            outcome.declared,
            outcome.declared_by_plain_sequence,
            outcome.declared_by_fixed_p_at_every_look,
            outcome.absolute_covers_throughout,
            outcome.relative_covers_throughout,
        )
        result.add_row(
            outcome.metric, outcome.weights, f"{outcome.runs:,}", *(f"{s:.2%}" for s in shares)
        )
    return result


def report(console: Console, runs: int, seed: int) -> dict[str, object]:
    """Print three tables; return their figures."""
    same = [
        simulate(population, runs=runs, seed=seed)
        for population in track(POPULATIONS, "A/A", console=console)
    ]
    lifted = [
        simulate(population, runs=runs, seed=seed, lift=LIFT)
        for population in track(POPULATIONS, "A/B", console=console)
    ]
    unequal = [
        simulate(population, runs=runs, seed=seed, looks=UNEQUAL_LOOKS, weights=weights)
        for population in track(POPULATIONS, "unequal", console=console)
        for weights in ((1, 20), (20, 1))
    ]
    console.print(table("A/A: share of runs that ever declare a difference (at most 5%)", same))
    console.print(table("A/B, true lift +20%: intervals that hold it throughout (>= 95%)", lifted))
    console.print(table("A/A with unequal weights (100 to 2,000 in the smaller arm)", unequal))
    return {
        "looks": [LOOKS.start, LOOKS.stop - 1, LOOKS.step],
        "same": [asdict(outcome) for outcome in same],
        "lifted": [asdict(outcome) for outcome in lifted],
        "unequal_weights": [asdict(outcome) for outcome in unequal],
    }
