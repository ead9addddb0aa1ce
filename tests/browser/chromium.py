"""Find a Chromium for the browser tests, or install one.

As root, Debian's package; else Playwright's own. `python -m tests.browser.chromium` says which.
"""

import os
import shutil
import subprocess
import sys

from tests.harness import debian

FLAGS = (
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
NONE = """\
There is no Chromium to run the browser tests in, and none could be installed.
Install one and run the tests again:
  as root on Debian or Ubuntu   apt-get install chromium
  anywhere else                 .venv/bin/playwright install --with-deps chromium
"""


class NoBrowserError(Exception):
    """The message says what to do."""


def find_or_install() -> str:
    """The path of a Chromium.

    Raises:
        NoBrowserError: none is there and none could be installed.
    """
    for find in (_installed, _install_debian_package, _playwrights_own):
        if path := find():
            return path
    raise NoBrowserError(NONE)


def _installed() -> str | None:
    return next(filter(None, map(shutil.which, ("chromium", "chromium-browser"))), None)


def _install_debian_package() -> str | None:
    return _installed() if debian.install("chromium") else None


def _playwrights_own() -> str | None:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        path = playwright.chromium.executable_path
    if not os.path.exists(path):
        print("Installing Playwright's Chromium …", file=sys.stderr)
        subprocess.run([sys.executable, "-m", "playwright", "install", "chromium"], check=False)
    return path if os.path.exists(path) else None


if __name__ == "__main__":
    try:
        print(f"Browser tests run in {find_or_install()}", file=sys.stderr)
    except NoBrowserError as error:
        sys.exit(str(error))
