"""Which variant is better, and how sure can one be? Pure functions over per-visitor sums.

Every treatment is compared with the control, by `compare`. The test that decides is a confidence
sequence: an interval that holds the truth at *all* looks together in 95% of experiments, so one
may watch daily and stop when one likes. (The textbook test, given beside it as `fixed`, promises
5% for a single look only; read at every look it calls a winner in far more experiments that have
none.) The price is a wider interval: some 3 standard errors instead of 2.

One test is read in four ways, which therefore never contradict each other: its p-value, the
interval of the absolute difference, that of the relative lift, and `decided`. An interval is the
set of differences (or ratios) that the test does not reject; see `NormalTest` and `LikelihoodTest`.
The second takes over for proportions while any variant has fewer than `ENOUGH_COUNTS` visitors with
or without a lead, where standard errors cannot be trusted, and at 0% and 100% don't exist.
`python -m bench.simulation` shows what that mends, and that the promise holds.

Several treatments are corrected for by Holm's method. `decided` also needs `ENOUGH_VISITORS`.
Nothing here is ever infinite or not a number: what cannot be said is None, with a `Reason`.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Protocol

from scipy.special import stdtr, stdtrit

from experiments.statistics._likelihood import LikelihoodTest, rate_interval
from experiments.statistics._normal import Estimate, NormalTest
from experiments.statistics.arms import Arm, Proportion
from experiments.statistics.sequence import ALPHA, critical_statistic, log_p_value

ENOUGH_VISITORS = 100
ENOUGH_COUNTS = 50
ENOUGH_FOR_AVERAGES = 400


class Reason(StrEnum):
    """Why a figure is missing, or unbounded."""

    NOTHING_MEASURED = "nothing_measured"
    TOO_FEW_VISITORS = "too_few_visitors"
    NO_VARIATION = "no_variation"
    CONTROL_TOO_CLOSE_TO_ZERO = "control_too_close_to_zero"
    TOO_UNCERTAIN = "too_uncertain"
    BETWEEN_LOOKS = "between_looks"


@dataclass(frozen=True)
class Interval:
    """From `lower` to `upper`; an `upper` of None is without bound."""

    lower: float
    upper: float | None

    @property
    def excludes_zero(self) -> bool:
        return self.lower > 0 or (self.upper is not None and self.upper < 0)


@dataclass(frozen=True)
class ArmFigures:
    """A variant's metric with its own 95% confidence sequence (not corrected for comparisons)."""

    visitors: int
    value: float | None
    interval: Interval | None
    reason: Reason | None


@dataclass(frozen=True)
class Lift:
    """Treatment against control: absolute in the metric's unit, relative with 0.2 for +20%.

    `reason` says why `value` or `interval` is None, or why the interval has no upper end.
    """

    value: float | None
    interval: Interval | None
    reason: Reason | None

    @property
    def is_estimable(self) -> bool:
        return self.reason is None


@dataclass(frozen=True)
class FixedHorizon:
    """Welch's test: valid at one look, planned beforehand. For reference; it decides nothing."""

    p_value: float
    interval: Interval


@dataclass(frozen=True)
class Comparison:
    """A treatment against the control, for one metric: everything that a page or JSON shows.

    `p_value` is always valid; `adjusted_p_value` is Holm's over all treatments. Intervals are
    simultaneous (see `compare`) and leave out zero exactly when `adjusted_p_value` < 0.05.
    `decided` says so with enough visitors; `direction` is 1 or -1 then, and 0 before.
    """

    control: ArmFigures
    treatment: ArmFigures
    absolute: Lift
    relative: Lift
    p_value: float | None
    adjusted_p_value: float | None
    fixed: FixedHorizon | None
    decided: bool
    direction: int
    reason: Reason | None


class DecidingTest(Protocol):
    """A test of a treatment against the control; `limit` is the statistic still allowed."""

    def statistic(self) -> float: ...
    def difference_interval(self, limit: float) -> tuple[float, float]: ...
    def ratio_interval(self, limit: float) -> tuple[float, float | None]: ...


def compare(control: Arm, treatments: Sequence[Arm]) -> list[Comparison]:
    """Every treatment against the control, in the order given, at 95% over all of them.

    p-values are adjusted by Holm's method, which is never less powerful than Bonferroni's.
    Intervals are Bonferroni's, at 5% over the number of treatments, and so hold all the truths at
    once in 95% of experiments. Where Holm rejects a zero that Bonferroni would keep, the end next
    to zero is that of the (less strict) level at which Holm tested it: that end carries Holm's
    promise, that zero is wrongly left out for any treatment in at most 5% of experiments.
    """
    return compare_together([(control, treatments)])[0]


def compare_together(metrics: Sequence[tuple[Arm, Sequence[Arm]]]) -> list[list[Comparison]]:
    """`compare` for several metrics, each with its control, at 95% over all that they compare."""
    pairs = [(control, arm) for control, treatments in metrics for arm in treatments]
    tests = [deciding_test(*pair) for pair in pairs]
    p_values = [
        None if test is None else math.exp(log_p_value(clock(*pair), test.statistic()))
        for test, pair in zip(tests, pairs, strict=True)
    ]
    found = zip(tests, p_values, holm(p_values), strict=True)
    return [
        [_comparison(control, own, arm, *next(found), len(pairs)) for arm in treatments]
        for control, treatments in metrics
        for own in [arm_figures(control)]
    ]


def deciding_test(
    control: Arm, treatment: Arm, enough_counts: int = ENOUGH_COUNTS
) -> DecidingTest | None:
    """The test for these arms; None while there is nothing to test.

    `enough_counts`: visitors with and without a lead from which standard errors are trusted.
    """
    if isinstance(control, Proportion) and isinstance(treatment, Proportion):
        if not control.n or not treatment.n:
            return None
        if min(counts_of(control) + counts_of(treatment)) < enough_counts:
            return LikelihoodTest(control, treatment)
    pair = estimates(control, treatment)
    return None if pair is None else NormalTest(*pair)


def counts_of(arm: Proportion) -> tuple[int, int]:
    """The visitors with a lead and those without."""
    return arm.sum, arm.n - arm.sum


def clock(control: Arm, treatment: Arm) -> int:
    """The visitors by which the sequence measures time: all of both arms.

    A long tail hides from the small arm of an uneven split, and the large one would have the
    sequence believe that much is known. So until the small arm has `ENOUGH_FOR_AVERAGES`, it is
    counted twice instead (with even shares that is the same).
    """
    smaller = min(control.n, treatment.n)
    if not isinstance(control, Proportion) and smaller < ENOUGH_FOR_AVERAGES:
        return 2 * smaller
    return control.n + treatment.n


def estimates(control: Arm, treatment: Arm) -> tuple[Estimate, Estimate] | None:
    """An arm in which nothing has varied yet is lent the other's variance per visitor.

    Were there no difference both would vary alike; a variance of 0 would make it certain.
    """
    if control.value is None or treatment.value is None:
        return None
    if control.variance is None or treatment.variance is None:
        return None
    of_control, of_treatment = control.variance, treatment.variance
    if not of_control and not of_treatment:
        return None
    of_control = of_control or of_treatment * treatment.n / control.n
    of_treatment = of_treatment or of_control * control.n / treatment.n
    return Estimate(control.value, of_control), Estimate(treatment.value, of_treatment)


def _comparison(
    control: Arm,
    control_figures: ArmFigures,
    treatment: Arm,
    test: DecidingTest | None,
    p_value: float | None,
    adjusted_p_value: float | None,
    treatments: int,
) -> Comparison:
    seen = replace(
        seen_only(control_figures, arm_figures(treatment), fixed_horizon(control, treatment)),
        p_value=p_value,
        adjusted_p_value=adjusted_p_value,
    )
    if test is None or p_value is None or adjusted_p_value is None:
        return seen
    direction = 0
    if adjusted_p_value < ALPHA:
        direction = direction_of(seen)
    n = clock(control, treatment)
    # p is under this level exactly when the adjusted p is under ALPHA.
    holm_level = ALPHA * (p_value / adjusted_p_value) if adjusted_p_value else ALPHA
    limit, holm_limit = (critical_statistic(n, level) for level in (ALPHA / treatments, holm_level))
    enough = min(control.n, treatment.n) >= ENOUGH_VISITORS
    return replace(
        with_intervals(seen, test, limit, holm_limit, direction),
        decided=enough and direction != 0,
        direction=direction if enough else 0,
        reason=None if enough else Reason.TOO_FEW_VISITORS,
    )


def seen_only(control: ArmFigures, treatment: ArmFigures, fixed: FixedHorizon | None) -> Comparison:
    """The lifts seen and nothing about their certainty, with the reason that it's missing."""
    reason = control.reason or treatment.reason or Reason.NO_VARIATION
    absolute, relative = _lifts(control.value, treatment.value, reason)
    return Comparison(
        control=control,
        treatment=treatment,
        absolute=absolute,
        relative=relative,
        p_value=None,
        adjusted_p_value=None,
        fixed=fixed,
        decided=False,
        direction=0,
        reason=reason,
    )


def without_certainty(comparison: Comparison) -> Comparison:
    """The values and lifts seen, as a planned experiment shows them between its looks."""
    reason = Reason.BETWEEN_LOOKS
    control, treatment = (
        replace(arm, interval=None, reason=arm.reason or reason)
        for arm in (comparison.control, comparison.treatment)
    )
    seen = seen_only(control, treatment, None)
    return replace(
        seen,
        absolute=Lift(comparison.absolute.value, None, seen.reason),
        relative=Lift(comparison.relative.value, None, comparison.relative.reason or seen.reason),
    )


def direction_of(seen: Comparison) -> int:
    """1 where the treatment is above the control, else -1."""
    return 1 if seen.absolute.value is not None and seen.absolute.value > 0 else -1


def with_intervals(
    seen: Comparison, test: DecidingTest, limit: float, holm_limit: float, direction: int
) -> Comparison:
    """Both intervals of the test at `limit`, with zero on the side that `direction` says.

    `direction` is the test's at `holm_limit`, at most `limit`: 0 where it keeps zero.
    """
    difference = _agreeing(_absolute_interval, test, limit, holm_limit, direction)
    lift = _agreeing(_relative_interval, test, limit, holm_limit, direction)
    reason = _why_unbounded(seen.control) if lift.upper is None else None
    return replace(
        seen,
        absolute=Lift(seen.absolute.value, difference, None),
        relative=Lift(seen.relative.value, lift, reason),
        reason=None,
    )


def _why_unbounded(control: ArmFigures) -> Reason:
    """Of a lift: what is divided by may be zero, or merely varies too much to be told from it."""
    return Reason.TOO_UNCERTAIN if control.value else Reason.CONTROL_TOO_CLOSE_TO_ZERO


def _lifts(control: float | None, treatment: float | None, reason: Reason) -> tuple[Lift, Lift]:
    """The lifts seen, without intervals."""
    if control is None or treatment is None:
        return Lift(None, None, reason), Lift(None, None, reason)
    absolute = Lift(treatment - control, None, reason)
    if not control:
        return absolute, Lift(None, None, Reason.CONTROL_TOO_CLOSE_TO_ZERO)
    return absolute, Lift(treatment / control - 1, None, reason)


def _absolute_interval(test: DecidingTest, limit: float) -> Interval:
    return Interval(*test.difference_interval(limit))


def _relative_interval(test: DecidingTest, limit: float) -> Interval:
    lower, upper = test.ratio_interval(limit)
    return Interval(lower - 1, None if upper is None else upper - 1)


def _agreeing(
    read: Callable[[DecidingTest, float], Interval],
    test: DecidingTest,
    limit: float,
    holm_limit: float,
    direction: int,
) -> Interval:
    """Bonferroni's interval, with zero where Holm's test found it: inside, below or above.

    Beyond Holm's gain over Bonferroni (see `compare`) this only settles the last bit, where
    rounding could contradict the p-value.
    """
    interval = read(test, limit)
    lower, upper = interval.lower, interval.upper
    if direction == 0:
        return Interval(min(lower, 0.0), None if upper is None else max(upper, 0.0))
    if interval.excludes_zero:
        return interval
    tested = read(test, holm_limit)
    if direction > 0:
        return Interval(max(tested.lower, sys.float_info.min), upper)
    nearest = 0.0 if tested.upper is None else tested.upper
    return Interval(lower, min(nearest, -sys.float_info.min))


def arm_figures(arm: Arm, limit: float | None = None) -> ArmFigures:
    """The metric of one variant, and the interval that holds it at all looks in 95%.

    `limit` is the statistic still allowed; the sequence's for its visitors unless given.
    """
    value = arm.value
    if value is None:
        return ArmFigures(arm.n, None, None, Reason.NOTHING_MEASURED)
    if limit is None:
        limit = critical_statistic(arm.n)
    if isinstance(arm, Proportion) and min(counts_of(arm)) < ENOUGH_COUNTS:
        return ArmFigures(arm.n, value, Interval(*rate_interval(arm, limit)), None)
    if arm.variance is None:
        return ArmFigures(arm.n, value, None, Reason.TOO_FEW_VISITORS)
    if not arm.variance:
        return ArmFigures(arm.n, value, None, Reason.NO_VARIATION)
    half_width = math.sqrt(limit * arm.variance)
    # Below 1 as well, for a proportion: from ENOUGH_COUNTS on, it's further away than this.
    interval = Interval(max(0.0, value - half_width), value + half_width)
    return ArmFigures(arm.n, value, interval, None)


def fixed_horizon(control: Arm, treatment: Arm, alpha: float = ALPHA) -> FixedHorizon | None:
    """Welch's t-test (two-sided); None where a variance or all variation is missing."""
    if control.value is None or treatment.value is None:
        return None
    if not control.variance and not treatment.variance:
        return None
    if control.variance is None or treatment.variance is None or min(control.n, treatment.n) < 2:
        return None
    variance = control.variance + treatment.variance
    # Shares, because the squares of tiny variances underflow.
    share = control.variance / variance
    freedom = 1 / (share**2 / (control.n - 1) + (1 - share) ** 2 / (treatment.n - 1))
    difference, error = treatment.value - control.value, math.sqrt(variance)
    half_width = float(stdtrit(freedom, 1 - alpha / 2)) * error
    return FixedHorizon(
        2 * float(stdtr(freedom, -abs(difference) / error)),
        Interval(difference - half_width, difference + half_width),
    )


def holm(p_values: Sequence[float | None]) -> list[float | None]:
    """Holm's step-down adjustment. A missing p-value counts as a comparison and stays missing."""
    adjusted: list[float | None] = [None] * len(p_values)
    known = sorted((p, index) for index, p in enumerate(p_values) if p is not None)
    highest = 0.0
    for rank, (p_value, index) in enumerate(known):
        highest = max(highest, min(1.0, p_value * (len(p_values) - rank)))
        adjusted[index] = highest
    return adjusted
