"""Pages of a list in the order of times and an id, each found by where the one before ended.

The page after a row is read from the index at that row, so that page 1,000 costs what page 1
does. Of the libraries, DRF's CursorPagination (used by the API) needs its own requests and lets
a forged position fail in the database, and django-cursor-pagination compares with an OR over
NULLS LAST, which no index of ours can begin at.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Generic, TypeVar
from uuid import UUID

from django.db.models import Model, Q, QuerySet

from glozr.errors import FieldError, Invalid

_Row = TypeVar("_Row", bound=Model)

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
CURSOR = re.compile(r"(after|before)((?:\.-?\d{1,17}){1,3})\.([0-9a-f]{32})", re.ASCII)


@dataclass(frozen=True, slots=True)
class Order:
    """By the time in `field`, by those in `then` where that is the same, then by id; the newest
    first if `descending`."""

    field: str
    then: tuple[str, ...] = ()
    descending: bool = True

    @property
    def fields(self) -> tuple[str, ...]:
        return (self.field, *self.then)


@dataclass(frozen=True, slots=True)
class Cursor:
    """The row that a page begins after, or ends before; a moment for each time of the order."""

    backwards: bool
    moments: tuple[datetime, ...]
    id: UUID

    def __str__(self) -> str:
        side = "before" if self.backwards else "after"
        since = ((moment - EPOCH) // MICROSECOND for moment in self.moments)
        return ".".join([side, *map(str, since), self.id.hex])

    @classmethod
    def read(cls, text: str, order: Order) -> "Cursor":
        """
        Raises:
            Invalid: it is not the text of a cursor of this order.
        """
        match = CURSOR.fullmatch(text)
        if match is not None:
            since = match[2].split(".")[1:]
            try:
                moments = tuple(EPOCH + int(each) * MICROSECOND for each in since)
            except OverflowError:
                moments = ()
            if len(moments) == len(order.fields):
                return cls(match[1] == "before", moments, UUID(match[3]))
        detail = "This link to a page is damaged, or from before a change. Begin at the first page."
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
    position = Cursor.read(cursor, order) if cursor else None
    backwards = position is not None and position.backwards
    rows = list(_read(branches, order, position, limit=per_page + 1))
    more = len(rows) > per_page
    rows = rows[:per_page]
    if backwards:
        rows.reverse()
    if not rows:
        return KeysetPage([], None, None)

    def at(row: _Row, *, before: bool) -> str:
        moments = tuple(getattr(row, field) for field in order.fields)
        return str(Cursor(before, moments, row.pk))

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
    ordering = [f"{sign}{field}" for field in (*order.fields, "pk")]
    beyond = _beyond(order, position, descending=descending)
    first, *others = [rows.filter(beyond).order_by(*ordering)[:limit] for rows in branches]
    if not others:
        return first
    return first.union(*others, all=True).order_by(*ordering)[:limit]


def _beyond(order: Order, position: Cursor | None, *, descending: bool) -> Q:
    """Rows past the position. The bound on the first time alone is what an index begins at."""
    if position is None:
        return Q()
    bound, past = ("lte", "lt") if descending else ("gte", "gt")
    places: list[tuple[str, Any]] = [*zip(order.fields, position.moments, strict=True)]
    beyond = Q(**{f"pk__{past}": position.id})
    for field, moment in reversed(places):
        beyond = Q(**{f"{field}__{past}": moment}) | Q(**{field: moment}) & beyond
    return Q(**{f"{order.field}__{bound}": position.moments[0]}) & beyond


def pages_of(read: Callable[[str], KeysetPage[_Row]]) -> Iterator[KeysetPage[_Row]]:
    """Every page that `read` finds by its cursor, from the first to the last."""
    cursor: str | None = ""
    while cursor is not None:
        page = read(cursor)
        yield page
        cursor = page.next
