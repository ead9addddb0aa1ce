"""The likelihood's intervals straight from their definition: bisected, with 60 digits.

Slow and plain. Nothing is solved in closed form and no float is rounded, so that it can judge
`experiments.statistics._likelihood`, which does the one and suffers the other.
"""

from collections.abc import Callable
from decimal import Decimal, localcontext

from experiments.statistics.arms import Proportion

HALVINGS = 90
# Rates are halved within ends that were halved before, and must not be rounded to 0 or 1.
DIGITS = 60
FARTHEST_RATIO = Decimal(10) ** 30
ONE = Decimal(1)


def exact_rates(arm: Proportion, limit: float) -> tuple[Decimal, Decimal]:
    with localcontext(prec=DIGITS):
        seen = Decimal(arm.sum) / arm.n

        def is_kept(rate: Decimal) -> bool:
            return _deviance(arm, rate) <= Decimal(limit)

        return _last_kept(is_kept, seen, Decimal(0)), _last_kept(is_kept, seen, ONE)


def exact_differences(
    control: Proportion, treatment: Proportion, limit: float
) -> tuple[Decimal, Decimal]:
    with localcontext(prec=DIGITS):
        seen = Decimal(treatment.sum) / treatment.n - Decimal(control.sum) / control.n

        def is_kept(difference: Decimal) -> bool:
            rates = max(Decimal(0), -difference), min(ONE, 1 - difference)
            rate = _likeliest(control, treatment, ONE, difference, rates)
            deviance = _deviance(control, rate) + _deviance(treatment, rate + difference)
            return deviance <= Decimal(limit)

        return _last_kept(is_kept, seen, -ONE), _last_kept(is_kept, seen, ONE)


def exact_ratios(
    control: Proportion, treatment: Proportion, limit: float
) -> tuple[Decimal, Decimal]:
    """Searched on the logarithm between 1e-30 and 1e30, which stand for 0 and no bound."""
    with localcontext(prec=DIGITS):
        seen = Decimal(0)
        if control.sum and treatment.sum:
            seen = (Decimal(treatment.sum * control.n) / (control.sum * treatment.n)).ln()
        elif control.sum or treatment.sum:
            seen = FARTHEST_RATIO.ln() * (1 if treatment.sum else -1)

        def is_kept(log_ratio: Decimal) -> bool:
            ratio = log_ratio.exp()
            rates = Decimal(0), min(ONE, 1 / ratio)
            rate = _likeliest(control, treatment, ratio, Decimal(0), rates)
            deviance = _deviance(control, rate) + _deviance(treatment, ratio * rate)
            return deviance <= Decimal(limit)

        farthest = FARTHEST_RATIO.ln()
        return (
            _last_kept(is_kept, seen, -farthest).exp(),
            _last_kept(is_kept, seen, farthest).exp(),
        )


def _deviance(arm: Proportion, rate: Decimal) -> Decimal:
    total = Decimal(0)
    for count, share in ((arm.sum, rate), (arm.n - arm.sum, 1 - rate)):
        if count:
            if share <= 0:
                return Decimal("Infinity")
            total += count * (count / (arm.n * share)).ln()
    return 2 * total


def _likeliest(
    control: Proportion,
    treatment: Proportion,
    ratio: Decimal,
    difference: Decimal,
    rates: tuple[Decimal, Decimal],
) -> Decimal:
    """The likeliest rate of the control, between `rates`, with treatment = ratio x control +
    difference. The likelihood's slope falls in it."""
    low, high = rates
    for _ in range(HALVINGS):
        rate = (low + high) / 2
        treated = ratio * rate + difference
        slope = _slope(control, rate) + ratio * _slope(treatment, treated)
        low, high = (rate, high) if slope > 0 else (low, rate)
    return (low + high) / 2


def _slope(arm: Proportion, rate: Decimal) -> Decimal:
    upwards = arm.sum / rate if arm.sum else Decimal(0)
    return upwards - ((arm.n - arm.sum) / (1 - rate) if arm.sum < arm.n else Decimal(0))


def _last_kept(is_kept: Callable[[Decimal], bool], kept: Decimal, outermost: Decimal) -> Decimal:
    for _ in range(HALVINGS):
        middle = (kept + outermost) / 2
        kept, outermost = (middle, outermost) if is_kept(middle) else (kept, middle)
    return kept
