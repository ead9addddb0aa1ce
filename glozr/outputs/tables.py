"""A table as a room describes it, whatever file it becomes."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import TypeAlias
from uuid import UUID

Cell: TypeAlias = str | int | float | Decimal | datetime | date | UUID | None
"""A `bool` is an `int`; None is an empty cell."""


@dataclass(frozen=True, slots=True)
class Column:
    """`name` for programs, `title` for people; `width` in characters."""

    name: str
    title: str
    width: int = 16


@dataclass(frozen=True, slots=True)
class Table:
    """`title` is of at most 31 characters. Rows are read once, and only as they are written."""

    title: str
    columns: Sequence[Column]
    rows: Iterable[Sequence[Cell]]
    about: str = ""
    """What there is to know of it, for people."""
