"""What it costs that results pages are left open: processor time and bytes of one poll.

python -m bench.polling [--project OTHER_CHECKOUT]

One experiment of ten variants has run for 61 days. An htmx poll is sent as the page sends it: with
the tag of the last answer, if it had one. `unchanged`: nothing has happened since. `changed`: a
visitor was assigned before each poll. With another checkout, the two are measured in turns.
"""

import argparse
import json
import statistics
import sys
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from pathlib import Path
from uuid import uuid4

import httpx
import psycopg
from rich.console import Console
from rich.table import Table

from bench.load import cpu_seconds, database_seconds
from bench.results import sign_in
from bench.stack import PROJECT, Stack

RESULTS = PROJECT / "bench" / "results" / "polling.json"
VARIANTS, DAYS = 10, 61
POLLS = 20
TOTALS = """
INSERT INTO variant_totals (agent_id, variant_id, assigned_from, last_assigned_at, visitors,
                            converted, leads, conversations, sessions, sessions_squared, messages,
                            messages_squared, seconds, seconds_squared, seconds_sessions)
SELECT experiment.agent_id, variant.id, slot, slot, 6, (hour + variant.position) %% 3, 1, 6, 6, 6,
       30, 180 + hour, 600, 72000, 600
  FROM experiments experiment
  JOIN variants variant ON variant.experiment_id = experiment.id
 CROSS JOIN generate_series(0, 23, 2) hour
 CROSS JOIN LATERAL generate_series(
           date_trunc('day', now()) - interval '1 day' * %(days)s + interval '1 hour' * hour,
           now() - interval '1 day', interval '1 day') slot
 WHERE experiment.id = %(experiment)s
"""


@dataclass(frozen=True, slots=True)
class Cost:
    """Of one poll: medians over the rounds."""

    server_ms: float
    database_ms: float
    kibibytes: float
    status: int

    @property
    def processor_ms(self) -> float:
        return self.server_ms + self.database_ms


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--project", type=Path, help="Another checkout, to compare with.")
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    projects = {"this": PROJECT}
    if options.project:
        projects = {"other": options.project.resolve(), **projects}
    found: dict[tuple[str, str], list[Cost]] = {}
    with ExitStack() as running:
        worlds = {name: World(running, project) for name, project in projects.items()}
        for number in range(options.rounds + 1):
            for name, world in worlds.items():
                for case in ("unchanged", "changed"):
                    cost = world.cost(is_changed=case == "changed")
                    if number:  # the first round warms caches and prepared statements
                        found.setdefault((name, case), []).append(cost)
    report({key: middle(costs) for key, costs in found.items()})
    return 0


class World:
    """A server of the project over a database of its own, and somebody who looks."""

    def __init__(self, running: ExitStack, project: Path) -> None:
        folder = running.enter_context(tempfile.TemporaryDirectory(prefix="glozr-bench-"))
        self.stack = Stack(Path(folder), project=project, log=Path(folder) / "log")
        running.callback(self.stack.close)
        self.stack.prepare()
        self.stack.start_server()
        self.person = httpx.Client(base_url=self.stack.url, timeout=60, follow_redirects=True)
        sign_in(self.person, self.stack)
        self.api = self.stack.api()
        self.experiment = self._experiment()
        self.tag = ""

    def _experiment(self) -> str:
        sent = {
            "name": "Ten ways to greet",
            "kind": "cta",
            "variants": [
                {"name": f"variant {number}", "weight": 1, "config": {}}
                for number in range(VARIANTS)
            ],
        }
        made = self.api.post("experiments/", json=sent).raise_for_status().json()["id"]
        started = self.api.post(f"experiments/{made}/start/", json={"on_conflict": "stop_current"})
        started.raise_for_status()
        with psycopg.connect(self.stack.dsn(), autocommit=True) as connection:
            back = "started_at - interval '1 day' * %(days)s"
            values = {"experiment": made, "days": DAYS}
            connection.execute(TOTALS, values)
            statement = f"UPDATE experiments SET started_at = {back} WHERE id = %(experiment)s"
            connection.execute(statement.encode(), values)
            connection.execute("VACUUM (ANALYZE)")
        return str(made)

    def cost(self, *, is_changed: bool) -> Cost:
        self.poll()
        server = database = 0.0
        statuses, sizes = set(), []
        for _ in range(POLLS):
            if is_changed:
                self.api.post("assignments/", json={"visitor_id": str(uuid4())}).raise_for_status()
            before = self._seconds()
            answer = self.poll()
            after = self._seconds()
            server += after[0] - before[0]
            database += after[1] - before[1]
            statuses.add(answer.status_code)
            head = sum(len(name) + len(value) + 4 for name, value in answer.headers.raw)
            sizes.append(len(answer.content) + head)
        (status,) = statuses
        size = statistics.mean(sizes) / 1024
        return Cost(server / POLLS * 1000, database / POLLS * 1000, size, status)

    def poll(self) -> httpx.Response:
        headers = {"HX-Request": "true", "Accept-Encoding": "identity"}
        if self.tag:
            headers["If-None-Match"] = self.tag
        path = f"/app/agents/{self.stack.demo['agent']}/experiments/{self.experiment}/results/"
        answer = self.person.get(path, params={"lift": "0.2"}, headers=headers)
        assert answer.status_code in (httpx.codes.OK, httpx.codes.NOT_MODIFIED), answer
        self.tag = answer.headers.get("ETag", self.tag)
        return answer

    def _seconds(self) -> tuple[float, float]:
        return cpu_seconds(self.stack.workers_alive()), database_seconds(self.stack)


def middle(costs: Sequence[Cost]) -> Cost:
    return Cost(
        statistics.median(cost.server_ms for cost in costs),
        statistics.median(cost.database_ms for cost in costs),
        statistics.median(cost.kibibytes for cost in costs),
        costs[0].status,
    )


def report(found: Mapping[tuple[str, str], Cost]) -> None:
    table = Table("Revision", "Poll", "Status", "CPU ms server", "database", "KiB")
    for (name, case), cost in found.items():
        figures = (f"{cost.server_ms:.1f}", f"{cost.database_ms:.1f}", f"{cost.kibibytes:.1f}")
        table.add_row(name, case, str(cost.status), *figures)
    Console(width=100).print(table)
    rows = [
        {"revision": name, "case": case, **asdict(cost)} for (name, case), cost in found.items()
    ]
    RESULTS.write_text(json.dumps(rows, indent=1) + "\n")


if __name__ == "__main__":
    sys.exit(main())
