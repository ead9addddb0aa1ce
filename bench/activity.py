"""What the lists of conversations and leads read, for every filter they offer.

python -m bench.activity [--conversations 300000]

Each list is asked for its first page and for one from deep within. EXPLAIN says how many rows
PostgreSQL looked at and how; reading a large table from end to end fails the check.
"""

import argparse
import os
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from hashlib import md5
from pathlib import Path
from typing import TYPE_CHECKING, Any

import django
import psycopg
from rich.console import Console
from rich.table import Table

from bench.stack import Stack

if TYPE_CHECKING:
    from agents.models import Agent
    from experiments.visitors.activity import Wanted

LARGE = {"conversations", "messages", "leads", "experiment_assignments"}
START = datetime(2025, 1, 1, tzinfo=UTC)
AGENTS = """
INSERT INTO agents (id, workspace_id, name, persona, system_prompt, config_version, created_at)
SELECT ('a0000000-0000-4000-8000-00000000000' || n)::uuid, %(workspace)s, 'Agent ' || n,
       '{"name": "Max", "tone": "polite"}', '', 1, now()
  FROM generate_series(1, 3) n"""
EXPERIMENTS = """
INSERT INTO experiments (id, agent_id, name, hypothesis, kind, status, started_at, stopped_at,
                         created_at, version)
SELECT ('e0000000-0000-4000-8000-00000000000' || n)::uuid,
       'a0000000-0000-4000-8000-000000000001', (ARRAY['old', 'tiny', 'new'])[n], '', 'cta',
       CASE WHEN n < 3 THEN 'stopped' ELSE 'running' END, now(),
       CASE WHEN n < 3 THEN now() END,
       %(start)s + (ARRAY[0, 0.5, 0.9])[n] * %(size)s * interval '1 minute', 1
  FROM generate_series(1, 3) n"""
VARIANTS = """
INSERT INTO variants (id, experiment_id, position, name, weight, config)
SELECT ('f0000000-0000-4000-8000-0000000000' || n || position)::uuid,
       ('e0000000-0000-4000-8000-00000000000' || n)::uuid, position, 'variant ' || position, 1, '{}'
  FROM generate_series(1, 3) n, generate_series(0, 2) position"""
# Agent 1 has two thirds: a third of it in an old experiment, a few rows in a tiny one, then a
# long time without, then the new one. Agent 2 has the rest, agent 3 twenty.
CONVERSATIONS = """
INSERT INTO conversations (id, agent_id, visitor_id, started_at, playground, variant_id, decided_at)
SELECT gen_random_uuid(),
       ('a0000000-0000-4000-8000-00000000000' || CASE
            WHEN n <= 20 THEN 3 WHEN mod(n, 3) = 0 THEN 2 ELSE 1 END)::uuid,
       'v' || md5((n / 2)::text), %(start)s + n * interval '1 minute', playground, variant_id,
       CASE WHEN variant_id IS NOT NULL THEN now() END
  FROM (SELECT n, mod(n, 20) = 1 AS playground,
               CASE WHEN n <= 20 OR mod(n, 3) = 0 OR mod(n, 20) = 1 THEN NULL
                    ELSE ('f0000000-0000-4000-8000-0000000000' || CASE
                        WHEN n < %(size)s / 3 THEN 1
                        WHEN n BETWEEN %(size)s / 2 AND %(size)s / 2 + 100 THEN 2
                        WHEN n > %(size)s * 0.9 THEN 3 END || mod(n / 20, 3))::uuid
               END AS variant_id
          FROM generate_series(1, %(size)s) n) numbers"""
ASSIGNMENTS = """
INSERT INTO experiment_assignments (id, agent_id, experiment_id, variant_id, visitor_id,
                                    assigned_at)
SELECT gen_random_uuid(), agent_id, experiment_id, variant.id, visitor_id, min(started_at)
  FROM conversations
  JOIN variants variant ON variant.id = variant_id
 GROUP BY agent_id, experiment_id, variant.id, visitor_id
    ON CONFLICT DO NOTHING"""
MESSAGES = """
INSERT INTO messages (id, agent_id, conversation_id, role, content, sent_at)
SELECT gen_random_uuid(), agent_id, id, 'visitor', 'Hello', started_at + n * interval '1 minute'
  FROM conversations, generate_series(1, 2) n"""
LEADS = """
INSERT INTO leads (id, agent_id, visitor_id, conversation_id, email, name, phone, company, status,
                   created_at)
SELECT gen_random_uuid(), agent_id, visitor_id, CASE WHEN mod(n, 2) = 0 THEN id END,
       'lead' || n || '@example.com', '', '', '',
       CASE WHEN mod(n, 5000) = 0 THEN 'won' WHEN mod(n, 10) = 0 THEN 'contacted' ELSE 'new' END,
       started_at + interval '1 hour'
  FROM (SELECT *, row_number() OVER (ORDER BY started_at) AS n FROM conversations) numbered
 WHERE mod(n, 5) = 0"""


@dataclass(frozen=True, slots=True)
class Read:
    """What one statement cost: rows that scans looked at, milliseconds, tables read whole."""

    rows: int
    milliseconds: float
    whole: frozenset[str]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--conversations", type=int, default=300_000, metavar="N")
    size = parser.parse_args().conversations
    with (
        tempfile.TemporaryDirectory(prefix="glozr-bench-") as folder,
        closing(Stack(Path(folder))) as stack,
    ):
        stack.prepare()
        os.environ.update(stack.environment)
        django.setup()
        fill(stack.demo["workspace"], size)
        return report(size)


def fill(workspace: str, size: int) -> None:
    from django.db import connection

    parameters: Mapping[str, Any] = {"workspace": workspace, "start": START, "size": size}
    steps = (AGENTS, EXPERIMENTS, VARIANTS, CONVERSATIONS, ASSIGNMENTS, MESSAGES, LEADS)
    connection.ensure_connection()
    with psycopg.Cursor(connection.connection) as cursor:
        cursor.execute("SET statement_timeout = 0")
        for step in steps:
            cursor.execute(step.encode(), parameters)
        cursor.execute("VACUUM (ANALYZE)")


def report(size: int) -> int:
    table = Table("List", "Filter", "Page", "Rows looked at", "ms", "Read whole", title=f"{size:,}")
    failed = False
    for kind, name, page, read in measured(size):
        failed |= bool(read.whole)
        whole = ", ".join(sorted(read.whole))
        table.add_row(kind, name, page, f"{read.rows:,}", f"{read.milliseconds:.1f}", whole)
    Console().print(table)
    return int(failed)


def measured(size: int) -> Iterator[tuple[str, str, str, Read]]:
    from agents.models import Agent
    from experiments.visitors import activity

    agents = list(Agent.objects.filter(name__startswith="Agent ").order_by("pk"))
    lists: dict[str, Callable[..., Any]] = {
        "conversations": activity.conversations,
        "leads": activity.leads,
    }
    for kind, listed in lists.items():
        for name, agent, wanted in filters(agents, size, kind):
            for page, cursor in (("first", ""), ("deep", deep(size))):
                run = partial(listed, agent, wanted, cursor=cursor)
                run()  # warm
                yield kind, name, page, explained(run)


def deep(size: int) -> str:
    from glozr.ids import new_id
    from glozr.postgres.keyset import Cursor

    return str(Cursor(False, (START + timedelta(minutes=size // 6),), new_id()))


def filters(agents: "list[Agent]", size: int, kind: str) -> "Iterator[tuple[str, Agent, Wanted]]":
    from experiments.models import Variant
    from experiments.visitors.activity import Wanted

    large, _, small = agents
    arms = {
        name: list(Variant.objects.filter(experiment__name=name)) for name in ("old", "tiny", "new")
    }
    days: dict[str, Any] = {
        "since": START + timedelta(minutes=size // 8),
        "until": START + timedelta(minutes=size // 7),
    }
    basic = {
        "none": Wanted(),
        "days": Wanted(**days),
        "visitor": Wanted(search="v" + md5(b"500").hexdigest()),
        "visitor prefix": Wanted(search="vc4"),
        "visitor one letter": Wanted(search="v"),
        "nobody": Wanted(search="w"),
        **{f"experiment {name}": Wanted(arms=found) for name, found in arms.items()},
        **{f"variant {name}": Wanted(arms=found[:1]) for name, found in arms.items()},
        "old, days": Wanted(arms=arms["old"], **days),
        "tiny, days": Wanted(arms=arms["tiny"], **days),
        "old, visitor prefix": Wanted(arms=arms["old"], search="vc4"),
    }
    if kind == "conversations":
        basic["try-outs too"] = Wanted(playground=True)
    else:
        basic |= {
            "status won": Wanted(status="won"),
            "status lost": Wanted(status="lost"),
            "status, old": Wanted(status="won", arms=arms["old"]),
            "status, days": replace(Wanted(status="won"), **days),
            "e-mail": Wanted(search="LEAD1000@example.com"),
        }
    for name, wanted in basic.items():
        yield name, large, wanted
    yield "none, small agent", small, Wanted()
    yield "nobody, small agent", small, Wanted(search="w")


def explained(run: Callable[[], Any]) -> Read:
    """What the statements of `run` read."""
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    with CaptureQueriesContext(connection) as captured:
        run()
    rows, milliseconds, whole = 0, 0.0, set()
    for query in captured.captured_queries:
        with connection.cursor() as cursor:
            cursor.execute(f"EXPLAIN (ANALYZE, FORMAT JSON, TIMING OFF) {query['sql']}")
            (plan,) = cursor.fetchone()[0]
        milliseconds += plan["Execution Time"] + plan["Planning Time"]
        for node in nodes(plan["Plan"]):
            if "Relation Name" not in node and node["Node Type"] != "Bitmap Index Scan":
                continue
            removed = node.get("Rows Removed by Filter", 0) + node.get(
                "Rows Removed by Index Recheck", 0
            )
            rows += round((node["Actual Rows"] + removed) * node["Actual Loops"])
            if node["Node Type"] == "Seq Scan" and node["Relation Name"] in LARGE:
                whole.add(node["Relation Name"])
    return Read(rows, milliseconds, frozenset(whole))


def nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    if plan.get("Actual Loops"):
        yield plan
    for inner in plan.get("Plans", ()):
        yield from nodes(inner)


if __name__ == "__main__":
    sys.exit(main())
