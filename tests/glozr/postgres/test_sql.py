"""Statements are put together of files; comments stay there."""

from pathlib import Path

import pytest

from glozr.postgres.sql import statement


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
