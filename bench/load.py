"""How fast the runtime API answers, beside three comparisons on the same data and machine.

python -m bench.load [--rounds 5] [--seconds 2] [--assignments 1000000]

Rounds are interleaved: each measures every case on every target, so that whatever else the
machine does falls on all alike. Medians and spread go to the terminal and to bench/results/.
"""

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import asdict, dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import httpx
import psutil
from rich.console import Console
from rich.progress import track
from rich.table import Table

from bench import cases, wrk
from bench.dataset import Size, fill
from bench.stack import PROJECT, STARTUP_SECONDS, Stack
from glozr.postgres.embedded import program_path
from glozr.run import server_command

CONNECTIONS = (1, 16, 64)
RESULTS = PROJECT / "bench" / "results" / "load.json"
PORTS = {"product": 8461, "bare": 8462, "plain": 8463}
APPLICATIONS = {
    "product": ("glozr.wsgi:application", "glozr.settings"),
    "bare": ("bench.bare:application", "glozr.settings"),
    "plain": ("bench.plain.wsgi:application", "bench.plain.settings"),
}
FIRST_AGENT = "a0000000-0000-4000-8000-000000000001"
PGBENCH = program_path("pgbench")


@dataclass(frozen=True, slots=True)
class Measured:
    """One run: latencies in milliseconds, processor time in microseconds per request."""

    requests_per_second: float
    p50: float
    p95: float
    p99: float
    errors: int
    server_cpu: float
    database_cpu: float


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=2)
    parser.add_argument("--assignments", type=int, default=1_000_000)
    parser.add_argument("--workers", type=int, default=2)
    options = parser.parse_args()
    size = Size(assignments=options.assignments)
    with tempfile.TemporaryDirectory(prefix="glozr-bench-") as folder, ExitStack() as running:
        stack = Stack(Path(folder))
        running.callback(stack.close)
        stack.prepare()
        print(f"Filling {size.assignments:,} assignments …", flush=True)
        fill(dsn(stack), stack.demo["workspace"], size)
        servers = {
            target: running.enter_context(server(stack, target, options.workers))
            for target in APPLICATIONS
        }
        compare_answers(stack)
        found = measure(stack, servers, size, options.rounds, options.seconds)
    report(found, size)
    return 0


def dsn(stack: Stack) -> str:
    socket_dir = stack.postgres.running_socket_dir()
    return f"host={socket_dir} port=5432 dbname=glozr user=glozr"


@contextmanager
def server(stack: Stack, target: str, workers: int) -> Iterator[psutil.Process]:
    """A server of `target` that answers."""
    application, settings = APPLICATIONS[target]
    process = subprocess.Popen(
        server_command("127.0.0.1", PORTS[target], workers=workers, application=application),
        cwd=PROJECT,
        env={**stack.environment, "DJANGO_SETTINGS_MODULE": settings},
        start_new_session=True,
    )
    try:
        ask(stack, target)
        yield psutil.Process(process.pid)
    finally:
        process.terminate()
        process.wait(30)


def ask(stack: Stack, target: str) -> httpx.Response:
    """What `target` answers to a visitor of the data set, as soon as it answers at all."""
    give_up = time.monotonic() + STARTUP_SECONDS
    while True:
        try:
            return httpx.post(
                f"http://127.0.0.1:{PORTS[target]}/api/v1/agents/{FIRST_AGENT}/assignments/",
                headers={"Authorization": f"Bearer {stack.demo['token']}"},
                json={"visitor_id": "v-1"},
                timeout=STARTUP_SECONDS,
            )
        except httpx.TransportError:
            if time.monotonic() > give_up:
                raise
            time.sleep(0.1)


def compare_answers(stack: Stack) -> None:
    """Every target is who it should be, and gives the same visitor the same variant."""
    answers = {target: ask(stack, target).raise_for_status() for target in APPLICATIONS}
    variants = {answer.json()["variant"]["id"] for answer in answers.values()}
    assert len(variants) == 1, f"The targets disagree: {variants}"
    ours = [target for target, answer in answers.items() if "X-Request-ID" in answer.headers]
    assert ours == ["product"], f"Answered by the product: {ours}"


def measure(
    stack: Stack, servers: Mapping[str, psutil.Process], size: Size, rounds: int, seconds: float
) -> Mapping[tuple[str, str, int], list[Measured]]:
    runs = [
        (case, target, connections)
        for case in cases.BODIES
        for connections in CONNECTIONS
        for target in (*servers, "pgbench")
    ]
    found: dict[tuple[str, str, int], list[Measured]] = defaultdict(list)
    for number in track(range(rounds + 1), description="Rounds"):
        for case, target, connections in runs:
            if target == "pgbench":
                measured = run_pgbench(stack, case, size, connections, seconds)
            else:
                url = f"http://127.0.0.1:{PORTS[target]}"
                measured = run_wrk(
                    stack, servers[target], url, case, size, connections, seconds, number
                )
            if number:  # the first round warms caches and prepared statements
                found[case, target, connections].append(measured)
    return found


def run_wrk(
    stack: Stack,
    process: psutil.Process,
    url: str,
    case: str,
    size: Size,
    connections: int,
    seconds: float,
    seed: int,
) -> Measured:
    script = cases.lua(case, token=stack.demo["token"], size=size, seed=seed + 1)
    before = cpu_seconds([process]), database_seconds(stack)
    load = wrk.run(url, script, connections=connections, seconds=seconds)
    after = cpu_seconds([process]), database_seconds(stack)
    return Measured(
        load.requests_per_second,
        load.p50,
        load.p95,
        load.p99,
        load.errors,
        (after[0] - before[0]) / load.requests * 1e6,
        (after[1] - before[1]) / load.requests * 1e6,
    )


def run_pgbench(stack: Stack, case: str, size: Size, connections: int, seconds: float) -> Measured:
    """The same SQL with nothing around it; percentiles from pgbench's own log."""
    script = cases.pgbench(case, digest=sha256(stack.demo["token"].encode()).hexdigest(), size=size)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "case.sql"
        path.write_text(script.text)
        before = database_seconds(stack)
        subprocess.run(
            [
                *(str(PGBENCH), "--no-vacuum", "--protocol", "prepared", "--log"),
                *("--client", str(connections), "--jobs", "1", "--time", f"{seconds:.0f}"),
                *("--host", str(stack.postgres.running_socket_dir()), "--username", "glozr"),
                *("--file", str(path), "glozr"),
            ],
            cwd=folder,
            check=True,
            stdout=subprocess.DEVNULL,
        )
        after = database_seconds(stack)
        (log,) = Path(folder).glob("pgbench_log.*")
        latencies = sorted(int(line.split()[2]) / 1000 for line in log.read_text().splitlines())
    cuts = statistics.quantiles(latencies, n=100)
    cpu = (after - before) / len(latencies) * 1e6
    rate = len(latencies) / seconds
    return Measured(rate, cuts[49], cuts[94], cuts[98], 0, 0.0, cpu)


def cpu_seconds(processes: Sequence[psutil.Process]) -> float:
    """Processor time of the processes and their children, in seconds."""
    total = 0.0
    for process in processes:
        for one in (process, *process.children(recursive=True)):
            with suppress(psutil.NoSuchProcess):  # a connection that has just been closed
                times = one.cpu_times()
                total += times.user + times.system
    return total


def database_seconds(stack: Stack) -> float:
    postmaster = stack.postmaster()
    ended = postmaster.cpu_times()
    return cpu_seconds([postmaster]) + float(ended.children_user + ended.children_system)


def report(found: Mapping[tuple[str, str, int], list[Measured]], size: Size) -> None:
    rows = [summary(key, runs) for key, runs in found.items()]
    by_key = {(row["case"], row["target"], row["connections"]): row for row in rows}
    table = Table(
        *("Case", "Conn.", "Target", "Requests/s", "± %", "p50 ms", "p95", "p99", "Errors"),
        *("CPU µs server", "database", "Product is"),
    )
    for row in rows:
        product = by_key[row["case"], "product", row["connections"]]
        ratio = product["requests_per_second"] / row["requests_per_second"]
        table.add_row(
            row["case"],
            str(row["connections"]),
            row["target"],
            f"{row['requests_per_second']:,.0f}",
            f"{row['spread_percent']:.0f}",
            *(f"{row[name]:.2f}" for name in ("p50", "p95", "p99")),
            str(row["errors"]),
            f"{row['server_cpu']:.0f}",
            f"{row['database_cpu']:.0f}",
            "" if row["target"] == "product" else f"{ratio:.2f} x",
        )
    Console(width=140).print(table)
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps({"size": asdict(size), "rows": rows}, indent=1) + "\n")


def summary(key: tuple[str, str, int], runs: Sequence[Measured]) -> dict[str, Any]:
    """Medians over the rounds; spread is half the range of requests/s over its median."""
    case, target, connections = key
    rates = [run.requests_per_second for run in runs]
    middle = statistics.median(rates)
    return {
        "case": case,
        "target": target,
        "connections": connections,
        "requests_per_second": round(middle, 1),
        "spread_percent": round((max(rates) - min(rates)) / 2 / middle * 100, 1),
        **{
            name: round(statistics.median(getattr(run, name) for run in runs), 3)
            for name in ("p50", "p95", "p99", "server_cpu", "database_cpu")
        },
        "errors": sum(run.errors for run in runs),
    }


if __name__ == "__main__":
    sys.exit(main())
