"""Does the deciding test keep its promise where visitors are unruly, and among several variants?

A/A experiments of two, three and five variants with even shares, looked at after every 50 visitors
per variant from 100 to 10,000, or at the end of every day where weekdays differ: at most 5% may
ever declare any treatment different. The runs of fewer variants are the first variants of those of
five. As in `watched` the looks are computed for all runs at once, and a sample of them is put to
`experiments.statistics.compare`.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass

import numpy as np
from rich.console import Console
from rich.progress import track
from rich.table import Table

from bench.simulation import habits
from bench.simulation.habits import Habit, Waves
from bench.simulation.populations import Sums, leads
from bench.simulation.watched import LOOKS, VISITORS_AT_ONCE, Flags, Looks
from experiments.statistics import compare
from experiments.statistics.sequence import ALPHA

ARMS = (2, 3, 5)
DAYS = range(2, 101)
"""With a hundred visitors of a variant on an average day."""
TIMES_RUNS = 5
"""As false winners among 5% are to be told to half a percentage point."""
HABITS: Sequence[Habit | Waves] = (
    habits.steady(leads(0.003), "lead capture rate, 0.3%"),
    habits.steady(leads(0.03)),
    habits.ripening_leads(),
    habits.wavy_leads(),
    habits.ripening_messages(),
    habits.wavy_messages(),
    habits.log_normal_messages(),
    habits.pareto_messages(),
    habits.log_normal_sessions(),
    habits.pareto_sessions(),
)


@dataclass(frozen=True)
class FalseWinners:
    """The shares of runs that ever declared a difference, by the number of variants."""

    metric: str
    runs: int
    declared: dict[int, float]
    looks_put_to_the_product: int


def false_winners(
    habit: Habit | Waves,
    *,
    runs: int,
    seed: int,
    looks: Sequence[int] = LOOKS,
    arms: Sequence[int] = ARMS,
    sample: int = 2,
) -> FalseWinners:
    """Run one habit; `sample` looks of every chunk of runs are put to the product."""
    rng = np.random.default_rng([seed, *habit.name.encode()])
    ever = dict.fromkeys(arms, 0)
    looked_at = 0
    chunk = max(1, VISITORS_AT_ONCE // (looks[-1] * habit.visitors_of_look))
    for start in range(0, runs, chunk):
        size = min(chunk, runs - start)
        sums = [habit.sums_at(rng, size, looks) for _ in range(max(arms))]
        for variants in arms:
            declared = _declared(habit, sums[:variants])
            ever[variants] += int(declared.any(axis=1).sum())
            looked_at += _assert_product_agrees(habit, sums[:variants], declared, rng, sample)
    shares = {variants: count / runs for variants, count in ever.items()}
    return FalseWinners(habit.name, runs, shares, looked_at)


def _declared(habit: Habit | Waves, sums: Sequence[Sums]) -> Flags:
    """Whether any treatment is declared different at a look: by Holm's method one is exactly when
    one is at 5% over their number."""
    control, *treatments = sums
    level = ALPHA / len(treatments)
    rejections = [
        Looks(habit.population, control, treatment, level).rejects_ratio(1.0)
        for treatment in treatments
    ]
    found: Flags = np.logical_or.reduce(rejections)
    return found


def _assert_product_agrees(
    habit: Habit | Waves, sums: Sequence[Sums], declared: Flags, rng: np.random.Generator, size: int
) -> int:
    runs, looks = declared.shape
    sample = list(zip(rng.integers(runs, size=size), rng.integers(looks, size=size), strict=True))
    sample += list(np.argwhere(declared[:, 1:] != declared[:, :-1])[:size])
    for run, look in ((int(run), int(look)) for run, look in sample):
        control, *treatments = [habit.population.arm(arm.at(run, look)) for arm in sums]
        is_declared = any(found.decided for found in compare(control, treatments))
        if is_declared != declared[run, look]:
            sys.exit(f"{habit.name}: {[control, *treatments]} is {is_declared} in the product.")
    return len(sample)


def looks_of(habit: Habit | Waves) -> Sequence[int]:
    return DAYS if isinstance(habit, Waves) else LOOKS


def report(console: Console, runs: int, seed: int) -> dict[str, object]:
    """Print a table; return its figures."""
    found = [
        false_winners(habit, runs=runs * TIMES_RUNS, seed=seed, looks=looks_of(habit))
        for habit in track(HABITS, "unruly", console=console)
    ]
    result = Table(title="A/A: share of runs that ever declare a difference (at most 5%)")
    for heading in ("metric", "runs", *(f"{variants} variants" for variants in ARMS)):
        result.add_column(heading, justify="left" if heading == "metric" else "right")
    for each in found:
        result.add_row(
            each.metric, f"{each.runs:,}", *(f"{each.declared[variants]:.2%}" for variants in ARMS)
        )
    console.print(result)
    return {"looks": [LOOKS.start, LOOKS.stop - 1, LOOKS.step], "same": [asdict(e) for e in found]}
