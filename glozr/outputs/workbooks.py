"""Tables as a workbook for people (.xlsx): texts are texts, whatever they look like, numbers and
dates are typed, and nothing is a formula.

Rows go to the disk as they come, so that memory stays flat; what was written there is gone when the
file is closed. XlsxWriter would keep one row of each sheet in memory anyway.
"""

import re
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from itertools import islice
from typing import IO, Any
from zoneinfo import ZoneInfo

import xlsxwriter

from glozr.outputs.tables import Cell, Table

ROWS_OF_A_WORKSHEET = 1_048_576
"""Its head among them; what Excel and LibreOffice read."""
CHARACTERS_OF_A_CELL = 32_767
EXACT_WHOLE_NUMBER = 2**53
"""Beyond it a spreadsheet's numbers lose digits."""
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f]")


@dataclass(slots=True)
class _Written:
    rows: int = 0
    is_cut: bool = False
    cut_texts: int = 0


def workbook_file(tables: Sequence[Table], *, zone: ZoneInfo) -> IO[bytes]:
    """The workbook as an open file: a worksheet for each table, and one about them all. Times are
    those of `zone`, since a spreadsheet knows none."""
    file = tempfile.TemporaryFile()  # noqa: SIM115  # whoever sends it closes it
    with tempfile.TemporaryDirectory() as scratch:
        options = {"constant_memory": True, "tmpdir": scratch, "strings_to_formulas": False}
        with xlsxwriter.Workbook(file, options) as book:
            sheets = [_Sheet(book, table, zone) for table in tables]
            found = [(table, sheet.fill()) for table, sheet in zip(tables, sheets, strict=True)]
            about = book.add_worksheet("About this file")
            about.set_column(0, 0, 100)
            for number, line in enumerate(_about(found, zone)):
                about.write_string(number, 0, line)
    file.seek(0)
    return file


def _about(found: Sequence[tuple[Table, _Written]], zone: ZoneInfo) -> Iterator[str]:
    for table, written in found:
        yield f"{table.title}: {written.rows:,} rows."
        if table.about:
            yield table.about
        if written.is_cut:
            yield (
                f"There are more rows: a worksheet holds {ROWS_OF_A_WORKSHEET:,}, its head among "
                "them, and the rest is left out. Narrow the list, or take the CSV."
            )
        if written.cut_texts:
            yield (
                f"{written.cut_texts:,} texts are cut: a cell holds {CHARACTERS_OF_A_CELL:,} "
                "characters. The CSV has them whole."
            )
    yield f"Times are those of {zone.key}."


class _Sheet:
    def __init__(self, book: Any, table: Table, zone: ZoneInfo) -> None:
        self.table = table
        self.zone = zone
        self.sheet = book.add_worksheet(table.title)
        self.head = book.add_format({"bold": True, "bottom": 1})
        self.instant = book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"})
        self.day = book.add_format({"num_format": "yyyy-mm-dd"})
        self.text = book.add_format({"num_format": "@"})
        self.written = _Written()

    def fill(self) -> _Written:
        for place, column in enumerate(self.table.columns):
            self.sheet.set_column(place, place, column.width)
            self.sheet.write_string(0, place, column.title, self.head)
        self.sheet.freeze_panes(1, 0)
        rows = iter(self.table.rows)
        for number, row in enumerate(islice(rows, ROWS_OF_A_WORKSHEET - 1), start=1):
            for place, value in enumerate(row):
                if value is not None:
                    self.write(number, place, value)
            self.written.rows = number
        self.written.is_cut = next(rows, None) is not None
        if self.written.rows:
            self.sheet.autofilter(0, 0, self.written.rows, len(self.table.columns) - 1)
        return self.written

    def write(self, row: int, place: int, value: Cell) -> None:
        match value:
            case bool():  # a truth would become the formula =TRUE() in LibreOffice
                self.write_text(row, place, "yes" if value else "no")
            case int() if abs(value) > EXACT_WHOLE_NUMBER:
                self.write_text(row, place, str(value))
            case int() | float() | Decimal():
                self.sheet.write_number(row, place, value)
            case datetime():
                local = value.astimezone(self.zone).replace(tzinfo=None)
                self.sheet.write_datetime(row, place, local, self.instant)
            case date():
                self.sheet.write_datetime(row, place, value, self.day)
            case _:
                self.write_text(row, place, str(value))

    def write_text(self, row: int, place: int, text: str) -> None:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
        if text.startswith("<r>") and text.endswith("</r>"):
            # XlsxWriter takes such a text for markup of its own and would write it as it is.
            parts = _CONTROL.sub(" ", text)
            self.sheet.write_rich_string(row, place, parts[0], parts[1], parts[2:], self.text)
        elif self.sheet.write_string(row, place, text, self.text):
            self.written.cut_texts += 1
