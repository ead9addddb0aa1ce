"""Read the summaries: sums over the visitors of a variant, by the day they were assigned."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any
from uuid import UUID

import numpy as np
from django.contrib.postgres.aggregates import ArrayAgg
from django.db import connection
from django.db.models import QuerySet, Sum
from django.db.models.functions import Extract, TruncDate
from numpy.typing import NDArray

from experiments.models import VariantTotals
from experiments.sums import NOTHING, SUMS, Sums
from glozr.postgres.sql import statement
from glozr.zones import zone

SPLIT_PATH = statement(Path(__file__).parent / "sql", "split_path")


def by_day(variant_ids: Iterable[UUID], time_zone: str) -> dict[date, dict[UUID, Sums]]:
    """The sums of each day of `time_zone` on which visitors were assigned, in order."""
    days: dict[date, dict[UUID, Sums]] = {}
    for day, variant_id, *sums in _daily(variant_ids, time_zone):
        days.setdefault(day, {})[variant_id] = Sums(*sums)
    return days


def by_day_and_split(
    variant_ids: Sequence[UUID], time_zone: str
) -> tuple[dict[date, dict[UUID, Sums]], NDArray[np.int64]]:
    """`by_day` and `visitors_over_time` of one reading."""
    days: dict[date, dict[UUID, Sums]] = {}
    slots: dict[int, list[int]] = {}
    place = {variant_id: index for index, variant_id in enumerate(variant_ids)}
    rows = _daily(variant_ids, time_zone).annotate(
        slots=ArrayAgg(Extract("assigned_from", "epoch"), order_by="assigned_from"),
        came=ArrayAgg("visitors", order_by="assigned_from"),
    )
    for day, variant_id, *sums, moments, visitors in rows:
        days.setdefault(day, {})[variant_id] = Sums(*sums)
        for moment, came in zip(moments, visitors, strict=True):
            slots.setdefault(int(moment), [0] * len(place))[place[variant_id]] = came
    return days, _over_time([slots[moment] for moment in sorted(slots)], len(place))


def _daily(variant_ids: Iterable[UUID], time_zone: str) -> QuerySet[VariantTotals, Any]:
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


def visitors_over_time(variant_ids: Sequence[UUID]) -> NDArray[np.int64]:
    """How many visitors each variant had got by the end of each slot of time in which any came:
    a row a slot, counts in the order of `variant_ids`."""
    with connection.cursor() as cursor:
        cursor.execute(SPLIT_PATH, {"variants": list(variant_ids)})
        slots = [counts for (counts,) in cursor]
    return _over_time(slots, len(variant_ids))


def _over_time(slots: list[list[int]], variants: int) -> NDArray[np.int64]:
    return np.cumsum(np.asarray(slots, dtype=np.int64).reshape(-1, variants), axis=0)


def altogether(days: Iterable[Mapping[UUID, Sums]]) -> dict[UUID, Sums]:
    """The sums of all days, by variant."""
    total: dict[UUID, Sums] = {}
    for day in days:
        for variant_id, sums in day.items():
            total[variant_id] = total.get(variant_id, NOTHING) + sums
    return total
