"""Does a call get slower as assignments pile up, or a worker larger as requests do?

python -m bench.growth [--assignments 1000000 --assignments 10000000] [--requests 200000]
"""

import argparse
import json
import statistics
import sys
import tempfile
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from pathlib import Path

import psutil
from rich.console import Console
from rich.table import Table

from bench import cases, wrk
from bench.dataset import Size, fill
from bench.load import PORTS, dsn, server
from bench.stack import PROJECT, Stack

RESULTS = PROJECT / "bench" / "results" / "growth.json"
CONNECTIONS = 16


@dataclass(frozen=True, slots=True)
class Growth:
    """At one size: medians of milliseconds a request takes, by case; a worker's memory in MiB."""

    assignments: int
    milliseconds: dict[str, float]
    memory_before: float
    memory_after: float
    requests: int


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--assignments", type=int, action="append")
    parser.add_argument("--requests", type=int, default=200_000)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    found = [
        measure(Size(assignments=assignments), options.rounds, options.requests)
        for assignments in options.assignments or [1_000_000, 10_000_000]
    ]
    report(found)
    return 0


def measure(size: Size, rounds: int, requests: int) -> Growth:
    with tempfile.TemporaryDirectory(prefix="glozr-bench-") as folder, ExitStack() as running:
        stack = Stack(Path(folder))
        running.callback(stack.close)
        stack.prepare()
        print(f"Filling {size.assignments:,} assignments …", flush=True)
        fill(dsn(stack), stack.demo["workspace"], size)
        process = running.enter_context(server(stack, "product", 2))
        times: dict[str, list[float]] = {case: [] for case in cases.BODIES}
        for number in range(rounds + 1):
            for case, found in times.items():
                load = send(stack, case, size, seed=number + 1, seconds=4)
                if number:
                    found.append(1000 / load.requests_per_second)
        before = memory(process)
        sent = 0
        while sent < requests:
            case = list(times)[sent % len(times)]
            sent += send(stack, case, size, seed=sent, seconds=20).requests
        after = memory(process)
    medians = {case: round(statistics.median(found), 4) for case, found in times.items()}
    return Growth(size.assignments, medians, before, after, sent)


def send(stack: Stack, case: str, size: Size, *, seed: int, seconds: float) -> wrk.Load:
    script = cases.lua(case, token=stack.demo["token"], size=size, seed=seed)
    url = f"http://127.0.0.1:{PORTS['product']}"
    load = wrk.run(url, script, connections=CONNECTIONS, seconds=seconds)
    assert load.errors == 0
    return load


def memory(process: psutil.Process) -> float:
    """MiB of the largest worker."""
    largest: int = max(child.memory_info().rss for child in process.children(recursive=True))
    return largest / 2**20


def report(found: list[Growth]) -> None:
    table = Table("Assignments", *cases.BODIES, "Worker before", "after", "Requests between")
    for growth in found:
        table.add_row(
            f"{growth.assignments:,}",
            *(f"{growth.milliseconds[case]:.3f} ms" for case in cases.BODIES),
            *(f"{growth.memory_before:.0f} MiB", f"{growth.memory_after:.0f} MiB"),
            f"{growth.requests:,}",
        )
    Console(width=140).print(table)
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps([asdict(growth) for growth in found], indent=1) + "\n")


if __name__ == "__main__":
    sys.exit(main())
