"""Read the summaries: sums over the visitors of a variant, by the day they were assigned."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from datetime import date
from decimal import Decimal
from uuid import UUID

from django.db.models import Sum
from django.db.models.functions import TruncDate

from experiments.models import VariantTotals
from experiments.statistics.arms import Mean, Proportion, Ratio
from glozr.zones import zone


@dataclass(frozen=True, slots=True)
class Sums:
    """Over visitors; per visitor x: its sum, and as `x_squared` that of its square."""

    visitors: int = 0
    converted: int = 0
    leads: int = 0
    conversations: int = 0
    conversations_squared: int = 0
    messages: int = 0
    messages_squared: int = 0
    seconds: Decimal = Decimal(0)
    seconds_squared: Decimal = Decimal(0)
    seconds_conversations: Decimal = Decimal(0)

    def __add__(self, other: Sums) -> Sums:
        return Sums(*(getattr(self, name) + getattr(other, name) for name in NAMES))

    @property
    def lead_capture(self) -> Proportion:
        return Proportion(self.visitors, self.converted)

    @property
    def messages_per_visitor(self) -> Mean:
        return Mean(self.visitors, self.messages, self.messages_squared)

    @property
    def session_length(self) -> Ratio:
        """Seconds per conversation, clustered on the visitor."""
        return Ratio(
            self.visitors,
            self.seconds,
            self.seconds_squared,
            self.conversations,
            self.conversations_squared,
            self.seconds_conversations,
        )


NAMES = tuple(field.name for field in fields(Sums))
NOTHING = Sums()


def by_day(variant_ids: Iterable[UUID], time_zone: str) -> dict[date, dict[UUID, Sums]]:
    """The sums of each day of `time_zone` on which visitors were assigned, in order."""
    rows = (
        VariantTotals.objects.filter(variant_id__in=list(variant_ids))
        .annotate(day=TruncDate("assigned_from", tzinfo=zone(time_zone)))
        .order_by("day")
        .values_list("day", "variant_id")
        .annotate(*(Sum(name) for name in NAMES))
    )
    days: dict[date, dict[UUID, Sums]] = {}
    for day, variant_id, *sums in rows:
        days.setdefault(day, {})[variant_id] = Sums(*sums)
    return days


def by_variant(variant_ids: Iterable[UUID]) -> dict[UUID, Sums]:
    """The sums of all time; a variant without visitors is absent."""
    rows = (
        VariantTotals.objects.filter(variant_id__in=list(variant_ids))
        .order_by()
        .values_list("variant_id")
        .annotate(*(Sum(name) for name in NAMES))
    )
    return {variant_id: Sums(*sums) for variant_id, *sums in rows}


def altogether(days: Iterable[Mapping[UUID, Sums]]) -> dict[UUID, Sums]:
    """The sums of all days, by variant."""
    total: dict[UUID, Sums] = {}
    for day in days:
        for variant_id, sums in day.items():
            total[variant_id] = total.get(variant_id, NOTHING) + sums
    return total
