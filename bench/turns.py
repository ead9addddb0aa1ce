"""What a change costs or saves: the runtime API of two revisions in turns, on one database.

git worktree add /somewhere/else REVISION
python -m bench.turns /somewhere/else [--rounds 7] [--seconds 1]

Both servers take calls of one kind after another, for a moment each, so that whatever else the
machine does falls on both alike. Processor time a request is told, of server and database together:
it hardly depends on what else runs, as rates do. The database is as this revision migrates it.
"""

import argparse
import statistics
import subprocess
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

import psutil
from rich.console import Console
from rich.progress import track
from rich.table import Table

from bench import cases
from bench.dataset import Size, fill
from bench.load import Measured, run_wrk
from bench.stack import PROJECT, Stack, free_port, wait_for
from glozr.run import server_command

COSTS = ("server_cpu", "database_cpu")
Runs = Mapping[tuple[str, str], list[Measured]]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("old", type=Path, help="a work tree of the revision to compare with")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--seconds", type=float, default=1)
    parser.add_argument("--connections", type=int, default=16)
    parser.add_argument("--assignments", type=int, default=100_000)
    options = parser.parse_args()
    size = Size(assignments=options.assignments)
    with tempfile.TemporaryDirectory(prefix="glozr-bench-") as folder, ExitStack() as running:
        stack = Stack(Path(folder))
        running.callback(stack.close)
        stack.prepare()
        fill(stack.dsn(), stack.demo["workspace"], size)
        servers = {
            name: running.enter_context(_server(stack, place))
            for name, place in (("old", options.old), ("new", PROJECT))
        }
        found: dict[tuple[str, str], list[Measured]] = defaultdict(list)
        for number in track(range(options.rounds + 1), description="Rounds"):
            for case in cases.BODIES:
                for name in sorted(servers, reverse=bool(number % 2)):
                    process, url = servers[name]
                    measured = run_wrk(
                        stack, process, url, case, size, options.connections, options.seconds,
                        seed=number,
                    )  # fmt: skip
                    if number:  # the first round warms caches and prepared statements
                        found[case, name].append(measured)
    _report(found)
    return 0


@contextmanager
def _server(stack: Stack, place: Path) -> Iterator[tuple[psutil.Process, str]]:
    """A server of the work tree at `place`, and its address."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    process = subprocess.Popen(
        server_command("127.0.0.1", port, workers=2),
        cwd=place,
        env=stack.environment,
        start_new_session=True,
    )
    try:
        wait_for(f"{url}/healthz")
        yield psutil.Process(process.pid), url
    finally:
        process.terminate()
        process.wait(30)


def _report(found: Runs) -> None:
    table = Table(
        *("Case", "old: server", "database", "new: server", "database", "new of old", "in rounds"),
        *("p99 of p50", "rate", "errors"),
        title="Processor µs a request, medians",
    )
    for case in cases.BODIES:
        old, new = found[case, "old"], found[case, "new"]
        each = [_cost(b) / _cost(a) for a, b in zip(old, new, strict=True)]
        table.add_row(
            case,
            *(f"{_median(runs, name):.0f}" for runs in (old, new) for name in COSTS),
            f"{statistics.median(map(_cost, new)) / statistics.median(map(_cost, old)):.2f}",
            f"{min(each):.2f} to {max(each):.2f}",
            f"{statistics.median(run.p99 / run.p50 for run in new):.1f}",
            f"{_median(new, 'requests_per_second') / _median(old, 'requests_per_second'):.2f}",
            str(sum(run.errors for run in (*old, *new))),
        )
    Console(width=140).print(table)


def _cost(run: Measured) -> float:
    return run.server_cpu + run.database_cpu


def _median(runs: Sequence[Measured], name: str) -> float:
    return statistics.median(float(getattr(run, name)) for run in runs)


if __name__ == "__main__":
    sys.exit(main())
