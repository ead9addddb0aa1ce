"""Every treatment against the control: by metric, altogether and day by day."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from itertools import accumulate
from uuid import UUID

from experiments.models import Variant
from experiments.results import totals
from experiments.results.comparing.labels import parted
from experiments.results.metrics import primary_first
from experiments.results.prompts import PromptCount
from experiments.statistics import (
    ArmFigures,
    Comparison,
    compare,
    compare_together,
    without_certainty,
)
from experiments.sums import NOTHING, Sums

MAX_POINTS = 60
KEPT_COMPARISONS = 4 * MAX_POINTS
"""By each process: about 10 KiB for each variant and day."""


@dataclass(frozen=True, slots=True)
class VariantCounts:
    """A variant and what its visitors did. `expected` visitors are those of its weight; where there
    is little room its name is `head`, which may be cut, and `tail` (`labels`)."""

    id: UUID
    name: str
    position: int
    weight: int
    share: float
    expected: float
    sums: Sums
    prompts: tuple[PromptCount, ...] = ()
    head: str = ""
    tail: str = ""

    @property
    def is_control(self) -> bool:
        return self.position == 0


def variant_counts(
    variants: Sequence[Variant],
    sums: Mapping[UUID, Sums],
    prompts: Mapping[UUID, tuple[PromptCount, ...]],
) -> tuple[VariantCounts, ...]:
    """In the order of `variants`."""
    total_weight = sum(variant.weight for variant in variants)
    visitors = sum(sums.get(variant.pk, NOTHING).visitors for variant in variants)
    return tuple(
        VariantCounts(
            id=variant.pk,
            name=variant.name,
            position=variant.position,
            weight=variant.weight,
            share=variant.weight / total_weight,
            expected=visitors * variant.weight / total_weight,
            sums=sums.get(variant.pk, NOTHING),
            prompts=prompts.get(variant.pk, ()),
            head=head,
            tail=tail,
        )
        for variant, (head, tail) in zip(
            variants, parted([variant.name for variant in variants]), strict=True
        )
    )


@dataclass(frozen=True, slots=True)
class VariantFigures:
    """A variant's value of a metric; `comparison` with the control for all but the control."""

    variant: VariantCounts
    own: ArmFigures
    comparison: Comparison | None


@dataclass(frozen=True, slots=True)
class CurvePoint:
    """The comparison over all visitors assigned up to the end of `day`, with everything that
    they have done since."""

    day: date
    comparison: Comparison


@dataclass(frozen=True, slots=True)
class Curve:
    variant: VariantCounts
    points: tuple[CurvePoint, ...]


Compared = Mapping[str, Sequence[Comparison]]
"""Every treatment's comparison with the control, by metric."""


def compared(
    primary_metric: str,
    counts: Sequence[VariantCounts],
    sums: Mapping[UUID, Sums],
    *,
    has_verdict: bool,
) -> Compared:
    """The primary metric's at 5% of its own, the others' at 5% together, and each guardrail's by
    itself.

    Without a verdict, as between looks, what decides shows no certainty. It follows from the sums
    alone, and is kept under them: past days of a curve are compared once.
    """
    of_arms = tuple(sums.get(count.id, NOTHING) for count in counts)
    return _compared(primary_metric, of_arms, has_verdict)


@lru_cache(maxsize=KEPT_COMPARISONS)
def _compared(primary_metric: str, sums: tuple[Sums, ...], has_verdict: bool) -> Compared:
    metrics = primary_first(primary_metric)
    arms = {metric.key: [metric.arm(each) for each in sums] for metric in metrics}
    primary, *others = [metric.key for metric in metrics if not metric.is_guardrail]
    found = {key: compare(own[0], own[1:]) for key, own in arms.items() if key not in others}
    together = compare_together([(arms[key][0], arms[key][1:]) for key in others])
    found |= dict(zip(others, together, strict=True))
    uncertain = [] if has_verdict else [primary, *others]
    return found | {key: [*map(without_certainty, found[key])] for key in uncertain}


def curves_of(
    primary_metric: str,
    counts: Sequence[VariantCounts],
    days: Mapping[date, Mapping[UUID, Sums]],
    *,
    has_verdict: bool,
) -> dict[str, tuple[Curve, ...]]:
    """By metric, one for each treatment."""
    up_to = list(accumulate(days.values(), lambda total, day: totals.altogether([total, day])))
    # Of a long run only so many days are drawn, the last always among them.
    step = -(-len(up_to) // MAX_POINTS) or 1
    chosen = list(zip(days, up_to, strict=True))[::-step][::-1]
    found = [
        (day, compared(primary_metric, counts, sums, has_verdict=has_verdict))
        for day, sums in chosen
    ]
    return {
        metric.key: tuple(
            Curve(
                treatment,
                tuple(CurvePoint(day, by_metric[metric.key][place]) for day, by_metric in found),
            )
            for place, treatment in enumerate(counts[1:])
        )
        for metric in primary_first(primary_metric)
    }
