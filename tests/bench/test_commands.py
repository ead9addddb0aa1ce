"""Every program that measures can be started, and tells what it takes.

Programs that nobody runs in CI break unseen: what they import moves.
"""

import os
import subprocess
import sys
from pathlib import Path

import pytest

BENCH = Path(__file__).parents[2] / "bench"
PROGRAMS = sorted(
    path.stem if path.parent == BENCH else path.parent.name
    for path in [*BENCH.glob("*.py"), *BENCH.glob("*/__main__.py")]
    if '__name__ == "__main__"' in path.read_text()
)


def test_programs_are_found() -> None:
    assert {"load", "results", "chaos", "simulation"} <= set(PROGRAMS)


@pytest.mark.parametrize("program", PROGRAMS)
def test_a_program_tells_what_it_takes(program: str) -> None:
    told = subprocess.run(
        [sys.executable, "-m", f"bench.{program}", "--help"],
        capture_output=True,
        text=True,
        cwd=BENCH.parent,
        env={name: os.environ[name] for name in os.environ.keys() - {"DJANGO_SETTINGS_MODULE"}},
        timeout=60,
        check=False,
    )

    assert (told.returncode, told.stdout[:6]) == (0, "usage:"), told.stderr
