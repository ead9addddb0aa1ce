"""Installations with a server of their own, copied from one that is prepared once in a run."""

import fcntl
import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from bench.stack import Stack

FOLDER = Path(os.environ["GLOZR_DATA_DIR"]) / "installation"
"""Of the run; `tests.environment` empties it at the start."""


@contextmanager
def installation(data_dir: Path) -> Iterator[Stack]:
    """One whose database runs, migrated and with the demo in it; its server is not started."""
    folder, demo = _prepared()
    with closing(Stack(data_dir)) as stack:
        # Accounts and modes too: under root the database has an account of its own.
        subprocess.run(["cp", "-a", f"{folder}/.", str(data_dir)], check=True)
        stack.demo = demo
        stack.postgres.ensure_running()
        yield stack


def _prepared() -> tuple[Path, dict[str, Any]]:
    FOLDER.mkdir(exist_ok=True)
    stack = Stack(FOLDER / "data")
    told = FOLDER / "demo.json"
    with (FOLDER / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not told.exists():
            shutil.rmtree(stack.data_dir, ignore_errors=True)
            with closing(stack):
                stack.prepare()
            told.write_text(json.dumps(stack.demo))
    return stack.data_dir, json.loads(told.read_text())
