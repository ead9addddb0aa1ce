"""Clients that are slow on purpose, and what the others notice of them.

Some send half a body and no more, or a byte a second; some read their answer by a byte a second;
some ask for a file and read nothing of it. Beside them the runtime is called and the health asked
for, as before and after them.
"""

import select
import socket
import statistics
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from threading import Event, Thread
from typing import Any
from uuid import uuid4

import httpx
import psycopg

from bench.chaos.checks import Check
from bench.stack import Stack

CLOSED_WITHIN_SECONDS = 30.0
P99_AT_MOST = 3.0
THROUGHPUT_AT_LEAST = 0.9
ANSWERED_WITHIN_SECONDS = 8.0
CALLERS = 4
ANSWERS_TO_JUDGE = 1_000
"""Fewer say nothing of a p99."""
INSERT_AGENT = """
INSERT INTO agents (id, workspace_id, name, persona, system_prompt, config_version, created_at)
VALUES (%s, %s, 'Read slowly', '{"name": "Max", "tone": "polite"}', '', 1, now())"""
INSERT_CONVERSATION = """
INSERT INTO conversations (id, agent_id, visitor_id, decided_at, playground)
VALUES (%s, %s, 'ada', now(), false)"""
INSERT_MESSAGES = """
INSERT INTO messages (id, agent_id, conversation_id, role, content, sent_at)
SELECT uuidv7(), %s, %s, 'visitor', repeat('Do you have trips to Lisbon? ', 250),
       now() - interval '1 hour' + number * interval '1 second'
  FROM generate_series(1, 1000) number"""


@dataclass(frozen=True, slots=True)
class Crowding:
    """How many clients of each kind, and how long the runtime is watched before, beside, after."""

    stalled_bodies: int = 64
    slow_readers: int = 64
    unread_files: int = 16
    seconds: float = 10.0


@dataclass(slots=True)
class SlowClient:
    """A connection, and when the server closed it."""

    kind: str
    request: bytes
    drip: bytes = b""
    """Sent by a byte a second."""
    reads: bool = False
    opened: float = 0.0
    closed: float | None = None
    peer: socket.socket = field(default_factory=socket.socket)

    def open(self, port: int) -> None:
        self.peer.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
        self.peer.connect(("127.0.0.1", port))
        self.peer.sendall(self.request)
        self.opened = time.monotonic()

    def be_slow(self) -> None:
        """What it does once a second."""
        try:
            if self.drip:
                self.peer.send(self.drip[:1])
                self.drip = self.drip[1:]
            if self.reads and self.peer.recv(1, socket.MSG_DONTWAIT) == b"":
                self.closed = time.monotonic()
        except BlockingIOError:
            pass
        except OSError:
            self.closed = time.monotonic()

    @property
    def is_cut_off(self) -> bool:
        """Whether the server has ended it, whatever of the answer has not been read."""
        poll = select.poll()
        poll.register(self.peer, select.POLLRDHUP)
        return bool(poll.poll(0))


@dataclass(frozen=True, slots=True)
class Watched:
    """What callers of the runtime got meanwhile. Latencies in milliseconds."""

    per_second: float
    p50: float
    p99: float
    answers: int
    failures: Sequence[str]
    health_longest: float


def slow_clients(stack: Stack, crowding: Crowding) -> tuple[list[Check], Mapping[str, Any]]:
    """Watch the runtime before, beside and after slow clients; what must be so, and figures."""
    agent, conversation = add_talkative_agent(stack)
    before = watch(stack, agent, crowding.seconds)
    clients = made(stack, crowding, agent, conversation)
    with being_slow(clients, stack.port):
        wait_until_answered(clients)
        beside = watch(stack, agent, crowding.seconds)
        wait_for_ends(clients)
    after = watch(stack, agent, crowding.seconds)
    watched = {"before": before, "beside": beside, "after": after}
    figures: dict[str, Any] = {when: asdict(one) for when, one in watched.items()}
    figures["closed_after"] = {
        kind: sorted(round(one.closed - one.opened, 1) for one in clients
                     if one.kind == kind and one.closed is not None)
        for kind in {one.kind for one in clients}
    }  # fmt: skip
    return [served(before, beside, after), ended(clients)], figures


def add_talkative_agent(stack: Stack) -> tuple[str, str]:
    """An agent with one long conversation, 7 MB as a file."""
    agent, conversation = str(uuid4()), str(uuid4())
    with psycopg.connect(stack.dsn()) as connection:
        connection.execute(INSERT_AGENT, [agent, stack.demo["workspace"]])
        connection.execute(INSERT_CONVERSATION, [conversation, agent])
        connection.execute(INSERT_MESSAGES, [agent, conversation])
    return agent, conversation


def made(stack: Stack, crowding: Crowding, agent: str, conversation: str) -> Sequence[SlowClient]:
    root, key = f"/api/v1/agents/{agent}", stack.demo["token"]

    def request(method: str, path: str, *headers: str) -> bytes:
        lines = (f"{method} {root}/{path} HTTP/1.1", "Host: localhost", *headers)
        return "\r\n".join((*lines, "", "")).encode()

    known = f"Authorization: Bearer {key}"
    half = b'{"visitor_id": "'
    lengthy = ("Content-Type: application/json", "Content-Length: 1000")
    page = request("GET", f"conversations/{conversation}/messages/", known)
    bodies = [
        SlowClient(
            "stalled body",
            request("POST", "assignments/", *lengthy, *((known,) if number % 2 else ())) + half,
            drip=b"x" * 500 if number % 4 == 0 else b"",
        )
        for number in range(crowding.stalled_bodies)
    ]
    readers = [SlowClient("slow reader", page, reads=True) for _ in range(crowding.slow_readers)]
    files = [
        SlowClient("unread file", request("GET", "messages.csv", known))
        for _ in range(crowding.unread_files)
    ]
    return [*bodies, *readers, *files]


@contextmanager
def being_slow(clients: Sequence[SlowClient], port: int) -> Iterator[None]:
    ending = Event()

    def play() -> None:
        turn = 0
        while not ending.wait(0.25):
            turn += 1
            for one in clients:
                if one.closed is None and turn % 4 == 0:
                    one.be_slow()
                if one.closed is None and one.is_cut_off:
                    one.closed = time.monotonic()

    for one in clients:
        one.open(port)
    player = Thread(target=play)
    player.start()
    try:
        yield
    finally:
        ending.set()
        player.join()
        for one in clients:
            one.peer.close()


def wait_until_answered(clients: Sequence[SlowClient]) -> None:
    """Until every answer that will not be read has begun: working it out is no slow client's doing.

    Files may stay without one, while others are in their way.
    """
    readers = [one for one in clients if one.reads]
    give_up = time.monotonic() + ANSWERED_WITHIN_SECONDS
    while time.monotonic() < give_up:
        waiting, _, _ = select.select([one.peer for one in readers], [], [], 0)
        if len(waiting) == len(readers):
            return
        time.sleep(0.1)


def wait_for_ends(clients: Sequence[SlowClient]) -> None:
    give_up = max(one.opened for one in clients) + CLOSED_WITHIN_SECONDS + 5
    while any(one.closed is None for one in clients) and time.monotonic() < give_up:
        time.sleep(0.1)


def watch(stack: Stack, agent: str, seconds: float) -> Watched:
    """Call the runtime, and ask for the health, for so long."""
    ends = time.monotonic() + seconds
    with ThreadPoolExecutor(CALLERS + 1) as pool:
        health = pool.submit(_asked, stack, ends, lambda http: http.get("/healthz"), 0.1)
        path, body = f"/api/v1/agents/{agent}/assignments/", {"visitor_id": "ada"}
        calls = [
            pool.submit(_asked, stack, ends, lambda http: http.post(path, json=body), 0.0)
            for _ in range(CALLERS)
        ]
    taken, failures = health.result()
    longest = max(taken, default=0.0)
    latencies: list[float] = []
    for call in calls:
        found, failed = call.result()
        latencies += found
        failures += failed
    cuts = statistics.quantiles(latencies, n=100)
    return Watched(len(latencies) / seconds, cuts[49], cuts[98], len(latencies), failures, longest)


def _asked(
    stack: Stack, ends: float, ask: Callable[[httpx.Client], httpx.Response], pause: float
) -> tuple[list[float], list[str]]:
    taken, failures = [], []
    headers = {"Authorization": f"Bearer {stack.demo['token']}"}
    with httpx.Client(base_url=stack.url, headers=headers, timeout=20, trust_env=False) as http:
        while time.monotonic() < ends:
            began = time.perf_counter()
            try:
                answer = ask(http)
            except httpx.TransportError as error:
                failures.append(type(error).__name__)
                continue
            taken.append((time.perf_counter() - began) * 1_000)
            if answer.status_code != httpx.codes.OK:
                failures.append(f"{answer.status_code} {answer.text[:100]}")
            time.sleep(pause)
    return taken, failures


def served(before: Watched, beside: Watched, after: Watched) -> Check:
    """The usual is the mean of before and after, which falls out as the machine's other work."""
    check = Check("slow clients: the runtime is served as usual, and health is told")
    for one in (before, beside, after):
        check.compared += one.answers
        check.violations.extend(one.failures[:5])
    check.expect(beside.health_longest < 1_000, f"health took {beside.health_longest:.0f} ms")
    if beside.answers < ANSWERS_TO_JUDGE:
        return check
    usual = (before.p99 + after.p99) / 2
    check.expect(
        beside.p99 < P99_AT_MOST * usual,
        f"p99 was {beside.p99:.1f} ms, usually {usual:.1f}",
    )
    usual = (before.per_second + after.per_second) / 2
    check.expect(
        beside.per_second > THROUGHPUT_AT_LEAST * usual,
        f"{beside.per_second:.0f} answers a second, usually {usual:.0f}",
    )
    return check


def ended(clients: Sequence[SlowClient]) -> Check:
    check = Check(f"slow clients: each is closed within {CLOSED_WITHIN_SECONDS:.0f} s")
    for one in clients:
        seconds = None if one.closed is None else one.closed - one.opened
        check.expect(
            seconds is not None and seconds <= CLOSED_WITHIN_SECONDS,
            f"{one.kind}: " + ("never" if seconds is None else f"{seconds:.1f} s"),
        )
    return check
