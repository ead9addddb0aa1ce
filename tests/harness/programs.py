"""Programs that the product is tested with and pip does not bring.

`python -m tests.harness.programs` installs Debian's where CI runs as root; elsewhere the tests of
one that is missing are skipped, and say so.
"""

import os
import shutil
import sys
from collections.abc import Mapping

import pytest

from tests.harness import debian

PACKAGES: Mapping[str, str] = {
    "pgbouncer": "pgbouncer",
    "nginx": "nginx-light",
    "promtool": "prometheus",
    "systemd-analyze": "systemd",
}
PATH = f"{os.environ.get('PATH', '')}:/usr/sbin"


def program(name: str) -> str:
    """Its path. Without it the test fails in CI, and is skipped elsewhere."""
    found = shutil.which(name, path=PATH)
    if found is None:
        missing = f"{name} is not installed (Debian's package {PACKAGES[name]})"
        if os.environ.get("CI"):
            pytest.fail(missing)
        pytest.skip(missing)
    return found


def install_missing() -> None:
    """In CI; it ends with words where one is still missing then."""
    if not os.environ.get("CI") or not (missing := _missing()):
        return
    if debian.install(*(PACKAGES[name] for name in missing)) and (still := _missing()):
        sys.exit(f"{', '.join(still)} could not be installed.")


def _missing() -> list[str]:
    return [name for name in PACKAGES if shutil.which(name, path=PATH) is None]


if __name__ == "__main__":
    install_missing()
