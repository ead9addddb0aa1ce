"""What one variant's visitors add up to, for the three kinds of metric.

Sums are over visitors, the unit that is randomised. They may be integers, Decimals or floats, and
are carried exactly: a variance is the small difference of two large numbers, which floats lose.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from functools import cached_property
from typing import Protocol

Number = int | Decimal | float
Exact = int | Fraction


def _exact(number: Number) -> Exact:
    return number if isinstance(number, int) else Fraction(number)


class Arm(Protocol):
    """One variant's sums for one metric.

    `value` is the metric, `variance` the estimated variance of that value (not of one visitor).
    Either is None where the sums don't define it: no visitors, or for a variance only one.
    """

    @property
    def n(self) -> int: ...
    @property
    def value(self) -> float | None: ...
    @property
    def variance(self) -> float | None: ...


@dataclass(frozen=True)
class Proportion:
    """The share of visitors who did something once: `sum` of `n` visitors."""

    n: int
    sum: int

    def __post_init__(self) -> None:
        if not 0 <= self.sum <= self.n:
            raise ValueError(f"{self.sum} of {self.n} visitors is no proportion.")

    @property
    def value(self) -> float | None:
        return self.sum / self.n if self.n else None

    @cached_property
    def variance(self) -> float | None:
        return self.sum * (self.n - self.sum) / self.n**3 if self.n else None


@dataclass(frozen=True)
class Mean:
    """The average per visitor of a quantity that is never negative."""

    n: int
    sum: Number
    sum_squares: Number

    def __post_init__(self) -> None:
        if self.n < 0 or self.sum < 0:
            raise ValueError("A mean is of quantities that are not negative.")

    @property
    def value(self) -> float | None:
        return float(_exact(self.sum) / self.n) if self.n else None

    @cached_property
    def variance(self) -> float | None:
        """Sample variance (n - 1) over n; rounding of float sums never makes it negative."""
        if self.n < 2:
            return None
        total = _exact(self.sum)
        spread = self.n * _exact(self.sum_squares) - total * total
        return float(max(spread, 0) / (self.n**2 * (self.n - 1)))


@dataclass(frozen=True)
class Ratio:
    """One per-visitor sum over another, such as seconds over conversations.

    The variance is the delta method's, clustered on the visitor: with r = X/Y it is the variance
    of the mean of x - r*y over the square of the mean of y. As x - r*y adds up to nothing, that is
    n (Y^2 Sxx - 2XY Sxy + X^2 Syy) / ((n - 1) Y^4), in which nothing is rounded before the end.
    """

    n: int
    numerator_sum: Number
    numerator_sum_squares: Number
    denominator_sum: Number
    denominator_sum_squares: Number
    sum_of_products: Number

    def __post_init__(self) -> None:
        if self.n < 0 or self.numerator_sum < 0 or self.denominator_sum < 0:
            raise ValueError("A ratio is of quantities that are not negative.")

    @property
    def value(self) -> float | None:
        if not self.n or not self.denominator_sum:
            return None
        return float(Fraction(_exact(self.numerator_sum)) / _exact(self.denominator_sum))

    @cached_property
    def variance(self) -> float | None:
        if self.n < 2 or not self.denominator_sum:
            return None
        x, y = _exact(self.numerator_sum), _exact(self.denominator_sum)
        residual_squares = (
            y * y * _exact(self.numerator_sum_squares)
            - 2 * x * y * _exact(self.sum_of_products)
            + x * x * _exact(self.denominator_sum_squares)
        )
        return float(self.n * max(residual_squares, 0) / ((self.n - 1) * y**4))
