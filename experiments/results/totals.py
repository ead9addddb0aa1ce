"""Read the summaries: sums over the visitors of a variant, by the day they were assigned."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

import numpy as np
from django.contrib.postgres.aggregates import ArrayAgg
from django.db.models import BigIntegerField, DateField, F, Max, QuerySet, Subquery, Sum, Value
from django.db.models.functions import Cast, Coalesce, Extract, TruncDate
from numpy.typing import NDArray

from experiments.memo import Memo
from experiments.models import FoldState, VariantTotals
from experiments.sums import NOTHING, SUMS, Sums
from glozr.zones import zone

SLOT = timedelta(minutes=15)
ALL_DAYS = date.min
KEPT_READINGS = 32
"""By each process: at most half a mebibyte each, of ten variants over two months."""


@dataclass(frozen=True, slots=True, eq=False)
class Reading:
    """The sums of each day on which visitors were assigned, in order, and how they came.

    Attributes:
        slots: shape (slots,), seconds since 1970 at which each quarter of an hour began in which
            any visitor was assigned, in order.
        arrivals: shape (slots, variants), the visitors assigned in it.
        last_assigned_at: of all visitors; the end of the slot where it was not noted.
        state: of the fold, read with it; None where there are no totals.
    """

    days: Mapping[date, Mapping[UUID, Sums]]
    slots: NDArray[np.int64]
    arrivals: NDArray[np.int64]
    last_assigned_at: datetime | None
    state: UUID | None = None

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


_kept: Memo[tuple[UUID, tuple[UUID, ...], str], Reading] = Memo(KEPT_READINGS)


def read(
    agent_id: UUID,
    variant_ids: Sequence[UUID],
    time_zone: str,
    *,
    by_day: bool = True,
    state: UUID | None = None,
) -> Reading:
    """Days are those of `time_zone`, or all as one, ALL_DAYS; columns are in the order of
    `variant_ids`.

    What was read is kept under the fold's state, which is read with it; under a `state` that is
    known it need not be read again.
    """
    asked = (tuple(variant_ids), time_zone if by_day else "")
    if state is not None and (kept := _kept.get((state, *asked))) is not None:
        return kept
    rows = _daily(variant_ids, time_zone) if by_day else _altogether(variant_ids)
    reading = _read(agent_id, variant_ids, rows)
    if reading.state is not None:
        _kept.put((reading.state, *asked), reading)
    return reading


def _read(
    agent_id: UUID, variant_ids: Sequence[UUID], summed: QuerySet[VariantTotals, Any]
) -> Reading:
    states: set[UUID] = set()  # one at most: all rows are of one moment
    days: dict[date, dict[UUID, Sums]] = {}
    came: list[tuple[int, list[int], list[int]]] = []
    last_moments: list[datetime] = []
    place = {variant_id: index for index, variant_id in enumerate(variant_ids)}
    rows = summed.annotate(
        slots=ArrayAgg(Cast(Extract("assigned_from", "epoch"), BigIntegerField())),
        came=ArrayAgg("visitors"),
        last=Max(Coalesce("last_assigned_at", F("assigned_from") + SLOT)),
        state=Subquery(FoldState.objects.filter(agent=agent_id).values("state")),
    )
    for day, variant_id, *sums, moments, visitors, last, state in rows:
        states.add(state)
        days.setdefault(day, {})[variant_id] = Sums(*sums)
        last_moments.append(last)
        came.append((place[variant_id], moments, visitors))
    slots = np.unique(np.asarray([at for _, moments, _ in came for at in moments], dtype=np.int64))
    arrivals = np.zeros((len(slots), len(place)), dtype=np.int64)
    for column, moments, visitors in came:
        arrivals[np.searchsorted(slots, moments), column] = visitors
    last_assigned_at = max(last_moments, default=None)
    return Reading(days, slots, arrivals, last_assigned_at, state=next(iter(states), None))


def _daily(variant_ids: Sequence[UUID], time_zone: str) -> QuerySet[VariantTotals, Any]:
    return (
        VariantTotals.objects.filter(variant_id__in=list(variant_ids))
        .annotate(day=TruncDate("assigned_from", tzinfo=zone(time_zone)))
        .order_by("day")
        .values_list("day", "variant_id")
        .annotate(*(Sum(name) for name in SUMS))
    )


def _altogether(variant_ids: Sequence[UUID]) -> QuerySet[VariantTotals, Any]:
    return (
        VariantTotals.objects.filter(variant_id__in=list(variant_ids))
        .annotate(day=Value(ALL_DAYS, DateField()))
        .order_by()
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
