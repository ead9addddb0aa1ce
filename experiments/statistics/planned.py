"""What a planned experiment's look says of every treatment, and whether it may be taken.

The sequence of `comparison` allows any number of looks; here they are few and planned, and
`looks` has their bounds. A look is read in the same ways, which never contradict each other: |z| at
its bound or beyond, a p-value of at most 5%, and repeated confidence intervals, estimate +- bound x
standard error, that leave out "no difference" (Jennison and Turnbull, "Group Sequential Methods",
2000, chapter 9). They hold the truth at all looks together in 95% of experiments. A treatment that
was decided at an earlier look stays decided, even where this look's interval holds zero again.

These bounds spend the 5% whole, so that a statistic that isn't normal yet goes over it, where the
sequence has room. With shares of 1 : 20, standard errors made 5.2 to 5.7% false winners of
proportions and up to 7.5% of averages, because in the small variant a low value comes with a small
variance. What mends it, as `python -m bench.simulation` shows:

- Proportions are judged by the signed root of the likelihood ratio while any variant has fewer than
  `ENOUGH_FOR_ERRORS` visitors with or without a lead.
- The smaller of two uneven variants is lent spread for its averages: of its own and of what
  all visitors have, relative to their value, the larger counts.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from experiments.statistics._normal import Estimate, NormalTest
from experiments.statistics.arms import Arm, Proportion
from experiments.statistics.comparison import (
    ENOUGH_VISITORS,
    Comparison,
    DecidingTest,
    arm_figures,
    counts_of,
    deciding_test,
    direction_of,
    estimates,
    fixed_horizon,
    seen_only,
    with_intervals,
)
from experiments.statistics.looks import (
    LEAST_GAIN,
    conditional_power,
    look_bounds,
    look_p_value,
)
from experiments.statistics.sequence import ALPHA

ENOUGH_FOR_A_LOOK = 25
ENOUGH_FOR_ERRORS = 400
# The smaller variant's visitors over the larger's, from which on they count as even.
EVEN = 2 / 3
FUTILE = 0.10


class NoLook(StrEnum):
    """Why a look may not be taken (yet)."""

    NO_VISITORS = "no_visitors"
    TOO_FEW_VISITORS = "too_few_visitors"
    TOO_FEW_OUTCOMES = "too_few_outcomes"
    NOTHING_NEW = "nothing_new"
    ALL_TAKEN = "all_taken"


@dataclass(frozen=True)
class TakenLook:
    """What later looks must know of one: its information fraction, and z for every treatment."""

    fraction: float
    statistics: tuple[float | None, ...]


@dataclass(frozen=True)
class LookFigures:
    """One look. `bound` is every treatment's, in standard errors; `comparisons` are in the order
    of the treatments, their p-values those of all looks so far.

    `is_futile`: under the planned lift the last look would decide about none of the treatments
    that are still open, in more than 90%. None where no lift or no later look is planned.
    """

    taken: TakenLook
    bound: float
    is_last: bool
    comparisons: tuple[Comparison, ...]
    is_futile: bool | None


def why_no_look(
    arms: Sequence[Arm],
    fraction: float,
    earlier: Sequence[TakenLook] = (),
    *,
    is_last: bool = False,
) -> NoLook | None:
    """What speaks against a look now, the gravest reason first; None when it may be taken.

    Every variant needs 100 visitors, and 25 with and 25 without a lead for proportions, at the last
    look too. A look that isn't the last needs more visitors than the one before.
    """
    if not all(arm.n for arm in arms):
        return NoLook.NO_VISITORS
    if earlier and earlier[-1].fraction >= 1:
        return NoLook.ALL_TAKEN
    if min(arm.n for arm in arms) < ENOUGH_VISITORS:
        return NoLook.TOO_FEW_VISITORS
    outcomes = [count for arm in arms if isinstance(arm, Proportion) for count in counts_of(arm)]
    if outcomes and min(outcomes) < ENOUGH_FOR_A_LOOK:
        return NoLook.TOO_FEW_OUTCOMES
    before = earlier[-1].fraction if earlier else 0.0
    if fraction - before < LEAST_GAIN and not (is_last and earlier):
        return NoLook.NOTHING_NEW
    return None


def take_look(
    control: Arm,
    treatments: Sequence[Arm],
    fraction: float,
    earlier: Sequence[TakenLook] = (),
    *,
    is_last: bool = False,
    lift: float | None = None,
) -> LookFigures:
    """Every treatment against the control at this look, at 5% over all treatments and looks.

    Args:
        fraction: the smaller variant's visitors whose span has closed, over the plan's.
        earlier: every look before, in order, with the same treatments.
        is_last: the plan's end, whether or not its visitors are there.
        lift: the planned one, 0.2 for +20%, to say whether the look is futile.

    Raises:
        ValueError: `why_no_look` has a reason.
    """
    reason = why_no_look([control, *treatments], fraction, earlier, is_last=is_last)
    if reason is not None:
        raise ValueError(f"No look may be taken: {reason}.")
    fractions = (*(look.fraction for look in earlier), fraction)
    own_limit = look_bounds(fractions, is_last=is_last)[-1] ** 2
    control_figures = arm_figures(control, own_limit)
    tests = [planned_test(control, arm) for arm in treatments]
    paths, comparisons = [], []
    for index, (test, arm) in enumerate(zip(tests, treatments, strict=True)):
        seen = seen_only(control_figures, arm_figures(arm, own_limit), fixed_horizon(control, arm))
        z = None if test is None else direction_of(seen) * math.sqrt(test.statistic())
        before = (look.statistics[index] for look in earlier)
        path = _Path(fractions, (*before, z), is_last, len(treatments))
        paths.append(path)
        comparisons.append(_judged(seen, test, path))
    return LookFigures(
        taken=TakenLook(fraction, tuple(path.statistics[-1] for path in paths)),
        bound=paths[0].bounds[-1],
        is_last=is_last or fraction >= 1,
        comparisons=tuple(comparisons),
        is_futile=None if lift is None else _is_futile(control, treatments, tests, paths, lift),
    )


def planned_test(control: Arm, treatment: Arm) -> DecidingTest | None:
    """The test that a look asks; None while there is nothing to test."""
    if isinstance(control, Proportion) and isinstance(treatment, Proportion):
        return deciding_test(control, treatment, ENOUGH_FOR_ERRORS)
    pair = estimates(control, treatment)
    return None if pair is None else NormalTest(*_with_lent_spread(pair, control.n, treatment.n))


def _with_lent_spread(
    pair: tuple[Estimate, Estimate], control_n: int, treatment_n: int
) -> tuple[Estimate, Estimate]:
    """Relative to the value, because what lifts a quantity mostly stretches its spread as well."""
    control, treatment = pair
    if min(control_n, treatment_n) >= EVEN * max(control_n, treatment_n):
        return pair
    if not control.value or not treatment.value:
        return pair
    # Variance per visitor over the squared value, weighted by visitors.
    spread = (
        control.variance * (control_n / control.value) ** 2
        + treatment.variance * (treatment_n / treatment.value) ** 2
    ) / (control_n + treatment_n)

    def lent(estimate: Estimate, n: int) -> Estimate:
        return replace(estimate, variance=max(estimate.variance, spread * estimate.value**2 / n))

    if control_n < treatment_n:
        return lent(control, control_n), treatment
    return control, lent(treatment, treatment_n)


@dataclass(frozen=True)
class _Path:
    """One treatment's z at every look so far, of which this is the last."""

    fractions: tuple[float, ...]
    statistics: tuple[float | None, ...]
    is_last: bool
    treatments: int

    @property
    def alpha(self) -> float:
        return ALPHA / self.treatments

    @property
    def bounds(self) -> tuple[float, ...]:
        return look_bounds(self.fractions, self.alpha, is_last=self.is_last)

    @property
    def crossings(self) -> list[int]:
        """At each look 1 or -1 where a bound was crossed, else 0."""
        return [
            0 if z is None or abs(z) < bound else 1 if z > 0 else -1
            for z, bound in zip(self.statistics, self.bounds, strict=True)
        ]

    def p_values(self) -> tuple[float, float] | tuple[None, None]:
        """This comparison's and that corrected for all treatments, which agree with the bounds."""
        if all(z is None for z in self.statistics):
            return None, None
        z = [at or 0.0 for at in self.statistics]
        p_value = look_p_value(self.fractions, z, is_last=self.is_last)
        adjusted = min(1.0, p_value * self.treatments)
        # The search ends within a rounding of alpha, on either side.
        if any(self.crossings):
            return min(p_value, self.alpha), min(adjusted, ALPHA)
        above = math.nextafter(self.alpha, 1.0), math.nextafter(ALPHA, 1.0)
        return max(p_value, above[0]), max(adjusted, above[1])


def _judged(seen: Comparison, test: DecidingTest | None, path: _Path) -> Comparison:
    """The intervals are this look's; p-value, decision and direction those of all looks."""
    p_value, adjusted = path.p_values()
    if test is not None:
        limit = path.bounds[-1] ** 2
        seen = with_intervals(seen, test, limit, limit, path.crossings[-1])
    direction = next((crossing for crossing in path.crossings if crossing), 0)
    return replace(
        seen,
        p_value=p_value,
        adjusted_p_value=adjusted,
        decided=direction != 0,
        direction=direction,
    )


def _is_futile(
    control: Arm,
    treatments: Sequence[Arm],
    tests: Sequence[DecidingTest | None],
    paths: Sequence[_Path],
    lift: float,
) -> bool | None:
    """Chances multiply as if treatments were independent. Sharing a control they decide together
    more often, so that the chance of any decision is at most this (Slepian's inequality)."""
    fractions = paths[0].fractions
    if paths[0].is_last or fractions[-1] > 1 - LEAST_GAIN or not control.value:
        return None
    open_paths = [not any(path.crossings) for path in paths]
    if not any(open_paths):
        return False
    last_bound = look_bounds((*fractions, 1.0), paths[0].alpha)[-1]
    none_decides = 1.0
    for arm, test, path, is_open in zip(treatments, tests, paths, open_paths, strict=True):
        z = path.statistics[-1]
        if not is_open:
            continue
        if z is None or test is None:
            return None
        error = _standard_error(test, control, arm)
        # z's mean at the plan's end, where the standard error will have fallen with the root.
        drift = lift * control.value / (error * math.sqrt(fractions[-1]))
        none_decides *= 1 - conditional_power(z, fractions[-1], last_bound, drift)
    return 1 - none_decides < FUTILE


def _standard_error(test: DecidingTest, control: Arm, treatment: Arm) -> float:
    if isinstance(test, NormalTest):
        return math.sqrt(test.control.variance + test.treatment.variance)
    return math.sqrt((control.variance or 0.0) + (treatment.variance or 0.0))
