"""A server that is told to end answers what it has begun, and takes on nothing more."""

import subprocess
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from uuid import UUID

import httpx
import psutil
import psycopg
import pytest

from agents.agents.editing import assignment_lock
from bench.stack import PROJECT, Stack
from glozr.postgres.embedded import DATABASE, PORT, ROLE
from glozr.run import server_command
from tests.harness.installations import installation

WAITING = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
PATIENCE_SECONDS = 10


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with installation(tmp_path_factory.mktemp("shutdown")) as stack:
        stack.environment["GLOZR_LOCK_TIMEOUT_MS"] = str(PATIENCE_SECONDS * 1_000)
        yield stack


@pytest.fixture
def stack(prepared: Stack) -> Iterator[Stack]:
    prepared.start_server()
    wait_until(lambda: all(map(is_listening, prepared.workers_alive())))
    yield prepared
    prepared.stop_server()


@pytest.fixture
def database(stack: Stack) -> Iterator[psycopg.Connection]:
    socket_dir = str(stack.postgres.running_socket_dir())
    with psycopg.connect(host=socket_dir, port=PORT, dbname=DATABASE, user=ROLE) as connection:
        yield connection


def wait_until(condition: Callable[[], bool]) -> None:
    give_up = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        assert time.monotonic() < give_up, "It never came to be."
        time.sleep(0.01)


def is_listening(worker: psutil.Process) -> bool:
    return any(one.status == psutil.CONN_LISTEN for one in worker.net_connections("tcp"))


def lets_nobody_in(stack: Stack) -> bool:
    try:
        httpx.get(f"{stack.url}/healthz", timeout=0.5)
    except httpx.ConnectError:
        return True
    except httpx.TransportError:
        return False  # it came in at the very moment of the end
    return False


def ask(stack: Stack, visitor: str) -> httpx.Response:
    with stack.api() as api:
        return api.post("assignments/", json={"visitor_id": visitor})


def test_a_request_in_flight_is_answered_before_the_end(
    stack: Stack, database: psycopg.Connection
) -> None:
    assert stack.server is not None
    lock = assignment_lock(UUID(stack.demo["agent"]))
    database.execute("SELECT pg_advisory_xact_lock(%s)", [lock])
    with ThreadPoolExecutor() as pool:
        in_flight = pool.submit(ask, stack, "ada")
        wait_until(lambda: database.execute(WAITING).fetchone() == (1,))
        stack.server.terminate()
        wait_until(lambda: lets_nobody_in(stack))
        assert not in_flight.done()
        database.rollback()
        answer = in_flight.result()
    assert (answer.status_code, answer.json()["source"]) == (httpx.codes.OK, "new")
    assert stack.server.wait(PATIENCE_SECONDS) == 0


def test_a_connection_that_is_only_kept_open_does_not_delay_the_end(stack: Stack) -> None:
    assert stack.server is not None
    with stack.api() as api:
        assert api.post("assignments/", json={"visitor_id": "bob"}).status_code == httpx.codes.OK
        began = time.monotonic()
        stack.server.terminate()
        assert stack.server.wait(PATIENCE_SECONDS) == 0
        assert time.monotonic() - began < PATIENCE_SECONDS / 2


def test_a_server_that_still_loads_ends_at_once(prepared: Stack) -> None:
    server = subprocess.Popen(
        server_command("127.0.0.1", prepared.port, workers=2),
        cwd=PROJECT,
        env=prepared.environment,
    )
    try:
        loading = psutil.Process(server.pid)
        wait_until(lambda: loading.cpu_times().user > 0.3)
        assert not loading.children()
        server.terminate()
        assert server.wait(PATIENCE_SECONDS) == 0
    finally:
        server.kill()
        server.wait()
