"""How fast results answer over a large experiment, and what counting costs the message call.

python -m bench.results [--visitors 1000000]

The data set of V assigned visitors has 1.3 V conversations, 8 V messages and 0.08 V leads in one
experiment over 60 days. `verify_results` then proves the summaries that the figures come from.
"""

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

import httpx
import psutil
import psycopg
from rich.console import Console
from rich.table import Table

from bench import wrk
from bench.growth import memory
from bench.load import APPLICATIONS, PORTS, dsn, server
from bench.stack import PROJECT, Stack

RESULTS = PROJECT / "bench" / "results" / "results.json"
LOOKS = 21
APPLICATIONS["uncounted"] = ("bench.without_counting:application", "glozr.settings")
PORTS["uncounted"] = 8464

MESSAGE = """
wrk.method = "POST"
wrk.headers["Authorization"] = "Bearer {token}"
wrk.headers["Content-Type"] = "application/json"
math.randomseed({seed})
request = function()
  local visitor = math.random(1, {visitors})
  local path = string.format(
    "/api/v1/agents/{agent}/conversations/c0000001-0000-4000-8000-%012x/messages/", visitor)
  return wrk.format(nil, path, nil, string.format(
    '{"visitor_id": "v-%d", "role": "visitor", "content": "Do you have trips to Lisbon?"}',
    visitor))
end
"""

# Everything follows from a visitor's number, the summaries too: at ten million visitors, working
# them out from the rows would take longer than writing those. `verify_results` proves them.
VARIANT = "('{{{variants}}}'::uuid[])[1 + visitor % 2]"
ASSIGNED_AT = "now() - interval '60 days' * (1 - visitor::float / {visitors})"
CONVERSATIONS = "generate_series(1, CASE WHEN visitor % 10 < 3 THEN 2 ELSE 1 END) turn"
CONVERSATION = "('c000000' || turn || '-0000-4000-8000-' || lpad(to_hex(visitor), 12, '0'))::uuid"
LENGTH = "2 + (hashtext({id}::text) & 7) + ((hashtext({id}::text) >> 3) & 1)"
LEAD = "hashtext('v-' || visitor) % 100 BETWEEN -8 AND 7"
STEPS = (
    f"""INSERT INTO experiment_assignments (id, agent_id, experiment_id, variant_id, visitor_id,
                                            assigned_at, conversations, sessions, messages, seconds,
                                            leads, counted)
        SELECT uuidv7(), '{{agent}}', '{{experiment}}', {VARIANT}, 'v-' || visitor, {ASSIGNED_AT},
               talk.*, ({LEAD})::int, true
          FROM generate_series(1, {{visitors}}) visitor,
               LATERAL (SELECT count(*), count(*), sum((length + 1) / 2), sum(20 * (length - 1))
                          FROM {CONVERSATIONS},
                               LATERAL (SELECT {LENGTH.format(id=CONVERSATION)} AS length) of_it
                       ) talk""",
    f"""INSERT INTO conversations (id, agent_id, visitor_id, variant_id, decided_at, playground,
                                   started_at)
        SELECT {CONVERSATION}, '{{agent}}', 'v-' || visitor, {VARIANT}, {ASSIGNED_AT}, false,
               {ASSIGNED_AT}
          FROM generate_series(1, {{visitors}}) visitor, {CONVERSATIONS}""",
    f"""INSERT INTO messages (id, agent_id, conversation_id, role, content, sent_at, received_at)
        SELECT uuidv7(), agent_id, id, CASE turn % 2 WHEN 1 THEN 'visitor' ELSE 'agent' END,
               'Hello there', started_at + interval '20 seconds' * turn,
               started_at + interval '20 seconds' * turn
          FROM conversations, generate_series(1, {LENGTH.format(id="id")}) turn""",
    f"""INSERT INTO leads (id, agent_id, visitor_id, email, name, phone, company, created_at)
        SELECT uuidv7(), '{{agent}}', 'v-' || visitor, 'v-' || visitor || '@example.com', '', '',
               '', {ASSIGNED_AT} + interval '1 minute'
          FROM generate_series(1, {{visitors}}) visitor WHERE {LEAD}""",
    """INSERT INTO variant_totals (agent_id, variant_id, assigned_from, visitors, converted, leads,
                                   conversations, sessions, sessions_squared, messages,
                                   messages_squared, seconds, seconds_squared, seconds_sessions,
                                   last_assigned_at)
       SELECT agent_id, variant_id, date_bin('15 minutes', assigned_at, '2000-01-01Z'), count(*),
              count(*) FILTER (WHERE leads > 0), sum(leads), sum(conversations), sum(sessions),
              sum(sessions ^ 2), sum(messages), sum(messages ^ 2), sum(seconds),
              sum(seconds * seconds), sum(seconds * sessions), max(assigned_at)
         FROM experiment_assignments GROUP BY 1, 2, 3""",
)


@dataclass(frozen=True, slots=True)
class Figures:
    """Medians; times in milliseconds."""

    visitors: int
    conversations: int
    messages: int
    leads: int
    json_ms: float
    page_ms: float
    counted_per_second: float
    uncounted_per_second: float
    verified_in_seconds: float | None
    export_seconds: float
    export_mebibytes: float
    """What a worker grows by while it streams every visitor as CSV."""

    @property
    def cost(self) -> float:
        """The share of the message call's requests/s that counting takes."""
        return 1 - self.counted_per_second / self.uncounted_per_second


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--visitors", type=int, action="append")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--no-verify", action="store_true", help="Skip the plain join.")
    options = parser.parse_args()
    found = [
        measure(visitors, options.rounds, verify=not options.no_verify)
        for visitors in options.visitors or [100_000, 1_000_000]
    ]
    report(found)
    return 0


def measure(visitors: int, rounds: int, *, verify: bool) -> Figures:
    with tempfile.TemporaryDirectory(prefix="glozr-bench-") as folder, ExitStack() as running:
        stack = Stack(Path(folder))
        running.callback(stack.close)
        stack.prepare()
        experiment = next(
            one["id"] for one in stack.demo["experiments"] if one["status"] == "running"
        )
        print(f"Filling {visitors:,} visitors …", flush=True)
        rows = fill(stack, experiment, visitors)
        verified = verified_in(stack, experiment) if verify else None
        process = running.enter_context(server(stack, "product", 2))
        running.enter_context(server(stack, "uncounted", 2))
        json_ms, page_ms = look(stack, experiment)
        exported = export(stack, experiment, process, visitors)
        running.enter_context(folding(stack))
        counted, uncounted = messages(stack, visitors, rounds)
    return Figures(visitors, *rows, json_ms, page_ms, counted, uncounted, verified, *exported)


@contextmanager
def folding(stack: Stack) -> Iterator[None]:
    """The companion process of a server, so that what it takes is measured too."""
    process = subprocess.Popen(
        [sys.executable, "manage.py", "fold_results", "--forever"],
        cwd=PROJECT,
        env=stack.environment,
    )
    try:
        yield
    finally:
        process.terminate()
        process.wait(30)


def fill(stack: Stack, experiment: str, visitors: int) -> tuple[int, int, int]:
    """Write the data set; the numbers of conversations, messages and leads."""
    with psycopg.connect(dsn(stack), autocommit=True) as connection:
        connection.execute("SET statement_timeout = 0")
        variants = connection.execute(
            "SELECT string_agg(id::text, ',' ORDER BY position) FROM variants"
            " WHERE experiment_id = %s",
            [experiment],
        ).fetchone()
        values = {
            "agent": stack.demo["agent"],
            "experiment": experiment,
            "variants": variants and variants[0],
            "visitors": visitors,
        }
        for step in STEPS:
            connection.execute(step.format(**values).encode())
        connection.execute("VACUUM (ANALYZE)")
        connection.execute("CHECKPOINT")
        counts = connection.execute(
            "SELECT (SELECT count(*) FROM conversations), (SELECT count(*) FROM messages),"
            " (SELECT count(*) FROM leads)"
        ).fetchone()
    assert counts is not None
    conversations, messages, leads = counts
    return conversations, messages, leads


def verified_in(stack: Stack, experiment: str) -> float:
    began = time.monotonic()
    print(stack.manage("verify_results", experiment).strip(), flush=True)
    return time.monotonic() - began


def look(stack: Stack, experiment: str) -> tuple[float, float]:
    """The median times of the JSON results and of the page, over the server."""
    root = f"http://127.0.0.1:{PORTS['product']}"
    api = httpx.Client(headers={"Authorization": f"Bearer {stack.demo['token']}"}, timeout=60)
    person = httpx.Client(base_url=root, timeout=60, follow_redirects=True)
    sign_in(person, stack)
    path = f"agents/{stack.demo['agent']}/experiments/{experiment}/"
    return (
        timed(lambda: api.get(f"{root}/api/v1/{path}results/")),
        timed(lambda: person.get(f"/app/{path}")),
    )


def export(
    stack: Stack, experiment: str, process: psutil.Process, visitors: int
) -> tuple[float, float]:
    """Seconds to stream every visitor as CSV, and MiB that the largest worker grew by."""
    path = f"agents/{stack.demo['agent']}/experiments/{experiment}/assignments.csv"
    before = peak = memory(process)
    lines, began = 0, time.monotonic()
    with httpx.stream(
        "GET",
        f"http://127.0.0.1:{PORTS['product']}/api/v1/{path}",
        headers={"Authorization": f"Bearer {stack.demo['token']}"},
        timeout=60,
    ) as answer:
        for piece in answer.raise_for_status().iter_bytes(2**20):
            lines += piece.count(b"\n")
            peak = max(peak, memory(process))
    assert lines == visitors + 1, f"{lines:,} lines for {visitors:,} visitors"
    return time.monotonic() - began, peak - before


def sign_in(person: httpx.Client, stack: Stack) -> None:
    person.get("/accounts/login/")
    owner = stack.demo["users"][0]
    person.post(
        "/accounts/login/",
        data={
            "csrfmiddlewaretoken": person.cookies["csrftoken"],
            "login": owner["email"],
            "password": owner["password"],
        },
        headers={"Referer": str(person.base_url)},
    )


def timed(get: Callable[[], httpx.Response]) -> float:
    times = []
    for _ in range(LOOKS):
        began = time.perf_counter()
        get().raise_for_status()
        times.append((time.perf_counter() - began) * 1000)
    return statistics.median(times)


def messages(stack: Stack, visitors: int, rounds: int) -> tuple[float, float]:
    """Requests/s of the message call with and without counting, in turns; folding beside it."""
    rates: dict[str, list[float]] = {"product": [], "uncounted": []}
    for number in range(rounds + 1):
        for target, found in rates.items():
            script = MESSAGE
            for name, value in {
                "{token}": stack.demo["token"],
                "{agent}": stack.demo["agent"],
                "{visitors}": str(visitors),
                "{seed}": str(number + 1),
            }.items():
                script = script.replace(name, value)
            url = f"http://127.0.0.1:{PORTS[target]}"
            load = wrk.run(url, script, connections=16, seconds=4)
            assert load.errors == 0
            if number:
                found.append(load.requests_per_second)
    return statistics.median(rates["product"]), statistics.median(rates["uncounted"])


def report(found: list[Figures]) -> None:
    table = Table(
        *("Visitors", "Conversations", "Messages", "Leads", "JSON ms", "Page ms"),
        *("Messages/s", "uncounted", "Counting costs", "Plain join s", "CSV s", "+ MiB"),
    )
    for figures in found:
        table.add_row(
            *(f"{figures.visitors:,}", f"{figures.conversations:,}", f"{figures.messages:,}"),
            *(f"{figures.leads:,}", f"{figures.json_ms:.0f}", f"{figures.page_ms:.0f}"),
            *(f"{figures.counted_per_second:,.0f}", f"{figures.uncounted_per_second:,.0f}"),
            f"{figures.cost:.0%}",
            "" if figures.verified_in_seconds is None else f"{figures.verified_in_seconds:.0f}",
            *(f"{figures.export_seconds:.0f}", f"{figures.export_mebibytes:.0f}"),
        )
    Console(width=140).print(table)
    keep(found)


def keep(found: list[Figures]) -> None:
    """Write the figures of these sizes to RESULTS; those of other sizes stay."""
    earlier = json.loads(RESULTS.read_text()) if RESULTS.exists() else []
    by_size = {row["visitors"]: row for row in earlier}
    for figures in found:
        by_size[figures.visitors] = {**asdict(figures), "cost": round(figures.cost, 4)}
    RESULTS.parent.mkdir(exist_ok=True)
    rows = [by_size[visitors] for visitors in sorted(by_size)]
    RESULTS.write_text(json.dumps(rows, indent=1) + "\n")


if __name__ == "__main__":
    sys.exit(main())
