"""Read the summaries: sums over the visitors of a variant, by the day they were assigned."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

import numpy as np
from django.contrib.postgres.aggregates import ArrayAgg
from django.db.models import F, Max, QuerySet, Sum
from django.db.models.functions import Coalesce, Extract, TruncDate
from numpy.typing import NDArray

from experiments.models import VariantTotals
from experiments.sums import NOTHING, SUMS, Sums
from glozr.zones import zone

SLOT = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class Reading:
    """The sums of each day on which visitors were assigned, in order, and how they came.

    Attributes:
        slots: shape (slots,), seconds since 1970 at which each quarter of an hour began in which
            any visitor was assigned, in order.
        arrivals: shape (slots, variants), the visitors assigned in it.
        last_assigned_at: of all visitors; the end of the slot where it was not noted.
    """

    days: Mapping[date, Mapping[UUID, Sums]]
    slots: NDArray[np.int64]
    arrivals: NDArray[np.int64]
    last_assigned_at: datetime | None

    @property
    def split(self) -> NDArray[np.int64]:
        """Shape (slots, variants): how many each variant had got by the end of each slot."""
        return np.cumsum(self.arrivals, axis=0)

    def by(self, moment: datetime) -> list[int]:
        """Visitors of each variant assigned in slots that ended by `moment`."""
        is_past = self.slots <= (moment - SLOT).timestamp()
        return [int(visitors) for visitors in self.arrivals[is_past].sum(axis=0)]

    def since(self, moment: datetime) -> list[int]:
        """Visitors of each variant assigned in slots that ended after `moment`."""
        is_recent = self.slots > (moment - SLOT).timestamp()
        return [int(visitors) for visitors in self.arrivals[is_recent].sum(axis=0)]


def read(variant_ids: Sequence[UUID], time_zone: str) -> Reading:
    """Days are those of `time_zone`; columns are in the order of `variant_ids`."""
    days: dict[date, dict[UUID, Sums]] = {}
    slots: dict[int, list[int]] = {}
    last_moments: list[datetime] = []
    place = {variant_id: index for index, variant_id in enumerate(variant_ids)}
    rows = _daily(variant_ids, time_zone).annotate(
        slots=ArrayAgg(Extract("assigned_from", "epoch"), order_by="assigned_from"),
        came=ArrayAgg("visitors", order_by="assigned_from"),
        last=Max(Coalesce("last_assigned_at", F("assigned_from") + SLOT)),
    )
    for day, variant_id, *sums, moments, visitors, last in rows:
        days.setdefault(day, {})[variant_id] = Sums(*sums)
        last_moments.append(last)
        for moment, came in zip(moments, visitors, strict=True):
            slots.setdefault(int(moment), [0] * len(place))[place[variant_id]] = came
    in_order = sorted(slots)
    return Reading(
        days=days,
        slots=np.asarray(in_order, dtype=np.int64),
        arrivals=np.asarray([slots[moment] for moment in in_order], dtype=np.int64).reshape(
            -1, len(place)
        ),
        last_assigned_at=max(last_moments, default=None),
    )


def _daily(variant_ids: Sequence[UUID], time_zone: str) -> QuerySet[VariantTotals, Any]:
    return (
        VariantTotals.objects.filter(variant_id__in=list(variant_ids))
        .annotate(day=TruncDate("assigned_from", tzinfo=zone(time_zone)))
        .order_by("day")
        .values_list("day", "variant_id")
        .annotate(*(Sum(name) for name in SUMS))
    )


def by_variant(variant_ids: Iterable[UUID]) -> dict[UUID, Sums]:
    """The sums of all time; a variant without visitors is absent."""
    rows = (
        VariantTotals.objects.filter(variant_id__in=list(variant_ids))
        .order_by()
        .values_list("variant_id")
        .annotate(*(Sum(name) for name in SUMS))
    )
    return {variant_id: Sums(*sums) for variant_id, *sums in rows}


def closed_by(
    agent_id: UUID, variant_ids: Sequence[UUID], assigned_by: datetime
) -> dict[UUID, Sums]:
    """The sums over visitors assigned in slots that ended by then; a variant without is absent."""
    rows = (
        VariantTotals.objects.filter(
            agent=agent_id, variant_id__in=variant_ids, assigned_from__lte=assigned_by - SLOT
        )
        .order_by()
        .values_list("variant_id")
        .annotate(*(Sum(name) for name in SUMS))
    )
    return {variant_id: Sums(*sums) for variant_id, *sums in rows}


def altogether(days: Iterable[Mapping[UUID, Sums]]) -> dict[UUID, Sums]:
    """The sums of all days, by variant."""
    total: dict[UUID, Sums] = {}
    for day in days:
        for variant_id, sums in day.items():
            total[variant_id] = total.get(variant_id, NOTHING) + sums
    return total
