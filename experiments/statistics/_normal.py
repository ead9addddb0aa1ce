"""Intervals for a difference and for a relative lift, from values and variances.

Both invert the same test. The difference keeps all d with (difference - d)^2 <= limit * variance;
the relative lift (Fieller's construction) keeps all ratios r with
(treatment - r control)^2 <= limit * (variance of treatment + r^2 variance of control).
At d = 0 and r = 1 that is the same question, so they leave out "no difference" together. Dividing
by the control's mean instead would forget that the mean is itself uncertain.
"""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass(frozen=True)
class Estimate:
    """A value of one arm, never negative, and the variance of that value."""

    value: float
    variance: float


@dataclass(frozen=True)
class NormalTest:
    """The test of two estimates, whose variances must not both be zero."""

    control: Estimate
    treatment: Estimate

    def statistic(self) -> float:
        """The squared difference in standard errors."""
        difference = self.treatment.value - self.control.value
        return difference * difference / (self.control.variance + self.treatment.variance)

    def difference_interval(self, limit: float) -> tuple[float, float]:
        """Treatment minus control, in the metric's unit."""
        difference = self.treatment.value - self.control.value
        half_width = math.sqrt(limit * (self.control.variance + self.treatment.variance))
        return difference - half_width, difference + half_width

    def ratio_interval(self, limit: float) -> tuple[float, float | None]:
        """Treatment over control, from 0; the upper end is None, without bound, where the control
        is itself within `limit` of zero.

        The ends solve a r^2 - 2 b r + c = 0. Values are not negative, so b >= 0: with a > 0 both
        ends are finite, and with a <= 0 a single one is above zero (a, c of unlike sign), the
        lower.
        """
        control, treatment = self.control, self.treatment
        a = control.value**2 - limit * control.variance
        b = control.value * treatment.value
        c = treatment.value**2 - limit * treatment.variance
        if a <= 0:
            return (c / (b + math.sqrt(b * b - a * c)) if c > 0 else 0.0), None
        # b^2 - a c, without the cancellation of b^2
        discriminant = limit * (
            control.variance * treatment.value**2
            + treatment.variance * control.value**2
            - limit * control.variance * treatment.variance
        )
        root = math.sqrt(max(0.0, discriminant))
        upper = (b + root) / a
        return (c / (b + root) if c > 0 else 0.0), upper
