"""Programs of others that make clients, and the clients' own: run, and told of if they fail."""

import os
import subprocess
import sys
from pathlib import Path


def run(folder: Path, *command: str, **environment: str) -> str:
    """What it says. The tests' own programs are found first."""
    binaries = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        command,
        cwd=folder,
        env={**os.environ, "PATH": binaries, **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    said = done.stdout + done.stderr
    assert done.returncode == 0, said
    return said
