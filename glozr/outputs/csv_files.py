"""A table as CSV for programs (RFC 4180): every value as it is, guarded against nothing.

Texts stand in quotation marks and nothing else does, so that an empty text and no value are two
things. A spreadsheet guesses what texts mean and changes what looks like a number: for people there
are `workbooks`.
"""

from collections.abc import Iterable, Iterator
from datetime import date, datetime
from decimal import Decimal
from itertools import islice

from glozr.outputs.instants import written
from glozr.outputs.tables import Cell, Table

LINES_AT_ONCE = 500
CRLF = "\r\n"


def csv_pieces(table: Table) -> Iterator[str]:
    """Lines of CSV, many at once; first the columns' names with the first row."""
    lines = [_line(column.name for column in table.columns)]
    rows = iter(table.rows)
    lines += [_line(row) for row in islice(rows, 1)]
    while lines:
        yield "".join(lines)
        lines = [_line(row) for row in islice(rows, LINES_AT_ONCE)]


def _line(cells: Iterable[Cell]) -> str:
    return ",".join(map(_cell, cells)) + CRLF


def _cell(value: Cell) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case Decimal():
            return f"{value.normalize():f}"
        case int() | float():
            return repr(value)
        case datetime():
            return written(value)
        case date():
            return value.isoformat()
    text = str(value).replace('"', '""')
    return f'"{text}"'
