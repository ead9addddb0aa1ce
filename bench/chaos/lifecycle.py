"""Somebody who starts, stops, supersedes, copies and deletes an agent's experiments at random."""

import time
from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass
from random import Random
from typing import Any

import httpx

from bench.chaos.clients import LONGEST_WAIT_SECONDS, PATIENCE_SECONDS, Ending

MOST_EXPERIMENTS = 6
VARIANTS = [
    {"name": "control", "weight": 1, "config": {"persona": {"name": "Max"}}},
    {"name": "Aria", "weight": 2, "config": {"persona": {"name": "Aria"}}},
    {"name": "Noor", "weight": 1, "config": {"persona": {"name": "Noor"}}},
]


@dataclass(frozen=True, slots=True)
class Step:
    """A change that was acknowledged: it happened at some moment from `began` to `ended`."""

    action: str
    experiment: str
    began: float
    ended: float
    running: tuple[str, ...]
    """What runs after it, in the order of start: the last one takes new visitors."""

    @property
    def active(self) -> str | None:
        return self.running[-1] if self.running else None


@dataclass(frozen=True, slots=True)
class Reply:
    status: int
    body: Any


class LifecycleError(Exception):
    """An answer that nobody expects, or none at all; the message says which."""


class Operator:
    """The only one to change the agent's experiments, so it knows their state exactly."""

    def __init__(self, url: str, token: str, agent: str, random: Random, ending: Ending) -> None:
        self.agent = agent
        self.steps: list[Step] = []
        self.status: dict[str, str] = {}
        self.history: Counter[tuple[str, str]] = Counter()
        """How often each (experiment, action) must be in the history, from here on."""
        self.statuses: Counter[int | None] = Counter()
        self.problems: list[str] = []
        self._random = random
        self._ending = ending
        self._names = 0
        self._http = httpx.Client(
            base_url=f"{url}/api/v1/agents/{agent}/experiments/",
            headers={"Authorization": f"Bearer {token}"},
            timeout=LONGEST_WAIT_SECONDS,
            trust_env=False,
        )

    def look(self) -> None:
        """Begin with what is there; a first experiment is started where there is none."""
        found = self._call("GET", "", expected={200}).body["results"]
        self.status = {one["id"]: one["status"] for one in found}
        running = sorted(
            (one for one in found if one["status"] == "running"), key=lambda one: one["started_at"]
        )
        ids = tuple(one["id"] for one in running)
        self.steps.append(Step("found", "", float("-inf"), float("-inf"), ids))
        if not ids:
            self._start(self._create())

    def run(self) -> None:
        """Until it is told to stop."""
        try:
            while not self._ending.asked.wait(self._random.uniform(0.1, 0.8)):
                self._do_something()
        except (LifecycleError, httpx.HTTPError, KeyError) as error:
            self.problems.append(f"{type(error).__name__}: {error}")
        finally:
            self._http.close()

    @property
    def running(self) -> tuple[str, ...]:
        return self.steps[-1].running

    def _do_something(self) -> None:
        idle = [one for one, status in self.status.items() if status in ("draft", "stopped")]
        known = [one for one, status in self.status.items() if status != "deleted"]
        dice = self._random.random()
        if len(known) < 2:
            self._create()
        elif dice < 0.4 and idle:
            self._start(self._random.choice(idle))
        elif dice < 0.6 and self.running:
            self._stop(self._random.choice(self.running))
        elif dice < 0.75 or len(known) >= MOST_EXPERIMENTS:
            self._delete(self._random.choice(known))
        elif dice < 0.85:
            self._duplicate(self._random.choice(known))
        elif dice < 0.92:
            self._edit(self._random.choice(known))
        else:
            self._create()

    def _create(self) -> str:
        name = self._new_name()
        body = {"name": name, "kind": "persona", "variants": VARIANTS}
        return self._made("", body, name)

    def _duplicate(self, original: str) -> None:
        name = self._new_name()
        self._made(f"{original}/duplicate/", {"name": name}, name)
        self.history[original, "duplicated"] += 1

    def _made(self, path: str, body: dict[str, Any], name: str) -> str:
        reply = self._call("POST", path, body, expected={201}, if_repeated={400})
        if reply.status == httpx.codes.CREATED:
            made: str = reply.body["id"]
        else:  # an earlier attempt took the name
            found = self._call("GET", f"?search={name}", expected={200}).body["results"]
            (made,) = (one["id"] for one in found if one["name"] == name)
        self.status[made] = "draft"
        self.history[made, "created"] += 1
        return made

    def _start(self, experiment: str) -> None:
        choice = self._random.choice(["stop_current", "keep_running"])
        if self.running and self._random.random() < 0.2:
            reply = self._call("POST", f"{experiment}/start/", {}, expected={409})
            if reply.body["code"] != "another_running":
                raise LifecycleError(f"start without a choice: {reply.body}")
        began = time.monotonic()
        body = {"on_conflict": choice} if self.running else {}
        reply = self._call("POST", f"{experiment}/start/", body, expected={200}, if_repeated={409})
        if reply.status == httpx.codes.CONFLICT and reply.body["code"] != "already_running":
            raise LifecycleError(f"start of {experiment}: {reply.body}")
        kept = self.running
        if choice == "stop_current" and kept:
            self.status[kept[-1]] = "stopped"
            self.history[kept[-1], "stopped"] += 1
            kept = kept[:-1]
        self.status[experiment] = "running"
        self._note("started", experiment, began, (*kept, experiment))

    def _stop(self, experiment: str) -> None:
        began = time.monotonic()
        self._call("POST", f"{experiment}/stop/", expected={200})
        self.status[experiment] = "stopped"
        self._note("stopped", experiment, began, self._without(experiment))

    def _delete(self, experiment: str) -> None:
        began = time.monotonic()
        self._call("DELETE", f"{experiment}/", expected={204}, if_repeated={404})
        if experiment in self.running:
            self.history[experiment, "stopped"] += 1
        self.status[experiment] = "deleted"
        self._note("deleted", experiment, began, self._without(experiment))

    def _edit(self, experiment: str) -> None:
        hypothesis = f"Because of {self._random.getrandbits(64):016x}."
        self._call("PATCH", f"{experiment}/", {"hypothesis": hypothesis}, expected={200})
        self.history[experiment, "edited"] += 1

    def _without(self, experiment: str) -> tuple[str, ...]:
        return tuple(one for one in self.running if one != experiment)

    def _note(self, action: str, experiment: str, began: float, running: tuple[str, ...]) -> None:
        self.history[experiment, action] += 1
        self.steps.append(Step(action, experiment, began, time.monotonic(), running))

    def _new_name(self) -> str:
        self._names += 1
        return f"Chaos-{self._names}-{self._random.getrandbits(32):08x}"

    def _call(
        self,
        method: str,
        path: str,
        body: dict[str, Any] | None = None,
        *,
        expected: Collection[int],
        if_repeated: Collection[int] = (),
    ) -> Reply:
        """Send until it is answered for good.

        `if_repeated` may be answered to a second attempt when the first was carried out but its
        answer was lost.

        Raises:
            LifecycleError: another answer, or none in time.
        """
        is_sure = True
        give_up = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < give_up:
            wait = 0.1
            try:
                answer = self._http.request(method, path, json=body)
            except httpx.TransportError:
                self.statuses[None] += 1
            else:
                status = answer.status_code
                self.statuses[status] += 1
                if status in expected or (status in if_repeated and not is_sure):
                    return Reply(status, answer.json() if answer.content else None)
                if status != httpx.codes.SERVICE_UNAVAILABLE:
                    raise LifecycleError(f"{method} {path}: {status} {answer.text[:300]}")
                wait = float(answer.headers["Retry-After"])
            is_sure = False
            if self._ending.at_once.wait(wait):
                break
        raise LifecycleError(f"{method} {path}: no answer in time")
