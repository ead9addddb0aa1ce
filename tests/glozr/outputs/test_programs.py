"""Exported files in the programs that people open them with: a spreadsheet and a data frame."""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pandas as pd
import pytest
from openpyxl.utils.escape import unescape

from glozr.outputs.csv_files import csv_pieces
from glozr.outputs.tables import Cell, Column, Table
from glozr.outputs.workbooks import workbook_file
from tests.glozr.outputs.test_files import TELLING
from tests.harness import spreadsheet

SEEN = [text for text in dict.fromkeys(TELLING) if text.isprintable()]
"""Texts that programs like to take for something else, each once; a program may show a control
character in its own way."""
NOON = datetime(2025, 11, 24, 12, tzinfo=UTC)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """With both files of one table."""
    rows: list[Sequence[Cell]] = [(text, number, NOON) for number, text in enumerate(SEEN)]
    columns = [Column("id", "Id"), Column("number", "Number"), Column("at", "At")]
    table = Table("Things", columns, rows)
    folder = tmp_path_factory.mktemp("files")
    (folder / "things.csv").write_text("".join(csv_pieces(table)), newline="")
    with workbook_file([table], zone=ZoneInfo("Europe/Berlin")) as file:
        (folder / "things.xlsx").write_bytes(file.read())
    return folder


@pytest.mark.parametrize(
    ("kind", "at"), [("csv", "2025-11-24T12:00:00.000000Z"), ("xlsx", "2025-11-24 13:00:00")]
)
def test_a_spreadsheet_shows_as_many_ids_as_there_are(folder: Path, kind: str, at: str) -> None:
    _, *rows = spreadsheet.opened(folder / f"things.{kind}", beside=folder)
    assert [row[0] for row in rows] == SEEN
    assert {row[2] for row in rows} == {at}


def test_a_data_frame_of_the_csv_has_as_many_ids_as_there_are(folder: Path) -> None:
    found = pd.read_csv(
        folder / "things.csv", dtype={"id": str}, keep_default_na=False, parse_dates=["at"]
    )
    assert list(found["id"]) == SEEN
    assert found["id"].nunique() == len(SEEN)
    assert found["number"].sum() == sum(range(len(SEEN)))
    assert set(found["at"]) == {pd.Timestamp(NOON)}


def test_a_data_frame_of_the_workbook_has_as_many_ids_as_there_are(folder: Path) -> None:
    found = pd.read_excel(folder / "things.xlsx", keep_default_na=False)
    assert [unescape(text) for text in found["Id"]] == SEEN  # pandas leaves that to its caller
    assert found["Number"].sum() == sum(range(len(SEEN)))
    assert set(found["At"]) == {pd.Timestamp("2025-11-24 13:00")}
