"""Files as programs read them: a workbook by what its cells are, not by what they look like."""

import csv
import re
from datetime import UTC, datetime, timedelta
from io import BytesIO, StringIO
from typing import Any, TypeAlias
from xml.etree import ElementTree
from zipfile import ZipFile

Rows: TypeAlias = list[list[Any]]

MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
EPOCH = datetime(1899, 12, 30, tzinfo=UTC)
"""Times of a workbook have no zone: they are read as if they were of UTC."""
ESCAPED = re.compile(r"_x([0-9A-F]{4})_")
IS_A_DATE = re.compile("yyyy")


def csv_rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(StringIO(text, newline="")))


def workbook_rows(content: bytes) -> dict[str, Rows]:
    """By the name of each worksheet its rows; a cell is a text, a number, a time, a truth or None.

    Formulas fail: a workbook of ours has none.
    """
    with ZipFile(BytesIO(content)) as archive:
        assert archive.testzip() is None
        names = [
            sheet.get("name") for sheet in _xml(archive, "xl/workbook.xml").iter(f"{MAIN}sheet")
        ]
        dates = _date_styles(_xml(archive, "xl/styles.xml"))
        return {
            str(name): _rows(_xml(archive, f"xl/worksheets/sheet{number}.xml"), dates)
            for number, name in enumerate(names, start=1)
        }


def records(rows: Rows) -> list[dict[str, Any]]:
    """Rows by the titles of the first."""
    head, *others = rows
    return [dict(zip(head, row, strict=True)) for row in others]


def _xml(archive: ZipFile, name: str) -> ElementTree.Element:
    return ElementTree.fromstring(archive.read(name))


def _date_styles(styles: ElementTree.Element) -> set[str]:
    formats = {
        each.get("numFmtId"): each.get("formatCode", "") for each in styles.iter(f"{MAIN}numFmt")
    }
    cells = styles.find(f"{MAIN}cellXfs")
    assert cells is not None
    return {
        str(number)
        for number, style in enumerate(cells)
        if IS_A_DATE.search(formats.get(style.get("numFmtId"), ""))
    }


def _rows(sheet: ElementTree.Element, dates: set[str]) -> Rows:
    assert sheet.find(f".//{MAIN}f") is None, "There is a formula."
    found: Rows = []
    for row in sheet.iter(f"{MAIN}row"):
        cells = {_place(str(cell.get("r"))): _value(cell, dates) for cell in row}
        width = max([*cells, len(found[0]) - 1 if found else 0]) + 1
        found.append([cells.get(place) for place in range(width)])
    return found


def _place(reference: str) -> int:
    letters = reference.rstrip("0123456789")
    place = 0
    for letter in letters:
        place = place * 26 + ord(letter) - ord("A") + 1
    return place - 1


def _value(cell: ElementTree.Element, dates: set[str]) -> Any:
    kind = cell.get("t", "n")
    if kind == "inlineStr":
        text = "".join(part.text or "" for part in cell.iter(f"{MAIN}t"))
        return ESCAPED.sub(lambda code: chr(int(code[1], 16)), text)
    value = cell.findtext(f"{MAIN}v")
    if value is None:
        return None
    if kind == "b":
        return value == "1"
    assert kind == "n", f"A cell of type {kind}."
    number = float(value)
    if cell.get("s", "") not in dates:
        return number
    return EPOCH + timedelta(milliseconds=round(number * 86_400_000))
