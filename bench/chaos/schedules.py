"""Schedules while the background process is dead, and then with two of them whose clocks are wrong.

What a schedule sets is at least ten minutes ahead, so its moments are brought near in the database.
"""

import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any
from uuid import uuid4

import httpx
import psycopg

from bench.chaos.checks import Check
from bench.chaos.lifecycle import VARIANTS
from bench.stack import Stack

MOST = 30
ENDS_AFTER = timedelta(seconds=1.5)
AFTERWARDS = timedelta(seconds=0.7)
WRONG_BY_HOURS = (-1, 1)
PATIENCE_SECONDS = 40.0
BACKGROUND = """
import datetime, os, sys
import django
from django.core.management import execute_from_command_line
from django.utils import timezone
right, wrong_by = timezone.now, datetime.timedelta(hours={hours})
timezone.now = lambda: right() + wrong_by
execute_from_command_line(["manage.py", "run_background"])
"""
BRING_NEAR = """
WITH near AS (UPDATE experiments SET {column} = clock_timestamp() + %s WHERE id = %s
              RETURNING agent_id, {column} AS moment),
     told AS (UPDATE agents SET config_version = config_version + 1
               WHERE id = (SELECT agent_id FROM near))
SELECT moment FROM near"""
PER_VARIANT = """
SELECT count(*) FROM experiment_assignments
 WHERE agent_id = %s AND experiment_id = %s GROUP BY variant_id"""
AFTER = """
SELECT count(*) FROM experiment_assignments
 WHERE agent_id = %s AND experiment_id = %s AND assigned_at >= %s"""
STATE = "SELECT status, stopped_at FROM experiments WHERE id = %s"
STEPS = "SELECT action, count(*) FROM experiment_events WHERE experiment_id = %s GROUP BY 1"


@dataclass(frozen=True, slots=True)
class Asked:
    """A new visitor's call: when it began, and what it was told."""

    began: datetime
    source: str


class Agent:
    """An agent with experiments of its own, on a running server."""

    def __init__(self, stack: Stack, agent: str) -> None:
        self.id = agent
        self._stack = stack
        self.dsn = stack.dsn()

    def experiment(self, name: str, *, runs: bool) -> str:
        with self._stack.api(self.id) as http:
            body = {"name": name, "kind": "persona", "variants": VARIANTS}
            made: str = _answered(http.post("experiments/", json=body))["id"]
            if runs:
                _answered(http.post(f"experiments/{made}/start/", json={}))
        return made

    def end_at_visitors(self, experiment: str, number: int) -> None:
        with self._stack.api(self.id) as http:
            body = {"ends": {"visitors": number}}
            _answered(http.put(f"experiments/{experiment}/schedule/", json=body))

    def bring_near(self, experiment: str, column: str, how_far: timedelta) -> datetime:
        sql = BRING_NEAR.format(column=column).encode()
        with psycopg.connect(self.dsn) as connection:
            moment: datetime = _one(connection.execute(sql, [how_far, experiment]).fetchone())[0]
        return moment

    def rows(self, sql: str, *parameters: Any) -> list[tuple[Any, ...]]:
        with psycopg.connect(self.dsn) as connection:
            return connection.execute(sql.encode(), parameters).fetchall()

    def crowd(self, clients: int, *, until: Callable[[], bool]) -> list[Asked]:
        """New visitors, one after another from each of so many clients."""

        def play() -> list[Asked]:
            asked = []
            with self._stack.api(self.id) as http:
                while True:
                    began = datetime.now(UTC)
                    told = http.post("assignments/", json={"visitor_id": str(uuid4())})
                    asked.append(Asked(began, _answered(told)["source"]))
                    if until():
                        return asked

        with ThreadPoolExecutor(clients) as pool:
            playing = [pool.submit(play) for _ in range(clients)]
        return [one for played in playing for one in played.result()]


def keep_to_schedules(stack: Stack, agents: Sequence[str], clients: int) -> list[Check]:
    """Ends and a start without any background process, then with two; `agents` are three that
    nobody else uses."""
    timed, counted, starting = (Agent(stack, agent) for agent in agents)
    ended, filled = timed.experiment("Timed", runs=True), counted.experiment("Counted", runs=True)
    begun = starting.experiment("Starting", runs=False)
    ends_at = timed.bring_near(ended, "ends_at", ENDS_AFTER)
    checks = [
        _time_holds(timed, ended, ends_at, clients),
        _number_holds(counted, filled, clients),
    ]
    starting.bring_near(begun, "starts_at", timedelta(0))
    written = Check("two background processes with wrong clocks wrote every step, once")
    background = [
        stack.start((sys.executable, "-c", BACKGROUND.format(hours=hours)))
        for hours in WRONG_BY_HOURS
    ]
    try:
        for agent, experiment, status, steps in (
            (timed, ended, "stopped", ("created", "started", "stopped")),
            (counted, filled, "stopped", ("created", "started", "scheduled", "stopped")),
            (starting, begun, "running", ("created", "started")),
        ):
            came_to = partial(_status_is, agent, experiment, status)
            written.expect(_waited_for(came_to), f"{experiment} did not come to be {status}")
            if agent is timed:
                background[0].kill()  # the other one goes on alone
            found = Counter(dict(agent.rows(STEPS, experiment)))
            written.expect(found == Counter(steps), f"{experiment}: {dict(found)}")
        ((_, stopped_at),) = timed.rows(STATE, ended)
        written.expect(stopped_at == ends_at, f"stopped at {stopped_at}, the end was {ends_at}")
    finally:
        for process in background:
            stack.stop(process)
    return [*checks, written]


def _time_holds(agent: Agent, experiment: str, ends_at: datetime, clients: int) -> Check:
    check = Check("nobody was assigned from the end on, without a background process")
    asked = agent.crowd(clients, until=lambda: datetime.now(UTC) > ends_at + AFTERWARDS)
    late = [one for one in asked if one.began >= ends_at]
    for one in late:
        check.expect(one.source == "none", f"{one.source} at {one.began}, the end was {ends_at}")
    check.expect(any(one.source == "new" for one in asked), "nobody came before the end")
    ((after,),) = agent.rows(AFTER, agent.id, experiment, ends_at)
    check.expect(after == 0, f"{after} assignments after the end")
    return check


def _number_holds(agent: Agent, experiment: str, clients: int) -> Check:
    check = Check("no variant had more visitors than set and calls in flight")
    agent.end_at_visitors(experiment, MOST)
    give_up = time.monotonic() + PATIENCE_SECONDS

    def is_over() -> bool:
        return time.monotonic() > give_up or max(per_variant(), default=0) >= MOST

    def per_variant() -> list[int]:
        return [number for (number,) in agent.rows(PER_VARIANT, agent.id, experiment)]

    agent.crowd(clients, until=is_over)
    last = agent.crowd(clients, until=lambda: True)
    most = max(per_variant(), default=0)
    check.expect(MOST <= most < MOST + clients, f"{most} visitors of a variant, {MOST} were set")
    for one in last:
        check.expect(one.source == "none", f"{one.source} after the number was reached")
    return check


def _status_is(agent: Agent, experiment: str, status: str) -> bool:
    return bool(agent.rows(STATE, experiment)[0][0] == status)


def _waited_for(is_so: Callable[[], bool]) -> bool:
    give_up = time.monotonic() + PATIENCE_SECONDS
    while not is_so():
        if time.monotonic() > give_up:
            return False
        time.sleep(0.1)
    return True


def _answered(answer: httpx.Response) -> Any:
    answer.raise_for_status()
    return answer.json()


def _one(row: tuple[Any, ...] | None) -> tuple[Any, ...]:
    assert row is not None
    return row
