"""A real spreadsheet program, LibreOffice Calc, without a window.

`python -m tests.harness.spreadsheet` finds or installs it, as `make test` does before the tests.
"""

import csv
import shutil
import subprocess
import sys
from pathlib import Path

from tests.harness import debian

AS_SHOWN = "csv:Text - txt - csv (StarCalc):44,34,76,1,,0,true,true"
"""Commas, quotes, UTF-8, texts in quotes, cells as a person sees them."""
QUOTED_IS_TEXT = "--infilter=Text - txt - csv (StarCalc):44,34,76,1,,0,true"
"""As the box "Quoted field as text" in the window that opens a CSV file."""
NONE = """\
There is no LibreOffice to open exported files in, and none could be installed.
Install it and run the tests again:
  as root on Debian or Ubuntu   apt-get install libreoffice-calc-nogui
  anywhere else                 see libreoffice.org; `soffice` must be on the PATH
"""


class NoSpreadsheetError(Exception):
    """The message says what to do."""


def find_or_install() -> str:
    """The path of LibreOffice.

    Raises:
        NoSpreadsheetError: none is there and none could be installed.
    """
    if shutil.which("soffice") is None:
        debian.install("libreoffice-calc-nogui")
    path = shutil.which("soffice")
    if path is None:
        raise NoSpreadsheetError(NONE)
    return path


def opened(file: Path, *, beside: Path) -> list[list[str]]:
    """What the program shows of a file's first sheet. `beside` is a folder for what it writes."""
    written = beside / f"{file.name}.shown"
    command = [
        find_or_install(),
        f"-env:UserInstallation={(beside / 'profile').as_uri()}",
        "--headless",
        *([QUOTED_IS_TEXT] if file.suffix == ".csv" else []),
        *("--convert-to", AS_SHOWN, "--outdir", str(written), str(file)),
    ]
    subprocess.run(command, check=True, capture_output=True, timeout=120)
    with (written / f"{file.stem}.csv").open(newline="") as shown:
        return list(csv.reader(shown))


if __name__ == "__main__":
    try:
        print(f"Exported files are opened in {find_or_install()}", file=sys.stderr)
    except NoSpreadsheetError as error:
        sys.exit(str(error))
