"""The environment of the tests, set before Django reads its settings.

A plugin (`-p` in pyproject.toml), because pytest-django reads them before any conftest.
"""

import os
import tempfile
from pathlib import Path

# The embedded server of the tests keeps its data beside, not in, what `make run` serves.
if "DATABASE_URL" not in os.environ:
    project = Path(__file__).resolve().parent.parent
    os.environ.setdefault("GLOZR_DATA_DIR", str(project / "var" / "test"))
else:
    os.environ.setdefault("GLOZR_DATA_DIR", tempfile.mkdtemp(prefix="glozr-test-"))
os.environ.setdefault("GLOZR_SECRET_KEY", "only-for-tests-" + "0123456789abcdef" * 4)
