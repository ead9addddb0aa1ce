"""Does the planned design keep its promises, and what does it save?

Every plan is for a lift of 20% at 80% power, by `experiments.statistics.plan`, with 1, 5 or 12
looks. In A/A experiments at most 5% may declare any treatment different. In A/B experiments the
first treatment has the planned lift: the share in which it's found, how much of the plan that took,
and whether all intervals hold the truth at every look.

The looks are computed with numpy. That they are the product's own is not taken on trust: some runs
are put to `experiments.statistics.planned`, and a single disagreement ends the program.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass

import numpy as np
from rich.console import Console
from rich.progress import track
from rich.table import Table

from bench.simulation.plans import LIFT, Plan, baseline, drawn, plan_for
from bench.simulation.populations import Population, leads, messages, running_sums, sessions
from bench.simulation.watched import Looks
from experiments.statistics.comparison import ENOUGH_VISITORS
from experiments.statistics.sample_size import visitors_while_watched

LOOKS = (1, 5, 12)
POPULATIONS = (leads(0.01), leads(0.1), leads(0.3), leads(0.5), messages(), sessions())
WEIGHTS = ((1, 1), (1, 20), (20, 1), (1, 1, 1), (1, 1, 1, 1), (20, 1, 1, 1))
# Of averages every visitor is drawn: with uneven shares, fewer runs.
TIMES_AS_MANY, FOR_UNEVEN_AVERAGES = 10, 4
VISITORS_AT_ONCE = 2_000_000
WATCHED_LOOKS = 50
VISITORS_A_MONTH, DAYS_A_MONTH = 2_000, 365.25 / 12


@dataclass(frozen=True)
class Outcome:
    """Shares of plans, but `used`: of the planned visitors, when the lift is there."""

    metric: str
    weights: str
    looks: int
    visitors: int
    runs: int
    false_winners: float
    false_winners_by_standard_errors: float
    power: float
    used: float
    absolute_holds: float
    relative_holds: float


@dataclass(frozen=True)
class Days:
    """How long two even variants take to find the lift at 2,000 visitors a month, in days.

    `_mean` is until the decision or the end, the other until the end. Visitors are a variant's.
    """

    metric: str
    one_look_visitors: int
    one_look: float
    planned_visitors: int
    planned: float
    planned_mean: float
    watched_visitors: int
    watched: float
    watched_mean: float
    watched_power: float


def simulate(plan: Plan, *, runs: int, seed: int, sample: int = 3) -> Outcome:
    """A/A experiments, and as many with the planned lift."""
    rng = np.random.default_rng([seed, *plan.name.encode()])
    visitors = plan.visitors * sum(plan.weights) // min(plan.weights)
    chunk = 20_000 if plan.population.is_proportion else max(1, VISITORS_AT_ONCE // visitors)
    same, lifted = (
        _summed(plan, rng, total, chunk, lift, sample)
        for total, lift in ((runs, 0.0), (runs, LIFT))
    )
    return Outcome(
        metric=plan.population.name,
        weights=":".join(map(str, plan.weights)),
        looks=plan.looks,
        visitors=plan.visitors,
        runs=runs,
        false_winners=same["declared"],
        false_winners_by_standard_errors=same["by_errors"],
        power=lifted["won"],
        used=lifted["used"],
        absolute_holds=round(1 - lifted["absolute"], 6),
        relative_holds=round(1 - lifted["relative"], 6),
    )


def _summed(
    plan: Plan, rng: np.random.Generator, total: int, chunk: int, lift: float, sample: int
) -> dict[str, float]:
    sums: dict[str, float] = {}
    for start in range(0, total, chunk):
        runs = drawn(plan, rng, min(chunk, total - start), lift)
        for name, count in runs.judged().items():
            sums[name] = sums.get(name, 0.0) + count / total
        for run in range(sample if not start else 0):
            runs.assert_product_agrees(run)
    return sums


def days_for(population: Population, five_looks: Outcome, *, runs: int, seed: int) -> Days:
    """The watched design is looked at evenly, until it decides or needs no more visitors."""
    needed = visitors_while_watched(baseline(population), LIFT) or 0
    ends = [round(needed * (look + 1) / WATCHED_LOOKS) for look in range(WATCHED_LOOKS)]
    ends = [end for end in ends if end >= ENOUGH_VISITORS]
    rng = np.random.default_rng([seed, needed])
    decided, seen, chunk = 0.0, 0.0, max(1, VISITORS_AT_ONCE // needed)
    for start in range(0, runs, chunk):
        size = min(chunk, runs - start)
        control, treatment = (running_sums(population, rng, size, ends, at) for at in (0.0, LIFT))
        found = Looks(population, control, treatment).rejects_ratio(1.0)
        first = np.where(found.any(axis=1), found.argmax(axis=1), len(ends) - 1)
        decided += float(found.any(axis=1).sum()) / runs
        seen += float(np.asarray(ends)[first].sum()) / runs
    one_look = plan_for(population, (1, 1), 1).visitors
    return Days(
        metric=population.name,
        one_look_visitors=one_look,
        one_look=_days(one_look),
        planned_visitors=five_looks.visitors,
        planned=_days(five_looks.visitors),
        planned_mean=_days(five_looks.visitors * five_looks.used),
        watched_visitors=needed,
        watched=_days(needed),
        watched_mean=_days(seen),
        watched_power=decided,
    )


def _days(visitors: float) -> float:
    return round(2 * visitors / VISITORS_A_MONTH * DAYS_A_MONTH, 1)


def outcomes_table(outcomes: Sequence[Outcome]) -> Table:
    result = Table(title="Plans for +20%: false winners (at most 5%), power (80%), intervals (95%)")
    for heading in (
        "metric", "weights", "looks", "visitors", "runs", "false winners", "by standard errors",
        "power", "used", "absolute", "relative",
    ):  # fmt: skip
        result.add_column(heading, justify="left" if heading == "metric" else "right")
    for outcome in outcomes:
        metric, weights, looks, visitors, runs, *shares = asdict(outcome).values()
        counts = (f"{count:,}" for count in (looks, visitors, runs))
        result.add_row(metric, weights, *counts, *(f"{share:.1%}" for share in shares))
    return result


def days_table(days: Sequence[Days]) -> Table:
    result = Table(title="Two variants, +20%, 2,000 visitors a month: days (mean)")
    for heading in ("metric", "one look", "planned, 5 looks", "watched", "its power"):
        result.add_column(heading, justify="left" if heading == "metric" else "right")
    for row in days:
        result.add_row(
            row.metric,
            f"{row.one_look:,.0f}",
            f"{row.planned:,.0f} ({row.planned_mean:,.0f})",
            f"{row.watched:,.0f} ({row.watched_mean:,.0f})",
            f"{row.watched_power:.0%}",
        )
    return result


def report(console: Console, runs: int, seed: int) -> dict[str, object]:
    """Print two tables; return their figures."""
    plans = [
        plan_for(population, weights, looks)
        for population in POPULATIONS
        for weights in WEIGHTS
        for looks in LOOKS
    ]
    outcomes = [
        simulate(plan, runs=runs_of(plan, runs), seed=seed)
        for plan in track(plans, "plans", console=console)
    ]
    days = [
        days_for(plan.population, outcome, runs=runs // 4, seed=seed)
        for plan, outcome in zip(plans, outcomes, strict=True)
        if plan.weights == (1, 1) and plan.looks == 5
    ]
    console.print(outcomes_table(outcomes))
    console.print(days_table(days))
    return {
        "plans": [asdict(outcome) for outcome in outcomes],
        "days": [asdict(row) for row in days],
    }


def runs_of(plan: Plan, runs: int) -> int:
    is_uneven = len(set(plan.weights)) > 1
    few = is_uneven and not plan.population.is_proportion
    return runs * TIMES_AS_MANY // (FOR_UNEVEN_AVERAGES if few else 1)
