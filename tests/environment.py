"""The environment of the tests, set before Django reads its settings.

A plugin (`-p` in pyproject.toml), because pytest-django reads them before any conftest.
"""

import atexit
import fcntl
import os
import shutil
import tempfile
from pathlib import Path

from glozr.postgres.embedded import EmbeddedPostgres

VAR = Path(__file__).resolve().parent.parent / "var"
VAR.mkdir(exist_ok=True)
RUN = (VAR / "test.run").open("a")  # locked while the run lasts that has var/test


def _data_dir() -> Path:
    """Where the tests' embedded server keeps its data: beside, not in, what `make run` serves.

    A second run at the same time gets a folder of its own, or it would drop the databases that
    the first is using.
    """
    try:
        fcntl.flock(RUN, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        folder = Path(tempfile.mkdtemp(prefix="glozr-test-"))
        atexit.register(_remove, folder)
        return folder
    atexit.register(EmbeddedPostgres(VAR / "test" / "postgres").stop)
    shutil.rmtree(VAR / "test" / "installation", ignore_errors=True)
    return VAR / "test"


def _remove(folder: Path) -> None:
    EmbeddedPostgres(folder / "postgres").stop()
    shutil.rmtree(folder)


if "GLOZR_DATA_DIR" not in os.environ:  # the processes of one run inherit it
    os.environ["GLOZR_DATA_DIR"] = str(_data_dir())
os.environ.setdefault("GLOZR_SECRET_KEY", "only-for-tests-" + "0123456789abcdef" * 4)
# All of them come from one address, many times a second.
os.environ.setdefault("GLOZR_TOKEN_RATE", "1000000")
os.environ.setdefault("GLOZR_ADDRESS_RATE", "0")

# Of each process its own: what another one serves meanwhile is no count of its tests.
os.environ["PROMETHEUS_MULTIPROC_DIR"] = tempfile.mkdtemp(prefix="glozr-test-metrics-")
atexit.register(shutil.rmtree, os.environ["PROMETHEUS_MULTIPROC_DIR"], ignore_errors=True)
