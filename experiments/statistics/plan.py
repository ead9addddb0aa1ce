"""How long must an experiment run, and what could it show? Before there is one.

All start from a `control`: an arm as measured, or `at_rate` and `at_mean` of figures that a person
types. Two-sided, 5% over all treatments, 80% power. None means that the control allows no answer,
or that there is none: a proportion lifted beyond 100%, or more visitors than anybody has.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import ndtri, xlogy

from experiments.statistics.arms import Arm, Mean, Proportion
from experiments.statistics.comparison import ENOUGH_VISITORS
from experiments.statistics.looks import drift_for_power
from experiments.statistics.planned import EVEN
from experiments.statistics.sample_size import MOST_VISITORS, POWER, visitors_while_watched
from experiments.statistics.sequence import ALPHA

MOST_LOOKS = 12
WEEKS = (2, 4, 8, 12)
DAYS_A_WEEK = 7
# Of whom 25 with and 25 without a lead, which a look needs, are there in 99 plans of 100.
ENOUGH_OUTCOMES = 40
# What lending spread to a control much smaller than the treatment takes from the power, given back.
FOR_LENDING = 1.08
LEAST_SHOWN, MOST_SHOWN, STEPS = 0.001, 10.0, 60
TYPED = 10**6


@dataclass(frozen=True)
class Need:
    """What one design needs: visitors of each variant, whole weeks at the pace, looks at most.

    `looks` is None for the watched design, which has no planned ones. `visitors` and `weeks` are
    None where there is no answer.
    """

    visitors: int | None
    weeks: int | None
    looks: int | None


@dataclass(frozen=True)
class Needs:
    """Both designs for one lift."""

    planned: Need
    watched: Need


@dataclass(frozen=True)
class Course:
    """Visitors of the variant with the least weight, and the whole weeks at whose ends a planned
    experiment looks; the last is its end."""

    visitors: int
    look_weeks: tuple[int, ...]


@dataclass(frozen=True)
class Shown:
    """The smallest relative lifts (0.2 for +20%) that so many weeks find with the power."""

    weeks: int
    visitors: int
    planned: float | None
    watched: float | None


def at_rate(rate: float) -> Proportion:
    """A control with this rate, to six digits, between 0 and 1."""
    return Proportion(TYPED, round(rate * TYPED))


def at_mean(mean: float, variance: float) -> Mean:
    """A control whose visitors have this mean, and this variance about it."""
    return Mean(TYPED, mean * TYPED, mean * mean * TYPED + variance * (TYPED - 1))


def planned_visitors(
    control: Arm,
    lift: float,
    *,
    looks: int = 1,
    treatments: int = 1,
    weights: Sequence[int] | None = None,
) -> int | None:
    """Visitors of the variant with the least weight for the planned design to find `lift`.

    Those of one look (Fleiss for proportions in even shares; averages have the lift stretch the
    treatment's spread with its value) times what the looks cost.

    Args:
        lift: relative, 0.2 for +20%; below 0 for a loss.
        looks: at most so many, evenly over the plan.
        weights: control first, one a variant; even shares unless given. The treatment with the
            least weight still has the power.
    """
    shares = weights or (1,) * (treatments + 1)
    alpha = ALPHA / (len(shares) - 1)
    if _spread(control, lift) is None:
        return None
    for_the_looks = drift_for_power(POWER, looks, alpha) / drift_for_power(POWER, 1, alpha)
    needed = _visitors_of_one_look(control, lift, alpha, shares) * for_the_looks**2
    return _whole(max(needed, _least_visitors(control, lift)))


def _spread(control: Arm, lift: float) -> float | None:
    """The variance per visitor; None where the control or the lift allows no answer."""
    if not control.value or not control.variance or not lift or lift <= -1:
        return None
    if isinstance(control, Proportion) and control.value * (1 + lift) >= 1:
        return None
    return control.variance * control.n


def _visitors_of_one_look(control: Arm, lift: float, alpha: float, weights: Sequence[int]) -> float:
    """The mean of z grows with the root of visitors as under the null hypothesis' error, and z
    varies about it as under the lift's."""
    least, of_control, of_treatment = min(weights), weights[0], min(weights[1:])
    value, spread = control.value or 0.0, _spread(control, lift) or 0.0
    in_control, in_treatment = of_control / least, of_treatment / least
    if isinstance(control, Proportion):
        lifted = value * (1 + lift)
        under_lift = spread / in_control + lifted * (1 - lifted) / in_treatment
        under_null = _null_variance(value, lifted, in_control, in_treatment)
    else:
        under_lift = spread * (1 / in_control + (1 + lift) ** 2 / in_treatment)
        if of_control < EVEN * of_treatment:
            under_lift *= FOR_LENDING
        under_null = under_lift
    power_quantile = float(ndtri(POWER))
    quantile = drift_for_power(POWER, 1, alpha) - power_quantile
    errors = quantile * math.sqrt(under_null) + power_quantile * math.sqrt(under_lift)
    return (errors / (lift * value)) ** 2


def _null_variance(value: float, lifted: float, in_control: float, in_treatment: float) -> float:
    """Fleiss's pooled one where shares are even, else that which makes the likelihood ratio of the
    expected counts a squared z (it differs from Fleiss's by a few percent, either way)."""
    pooled = (in_control * value + in_treatment * lifted) / (in_control + in_treatment)
    if in_control == in_treatment:
        return pooled * (1 - pooled) * (1 / in_control + 1 / in_treatment)
    statistic = in_control * _deviance(value, pooled) + in_treatment * _deviance(lifted, pooled)
    return (lifted - value) ** 2 / statistic


def _deviance(rate: float, other: float) -> float:
    """What each visitor of one rate adds, on average, to the likelihood ratio against another."""
    return 2 * float(xlogy(rate, rate / other) + xlogy(1 - rate, (1 - rate) / (1 - other)))


def _least_visitors(control: Arm, lift: float) -> float:
    """Without whom the last look could not be taken."""
    if not isinstance(control, Proportion):
        return ENOUGH_VISITORS
    rates = control.value or 0.0, (control.value or 0.0) * (1 + lift)
    rarest = min(min(rate, 1 - rate) for rate in rates)
    return max(ENOUGH_VISITORS, ENOUGH_OUTCOMES / rarest)


def _whole(visitors: float) -> int | None:
    # A millionth of a visitor over is rounding of the drift, not a visitor.
    return None if visitors > MOST_VISITORS else math.ceil(visitors - 1e-6)


def visitors_by(weeks: int, weekly: float, variants: int, *, window_days: int = 0) -> int:
    """Visitors of each variant, in even shares, whose span has closed by the end of that week.

    `weekly` is the pace of all variants together; a span is open for `window_days`.
    """
    days = max(0, DAYS_A_WEEK * weeks - window_days)
    return math.floor(weekly * days / DAYS_A_WEEK / variants + 1e-9)


def weeks_until(
    visitors: int | None, weekly: float, variants: int, *, window_days: int = 0
) -> int | None:
    """Whole weeks until every variant has `visitors` whose span has closed; None if never."""
    if visitors is None or weekly <= 0:
        return None
    days = visitors * variants / weekly * DAYS_A_WEEK + window_days
    return max(1, math.ceil(days / DAYS_A_WEEK - 1e-9))


def needs(
    control: Arm,
    lift: float,
    weekly: float,
    *,
    variants: int = 2,
    most_looks: int = MOST_LOOKS,
    window_days: int = 0,
) -> Needs:
    """Visitors and whole weeks for a lift, in both designs and in even shares.

    The planned one looks at the end of each week, at most `most_looks` times: the fewest weeks
    whose own looks they allow.
    """

    def need(visitors: int | None, looks: int | None) -> Need:
        weeks = weeks_until(visitors, weekly, variants, window_days=window_days)
        return Need(visitors, weeks, looks)

    def planned_in(looks: int) -> Need:
        return need(planned_visitors(control, lift, looks=looks, treatments=variants - 1), looks)

    planned = planned_in(1)
    while planned.weeks and planned.looks != min(planned.weeks, most_looks):
        planned = planned_in(min(planned.weeks, most_looks))
    return Needs(
        planned, need(visitors_while_watched(control, lift, treatments=variants - 1), None)
    )


def planned_course(
    control: Arm,
    lift: float,
    weekly: float,
    *,
    weights: Sequence[int],
    most_looks: int,
    window_days: int,
) -> Course | None:
    """When a planned experiment with these weights looks, at the pace of `weekly` visitors.

    The fewest weeks whose own looks `most_looks` allow, as in `needs`, but only at the ends of
    weeks by which a span has closed. Where there are more such weeks than looks, these divide the
    visitors evenly. None without an answer.
    """
    of_least = weekly * min(weights) / sum(weights)
    before_any = window_days // DAYS_A_WEEK

    def weeks_for(visitors: int | None) -> int | None:
        return weeks_until(visitors, of_least, 1, window_days=window_days)

    looks = 1
    while True:
        visitors = planned_visitors(control, lift, looks=looks, weights=weights)
        weeks = weeks_for(visitors)
        if visitors is None or weeks is None:
            return None
        possible = max(1, weeks - before_any)
        if min(possible, most_looks) <= looks:
            break
        looks = min(possible, most_looks)
    if looks == possible:
        return Course(visitors, tuple(range(weeks - looks + 1, weeks + 1)))
    parts = (weeks_for(math.ceil(visitors * look / looks)) or weeks for look in range(1, looks + 1))
    return Course(visitors, tuple(sorted(set(parts))))


def smallest_lifts(
    control: Arm,
    weekly: float,
    *,
    variants: int = 2,
    weeks: Sequence[int] = WEEKS,
    most_looks: int = MOST_LOOKS,
    window_days: int = 0,
) -> list[Shown]:
    """What so many weeks at this pace can show, in both designs and in even shares."""
    treatments = variants - 1
    found = []
    for count in weeks:
        visitors = visitors_by(count, weekly, variants, window_days=window_days)
        looks = min(count, most_looks)

        def planned(lift: float, looks: int = looks) -> int | None:
            return planned_visitors(control, lift, looks=looks, treatments=treatments)

        def watched(lift: float) -> int | None:
            return visitors_while_watched(control, lift, treatments=treatments)

        found.append(
            Shown(count, visitors, *(smallest_lift(visitors, need) for need in (planned, watched)))
        )
    return found


def smallest_lift(visitors: int, needed: Callable[[float], int | None]) -> float | None:
    """The smallest lift above 0 for which `needed` is at most `visitors`; None without one.

    Sought upwards in steps, because a proportion close to 100% needs more visitors again for those
    without a lead; then halved to a thousandth of itself. None under `LEAST_SHOWN` is sought.
    """

    def suffices(lift: float) -> bool:
        need = needed(lift)
        return need is not None and need <= visitors

    steps = [float(lift) for lift in np.geomspace(LEAST_SHOWN, MOST_SHOWN, STEPS)]
    first = next((index for index, lift in enumerate(steps) if suffices(lift)), None)
    if not first:
        return None if first is None else LEAST_SHOWN
    low, high = steps[first - 1], steps[first]
    while high - low > high / 1000:
        middle = (low + high) / 2
        low, high = (low, middle) if suffices(middle) else (middle, high)
    return high
