"""Reading the settings, and commands that need no database, start no server."""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from glozr.postgres.embedded import EmbeddedPostgres

PROJECT = Path(__file__).resolve().parents[2]
HELP = ["manage.py", "--help"]


@pytest.fixture
def data_dir() -> Iterator[Path]:
    """Not pytest's own: that closes its folders to the server's account."""
    with tempfile.TemporaryDirectory(prefix="glozr-") as name:
        yield Path(name)
        EmbeddedPostgres(Path(name) / "postgres").stop()


def run(arguments: list[str], data_dir: Path) -> str:
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith("PROMETHEUS")
    }
    environment.pop("DATABASE_URL", None)
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=PROJECT,
        env={**environment, "GLOZR_DATA_DIR": str(data_dir)},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout + done.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        ["-c", "import glozr.settings"],
        HELP,
        ["manage.py", "check"],
        ["manage.py", "makemigrations", "--check", "--dry-run"],
        ["manage.py", "spectacular", "--file", os.devnull],
    ],
    ids=" ".join,
)
def test_nothing_is_started(data_dir: Path, arguments: list[str]) -> None:
    assert "Warning" not in run(arguments, data_dir)
    assert not (data_dir / "postgres").exists()


def test_what_computes_is_not_loaded_for_all(data_dir: Path) -> None:
    """Each takes a third of a second or more, and up to 40 MiB of every process."""
    django = "import os; os.environ['DJANGO_SETTINGS_MODULE'] = 'glozr.settings'; import django"
    heavy = "{'scipy', 'openai', 'mcp', 'httpx2', 'pydantic'}"
    told = f"print({heavy} & sys.modules.keys())"
    asked = f"{django}; import sys; django.setup(); {told}; import glozr.urls; {told}"
    assert run(["-c", asked], data_dir) == "set()\n{'scipy'}\n"


def test_the_first_connection_starts_it(data_dir: Path) -> None:
    run(["manage.py", "migrate", "agents", "--plan"], data_dir)
    server = EmbeddedPostgres(data_dir / "postgres")
    assert server.running_socket_dir() is not None


def test_help_is_there_at_once(data_dir: Path) -> None:
    def seconds() -> float:
        began = time.perf_counter()
        run(HELP, data_dir)
        return time.perf_counter() - began

    assert min(seconds() for _ in range(3)) < 1.5
