"""Both kinds of file hold what they were given: nothing is guessed, guarded or calculated."""

import tracemalloc
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest

from glozr.outputs import workbooks
from glozr.outputs.csv_files import csv_pieces
from glozr.outputs.tables import Cell, Column, Table
from glozr.outputs.workbooks import CHARACTERS_OF_A_CELL, workbook_file
from tests.glozr.outputs.reading import csv_rows, workbook_rows

BERLIN = ZoneInfo("Europe/Berlin")
TELLING = [
    *("12e45", "1E5", "0x10", "1/2", "1.0", "1,5", "-5", "0049", "0151 2345678", "00012", "inf"),
    *("+4915112345678", "'+4915112345678", "NA", "None", "null", "nan", "#N/A", "TRUE", "April"),
    *("=1+1", '=cmd|" /C calc"!A0', "@a", "2025-11-24", "x", "  padded  ", 'quo"te', '"', ",", ";"),
    *(
        "a\nb",
        "a\r\nb",
        "a\tb",
        "\x0bbell",
        "_x0041_",
        "_x005F_",
        "😀 é ﷽",
        "\ufffe",
        "</t>",
        "&amp;",
    ),
    *("<r>A</r>", "<r><t>x</t></r>", "<r></r>", "http://example.com", "{=1}", "&amp;"),
]


def table(rows: Iterable[Sequence[Cell]], *names: str) -> Table:
    return Table("Things", [Column(name, name.capitalize()) for name in names], rows)


def text_of(given: Table) -> str:
    return "".join(csv_pieces(given))


def things(given: Table, zone: ZoneInfo = BERLIN) -> list[list[Any]]:
    return sheets(given, zone=zone)["Things"]


def sheets(*given: Table, zone: ZoneInfo = BERLIN) -> dict[str, list[list[Any]]]:
    with workbook_file(given, zone=zone) as file:
        return workbook_rows(file.read())


def test_of_as_many_texts_as_many_come_back_from_csv() -> None:
    found = csv_rows(text_of(table(([text] for text in TELLING), "id")))
    assert [row["id"] for row in found] == TELLING


def test_of_as_many_texts_as_many_come_back_from_a_workbook() -> None:
    _, *rows = things(table(([text, "beside"] for text in TELLING), "id", "other"))
    assert [row[0] for row in rows] == [text.replace("\r\n", "\n") for text in TELLING]


def test_csv_is_as_the_rfc_has_it() -> None:
    rows: list[Sequence[Cell]] = [
        ("a,b", 1, 0.5, True, datetime(2025, 11, 24, 9, 30, tzinfo=UTC), date(2025, 11, 24)),
        ("", None, Decimal("1200.000000"), False, None, None),
        (UUID(int=1), -1, Decimal("0E-6"), None, None, None),
    ]
    assert text_of(table(rows, "text", "whole", "number", "truth", "at", "on")) == (
        '"text","whole","number","truth","at","on"\r\n'
        '"a,b",1,0.5,true,2025-11-24T09:30:00.000000Z,2025-11-24\r\n'
        '"",,1200,false,,\r\n'
        '"00000000-0000-0000-0000-000000000001",-1,0,,,\r\n'
    )


def test_a_table_without_rows_has_its_head() -> None:
    assert text_of(table([], "a", "b")) == '"a","b"\r\n'
    assert things(table([], "a", "b")) == [["A", "B"]]


def test_a_workbook_has_types() -> None:
    rows: list[Sequence[Cell]] = [
        ("01", 7, Decimal("1.50"), True, datetime(2025, 7, 1, 22, 30, tzinfo=UTC)),
        (UUID(int=1), 2**60, 1e300, False, date(2025, 7, 1)),
        ("end", None, None, None, None),
    ]
    _, first, second, third = things(table(rows, "a", "b", "c", "d", "e"))
    assert first == ["01", 7.0, 1.5, "yes", datetime(2025, 7, 2, 0, 30, tzinfo=UTC)]
    midnight = datetime(2025, 7, 1, tzinfo=UTC)
    assert second == [str(UUID(int=1)), str(2**60), 1e300, "no", midnight]
    assert third == ["end", None, None, None, None]


def test_what_is_cut_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workbooks, "ROWS_OF_A_WORKSHEET", 4)
    long = "😀" * (CHARACTERS_OF_A_CELL // 2) + "xy"
    found = sheets(
        Table("Things", [Column("id", "Id")], [(long,), ("b",), ("c",), ("d",)], "About things."),
        Table("Others", [Column("id", "Id")], [("a",), ("b",), ("c",)]),
    )
    assert [row[0] for row in found["Things"]] == ["Id", f"{long[:-1]}", "b", "c"]
    about = [row[0] for row in found["About this file"]]
    assert about[:2] == ["Things: 3 rows.", "About things."]
    assert "holds 4" in about[2]
    assert about[3].startswith("1 texts are cut")
    assert about[4:] == ["Others: 3 rows.", "Times are those of Europe/Berlin."]


def test_a_worksheet_holds_what_the_programs_read() -> None:
    assert workbooks.ROWS_OF_A_WORKSHEET == 2**20


def consume_csv(given: Table) -> None:
    for _ in csv_pieces(given):
        pass


def consume_workbook(given: Table) -> None:
    with workbook_file([given], zone=BERLIN) as file:
        while file.read(64 * 1024):
            pass


@pytest.mark.parametrize("consume", [consume_csv, consume_workbook])
def test_memory_stays_flat(consume: Callable[[Table], None]) -> None:
    """Ten times as many rows take no more of it."""

    def peak(rows: int) -> int:
        words = "x" * 200
        tracemalloc.start()
        try:
            consume(table(((f"{n}{words}", n) for n in range(rows)), "a", "b"))
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    peak(10)  # what is imported and compiled once
    assert peak(20_000) < peak(2_000) + 500_000
