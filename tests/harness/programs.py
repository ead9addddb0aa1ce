"""Programs that the product is tested with and pip does not bring.

`python -m tests.harness.programs` installs Debian's where CI runs as root; elsewhere the tests of
one that is missing are skipped, and say so.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping

import pytest

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
    missing = [PACKAGES[name] for name in PACKAGES if shutil.which(name, path=PATH) is None]
    if not missing or not os.environ.get("CI") or os.geteuid() != 0:
        return
    print(f"Installing {', '.join(missing)} …", file=sys.stderr)
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for command in (["update"], ["install", "--yes", "--no-install-recommends", *missing]):
        subprocess.run(
            ["apt-get", "-qq", *command], env=environment, stdin=subprocess.DEVNULL, check=True
        )


if __name__ == "__main__":
    install_missing()
