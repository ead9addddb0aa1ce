"""Pages of a list in the order of a time and an id, each found by where the one before ended.

The page after a row is read from the index at that row, so that page 1,000 costs what page 1
does. Of the libraries, DRF's CursorPagination (used by the API) needs its own requests and lets
a forged position fail in the database, and django-cursor-pagination compares with an OR over
NULLS LAST, which no index of ours can begin at.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Generic, TypeVar
from uuid import UUID

from django.db.models import Model, Q, QuerySet

from glozr.errors import FieldError, Invalid

_Row = TypeVar("_Row", bound=Model)

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
CURSOR = re.compile(r"(after|before)\.(-?\d{1,17})\.([0-9a-f]{32})", re.ASCII)


@dataclass(frozen=True, slots=True)
class Order:
    """By the time in `field`, then by id; the newest first if `descending`."""

    field: str
    descending: bool = True


@dataclass(frozen=True, slots=True)
class Cursor:
    """The row that a page begins after, or ends before."""

    backwards: bool
    moment: datetime
    id: UUID

    def __str__(self) -> str:
        side = "before" if self.backwards else "after"
        return f"{side}.{(self.moment - EPOCH) // MICROSECOND}.{self.id.hex}"

    @classmethod
    def read(cls, text: str) -> "Cursor":
        """
        Raises:
            Invalid: it is not the text of a cursor.
        """
        match = CURSOR.fullmatch(text)
        try:
            if match is not None:
                moment = EPOCH + int(match[2]) * MICROSECOND
                return cls(match[1] == "before", moment, UUID(match[3]))
        except OverflowError:
            pass
        detail = "This link to a page is damaged. Go back to the first page."
        raise Invalid([FieldError("cursor", "invalid", detail)])


@dataclass(frozen=True, slots=True)
class KeysetPage(Generic[_Row]):
    rows: list[_Row]
    next: str | None
    previous: str | None


def keyset_page(
    branches: Sequence[QuerySet[_Row]], *, order: Order, cursor: str = "", per_page: int
) -> KeysetPage[_Row]:
    """The page at `cursor`, the first without one, of what all `branches` hold together.

    Branches hold different rows and are read by an index each; usually there is one.

    Raises:
        Invalid: the cursor is none of ours.
    """
    position = Cursor.read(cursor) if cursor else None
    backwards = position is not None and position.backwards
    rows = list(_read(branches, order, position, limit=per_page + 1))
    more = len(rows) > per_page
    rows = rows[:per_page]
    if backwards:
        rows.reverse()
    if not rows:
        return KeysetPage([], None, None)

    def at(row: _Row, *, before: bool) -> str:
        return str(Cursor(before, getattr(row, order.field), row.pk))

    return KeysetPage(
        rows,
        next=at(rows[-1], before=False) if more or backwards else None,
        previous=at(rows[0], before=True) if (more if backwards else position) else None,
    )


def _read(
    branches: Sequence[QuerySet[_Row]], order: Order, position: Cursor | None, *, limit: int
) -> QuerySet[_Row]:
    descending = order.descending != (position is not None and position.backwards)
    sign = "-" if descending else ""
    ordering = (f"{sign}{order.field}", f"{sign}pk")
    beyond = _beyond(order.field, position, descending=descending)
    first, *others = [rows.filter(beyond).order_by(*ordering)[:limit] for rows in branches]
    if not others:
        return first
    return first.union(*others, all=True).order_by(*ordering)[:limit]


def _beyond(field: str, position: Cursor | None, *, descending: bool) -> Q:
    """Rows past the position. The bound on the time alone is what an index begins at."""
    if position is None:
        return Q()
    bound, past = ("lte", "lt") if descending else ("gte", "gt")
    tie: dict[str, Any] = {f"pk__{past}": position.id}
    return Q(**{f"{field}__{bound}": position.moment}) & (
        Q(**{f"{field}__{past}": position.moment}) | Q(**tie)
    )
