"""Whatever a client is slow at, it is closed after a while, and the others never notice."""

import socket
import time
from collections.abc import Iterable, Iterator
from contextlib import suppress
from threading import Event
from typing import Any
from wsgiref.types import StartResponse, WSGIEnvironment

import pytest

from glozr.serving import connections, worker
from tests.glozr.serving.served import PATIENCE_SECONDS, Client, Served, served, until

pytestmark = pytest.mark.usefixtures("soon")

SOON = 1
"""Seconds that a client is let be slow."""
PIECE, PIECES = b"x" * 65_536, 192
POST = "POST /api/v1/agents/a/assignments/ HTTP/1.1\nHost: here\n"


@pytest.fixture
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every patience is short."""
    for name in ("READ_SECONDS", "WRITE_SECONDS"):
        monkeypatch.setattr(connections, name, SOON)
    for name in ("IDLE_SECONDS", "GRACE_SECONDS"):
        monkeypatch.setattr(worker, name, SOON)


class Application:
    """Says how it was called; `/long…` is 12 MB, `/waits` waits to be let go, and a model's answer
    does in its middle."""

    def __init__(self) -> None:
        self.called: list[str] = []
        self.go = Event()
        self.pieces_closed = Event()

    def __call__(self, environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        path = environ["PATH_INFO"]
        self.called.append(path)
        if path == "/waits":
            self.go.wait(PATIENCE_SECONDS)
        start("200 OK", [("Content-Type", "text/plain")])
        if path.startswith("/long"):
            return self.long()
        if path.endswith("/try/answer/"):
            return self.piecemeal()
        return [path.encode()]

    def long(self) -> Iterator[bytes]:
        try:
            for _ in range(PIECES):
                yield PIECE
        finally:
            self.pieces_closed.set()

    def piecemeal(self) -> Iterator[bytes]:
        yield b"first"
        self.go.wait(PATIENCE_SECONDS)
        yield b"last"


@pytest.fixture
def application() -> Iterator[Application]:
    application = Application()
    yield application
    application.go.set()


@pytest.fixture
def server(application: Application) -> Iterator[Served]:
    with served(application) as server:
        yield server


def answers(server: Served, path: str = "/") -> bool:
    """To somebody else, and at once."""
    began = time.monotonic()
    said = server.client().get(path)
    return said.startswith("HTTP/1.1 200 ") and time.monotonic() - began < 1


def test_half_a_body_is_given_up_and_never_reaches_the_application(
    server: Served, application: Application
) -> None:
    slow = [server.client().send(POST + "Content-Length: 100\n\nhalf") for _ in range(8)]
    assert answers(server)
    for client in slow:
        assert client.read().startswith("HTTP/1.1 408 Request Timeout\r\n")
    assert application.called == ["/"]


def test_a_body_in_drips_is_given_up_as_well(server: Served) -> None:
    slow = server.client().send(POST + "Transfer-Encoding: chunked\n\n")
    until(lambda: server.connections == 1)

    def has_ended() -> bool:
        with suppress(OSError):
            slow.send("1\nx\n")
        return server.connections == 0

    until(has_ended)
    assert answers(server)


@pytest.mark.parametrize("head", ["", "GET / HT", "GET / HTTP/1.1\nHost: here\n", "\n\n\n"])
def test_half_a_head_or_none_at_all_is_given_up(server: Served, head: str) -> None:
    slow = server.client().send(head)
    assert answers(server)
    assert slow.read() in ("", "reset")


def test_blank_lines_between_requests_keep_no_connection_open(server: Served) -> None:
    client = server.client().send("GET /said HTTP/1.1\nHost: here\n\n")
    said = b""
    while not said.endswith(b"/said"):
        said += client.peer.recv(4_096)
    client.send("\n")
    assert client.read() in ("", "reset")


def test_an_idle_connection_is_closed(server: Served) -> None:
    said = server.client().send("GET / HTTP/1.1\nHost: here\n\n").read()
    assert said.startswith("HTTP/1.1 200 ")
    assert "connection: close" not in said


@pytest.mark.parametrize("path", ["/long/page", "/long.csv"])
def test_an_answer_that_nobody_reads_is_given_up(
    server: Served, application: Application, path: str
) -> None:
    slow = [server.client().send(f"GET {path} HTTP/1.1\nHost: here\n\n") for _ in range(2)]
    until(lambda: application.called == [path] * 2)
    until(lambda: any(one.unread_since for one in server.all_connections))
    assert answers(server)
    assert answers(server, "/healthz")
    until(lambda: server.connections == 0)
    assert application.pieces_closed.wait(PATIENCE_SECONDS)
    assert [client.read() for client in slow] == ["reset"] * 2


def test_a_client_that_reads_gets_all_of_it_however_long(server: Served) -> None:
    for path in ("/long", "/long.csv"):
        said = server.client().get(path).split("\r\n\r\n", 1)[1]
        assert said.count("x") == PIECES * len(PIECE)


def test_a_file_that_nobody_has_time_for_is_refused_with_when_to_come_back(
    server: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("glozr.serving.exchange.TURN_WAIT_SECONDS", 0.1)
    monkeypatch.setattr(connections, "WRITE_SECONDS", PATIENCE_SECONDS)
    slow = [server.client().send("GET /long.csv HTTP/1.1\nHost: here\n\n") for _ in range(2)]
    until(lambda: all(client.peer.recv(1) for client in slow))
    refused = server.client().get("/long.csv")
    assert refused.startswith("HTTP/1.1 503 ")
    assert "retry-after: 20" in refused
    assert "Ask for this one again in 20 seconds." in refused
    for client in slow:
        client.peer.close()


def test_health_and_the_runtime_are_answered_however_busy_pages_are(
    server: Served, application: Application
) -> None:
    for _ in range(8):
        server.client().send("GET /waits HTTP/1.1\nHost: here\n\n")
    until(lambda: application.called == ["/waits"] * 2)
    assert answers(server, "/healthz")
    assert answers(server, "/readyz")
    said = server.client().send(POST + "Connection: close\nContent-Length: 2\n\n{}").read()
    assert said.startswith("HTTP/1.1 200 ")


@pytest.mark.parametrize(
    "head", ["GET / HTTP/1.1\nX: " + "x" * 70_000, "GET / HTTP/1.1\n" + "X: x\n" * 101 + "\n"]
)
def test_a_head_has_an_end(server: Served, head: str) -> None:
    assert server.client().send(head).read().startswith("HTTP/1.1 431 ")


def test_of_too_many_connections_those_go_that_let_us_wait(
    server: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "MOST_CONNECTIONS", 4)
    monkeypatch.setattr(connections, "READ_SECONDS", PATIENCE_SECONDS)
    silent = [server.client() for _ in range(6)]
    until(lambda: server.connections == 4)
    assert answers(server)
    assert [client.read() for client in silent[:2]] == ["reset"] * 2


def test_of_too_much_that_is_not_read_the_longest_held_goes(
    server: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "MOST_UNREAD_BYTES", 1_000)
    monkeypatch.setattr(connections, "WRITE_SECONDS", PATIENCE_SECONDS)
    slow = server.client().send("GET /long HTTP/1.1\nHost: here\n\n")
    until(lambda: server.connections == 1)
    until(lambda: server.connections == 0)
    assert slow.read() == "reset"


def test_an_answer_that_breaks_off_does_not_pass_for_a_whole_one() -> None:
    def application(environ: WSGIEnvironment, start: Any) -> Iterator[bytes]:
        start("200 OK", [])
        yield PIECE
        raise RuntimeError("It broke.")

    with served(application) as server:
        assert server.client().get("/long.csv") == "reset"


class TestStopping:
    def test_what_has_been_asked_is_answered(
        self, server: Served, application: Application, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(server.server.config, "timeout_graceful_shutdown", PATIENCE_SECONDS)
        client = server.client().send("GET /waits HTTP/1.1\nHost: here\n\n")
        until(lambda: application.called == ["/waits"])
        server.server.should_exit = True
        until(lambda: not server.server.servers[0].is_serving())
        application.go.set()
        assert client.read().endswith("/waits")

    def test_what_is_not_whole_is_not_waited_for(
        self, server: Served, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(connections, "READ_SECONDS", PATIENCE_SECONDS)
        client = server.client().send(POST + "Content-Length: 100\n\nhalf")
        until(lambda: server.connections == 1)
        began = time.monotonic()
        server.server.should_exit = True
        assert client.read() == ""
        assert time.monotonic() - began < PATIENCE_SECONDS / 2

    def test_it_has_an_end(self, server: Served, application: Application) -> None:
        client: Client = server.client().send("GET /waits HTTP/1.1\nHost: here\n\n")
        until(lambda: application.called == ["/waits"])
        server.server.should_exit = True
        assert "/waits" not in client.read()


def test_a_models_answer_is_sent_as_it_comes_and_holds_nobody_up(
    server: Served, application: Application
) -> None:
    asked = "POST /try/answer/ HTTP/1.1\nHost: here\nConnection: close\nContent-Length: 0\n\n"
    slow = [server.client().send(asked) for _ in range(5)]  # one more than has a thread
    until(lambda: application.called == ["/try/answer/"] * 4)
    until(lambda: sum("first" in peeked(client) for client in slow) == 4)
    assert answers(server)
    assert answers(server, "/healthz")
    said = server.client().send(POST + "Connection: close\nContent-Length: 2\n\n{}").read()
    assert said.startswith("HTTP/1.1 200 ")
    application.go.set()
    assert all("last" in client.read() for client in slow)


def peeked(client: Client) -> str:
    """What has come, left there to be read."""
    client.peer.setblocking(False)
    try:
        return client.peer.recv(65_536, socket.MSG_PEEK).decode("latin-1")
    except BlockingIOError:
        return ""
    finally:
        client.peer.settimeout(PATIENCE_SECONDS)
