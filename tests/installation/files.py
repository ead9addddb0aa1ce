"""The files of `docs/installation/`, with this machine's places in place of theirs."""

import sys
from collections.abc import Mapping
from configparser import ConfigParser
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
FOLDER = PROJECT / "docs" / "installation"
PYTHON = "/opt/glozr/.venv/bin/python"


def unit(name: str) -> list[tuple[str, str]]:
    """The lines of a unit's `[Service]`, of which a name may stand more than once."""
    text = (FOLDER / f"{name}.service").read_text()
    service = text.partition("[Service]\n")[2].partition("\n[")[0]
    return [
        (name, value)
        for line in service.splitlines()
        if line
        for name, _, value in [line.partition("=")]
    ]


def commands(name: str) -> list[list[str]]:
    """What a unit runs, in the folder of the project."""
    return [
        [sys.executable if word == PYTHON else word for word in value.split()]
        for key, value in unit(name)
        if key == "ExecStart"
    ]


def environment() -> Mapping[str, str]:
    """What the units' file sets."""
    reader = ConfigParser(delimiters=("=",), interpolation=None)
    reader.optionxform = str  # type: ignore[assignment,method-assign]
    reader.read_string("[all]\n" + (FOLDER / "glozr.env").read_text())
    return dict(reader["all"])
