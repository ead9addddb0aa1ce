"""Statements are put together of files; comments stay there."""

import re
from pathlib import Path

import pytest

from glozr.postgres.sql import statement

PROJECT = Path(__file__).resolve().parents[3]
OUTLIVES_A_TRANSACTION = re.compile(
    r"pg_(?:try_)?advisory_(?:lock|unlock)|\bLISTEN \w|\bSET SESSION\b|\bWITH HOLD\b"
    r"|\bSET (?:statement|lock)_timeout|\bTEMP(?:ORARY)? TABLE\b(?!.*ON COMMIT DROP)"
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "all.sql").write_text("-- why\nWITH $one, $two\nSELECT %(agent)s  -- kept\n")
    (tmp_path / "one.sql").write_text("one AS (SELECT $what)\n")
    (tmp_path / "two.sql").write_text("-- why\n    -- and why\ntwo AS (SELECT 2)\n")
    return tmp_path


def test_parts_go_in_and_comment_lines_stay_out(folder: Path) -> None:
    assert statement(folder, "all", what="1") == (
        "WITH one AS (SELECT 1), two AS (SELECT 2)\nSELECT %(agent)s  -- kept"
    )


def test_a_part_without_a_file_is_an_error(folder: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"what\.sql"):
        statement(folder, "all")


def outliving(text: str) -> list[str]:
    return OUTLIVES_A_TRANSACTION.findall(text)


def test_nothing_of_a_session_outlives_its_transaction() -> None:
    """Behind a pool the next transaction is another client's."""
    assert outliving("SELECT pg_advisory_lock(1)")
    assert outliving("SELECT pg_try_advisory_lock_shared(1)")
    assert outliving("LISTEN news")
    assert outliving("SET statement_timeout = 0")
    assert not outliving("SELECT pg_try_advisory_xact_lock(1)")
    assert not outliving("SET LOCAL statement_timeout = 0")
    for room in ("glozr", "agents", "experiments"):
        for path in (PROJECT / room).rglob("*"):
            if path.suffix in (".py", ".sql"):
                assert not outliving(path.read_text()), path
