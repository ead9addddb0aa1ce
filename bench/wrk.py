"""Load from wrk, a generator in C that leaves the processor to what is measured."""

import json
import os
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

REPORT = """
done = function(summary, latency, requests)
  local errors = summary.errors
  io.stderr:write(string.format(
    '{"requests": %d, "microseconds": %d, "p50": %d, "p95": %d, "p99": %d, "errors": %d}\\n',
    summary.requests, summary.duration, latency:percentile(50), latency:percentile(95),
    latency:percentile(99),
    errors.connect + errors.read + errors.write + errors.status + errors.timeout))
end
"""


@dataclass(frozen=True, slots=True)
class Load:
    """One run. Latencies in milliseconds."""

    requests_per_second: float
    p50: float
    p95: float
    p99: float
    requests: int
    errors: int


class NoGeneratorError(Exception):
    """The message says what to do."""


def find_or_install() -> str:
    """The path of wrk.

    Raises:
        NoGeneratorError: it is not there and could not be installed.
    """
    if path := shutil.which("wrk"):
        return path
    if os.geteuid() == 0 and shutil.which("apt-get"):
        subprocess.run(["apt-get", "-qq", "update"], check=False)
        subprocess.run(["apt-get", "-qq", "install", "--yes", "wrk"], check=False)
    if path := shutil.which("wrk"):
        return path
    raise NoGeneratorError("Install wrk and measure again, on Debian: apt-get install wrk")


def run(url: str, script: str, *, connections: int, seconds: float) -> Load:
    """Send what the Lua `script` makes over `connections` for `seconds`."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "load.lua"
        path.write_text(script + REPORT)
        result = subprocess.run(
            [
                find_or_install(),
                *("--threads", "1", "--connections", str(connections)),
                *("--duration", f"{seconds:.0f}s", "--timeout", "10s"),
                *("--script", str(path), url),
            ],
            check=True,
            capture_output=True,
            text=True,
        )
    report = json.loads(result.stderr.splitlines()[-1])
    return Load(
        requests_per_second=report["requests"] / (report["microseconds"] / 1e6),
        p50=report["p50"] / 1000,
        p95=report["p95"] / 1000,
        p99=report["p99"] / 1000,
        requests=report["requests"],
        errors=report["errors"],
    )
