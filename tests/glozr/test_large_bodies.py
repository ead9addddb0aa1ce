"""Large bodies over raw connections to the real server: refused at once, kept nowhere."""

import os
import re
import socket
import subprocess
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

import psutil
import pytest

from glozr.inputs.limits import ENTRANCES, FORM_BYTES
from glozr.run import server_command
from tests.glozr.test_server import until

LARGE = 40_000_000
PIECE = b"x" * 65_536
BEARABLE_GROWTH = 12_000_000
"""Of a worker's memory, for thirty bodies of 40 MB; what is read of a chunked one is 1 MiB."""
FORM = "application/x-www-form-urlencoded"
API = "/api/v1/agents/01a20cff-2a4f-739b-b13b-a29cf6e1e569"
ADDRESSES = ("/accounts/login/", "/app/workspaces/", "/nothing/", f"{API}/assignments/")


@dataclass(frozen=True)
class Server:
    port: int
    process: psutil.Process
    temporary: Path
    log: Path

    @property
    def worker(self) -> psutil.Process:
        """The one that answers."""
        return next(
            child
            for child in self.process.children()
            if any(one.status == psutil.CONN_LISTEN for one in child.net_connections("tcp"))
        )

    def connect(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), timeout=20)

    def send(self, address: str, *headers: str, body: Iterable[bytes] = ()) -> str:
        """The answer to a POST; whatever of `body` the server takes is sent."""
        lines = (f"POST {address} HTTP/1.1", "Host: localhost", "Connection: close", *headers)
        with self.connect() as client:
            client.sendall("\r\n".join((*lines, "", "")).encode())
            try:
                for piece in body:
                    client.sendall(piece)
            except (BrokenPipeError, ConnectionResetError):
                pass  # it has answered, and wants no more
            return _read(client)


def _read(client: socket.socket) -> str:
    answer = b""
    try:
        while piece := client.recv(65_536):
            answer += piece
    except ConnectionResetError:
        pass
    return answer.decode()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One worker, with a folder for temporary files of its own."""
    folder = tmp_path_factory.mktemp("server")
    temporary, log = folder / "tmp", folder / "log"
    temporary.mkdir()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    command = server_command("127.0.0.1", port, workers=1)
    environment = {**os.environ, "TMPDIR": str(temporary)}
    with log.open("wb") as lines:
        process = subprocess.Popen(command, env=environment, stdout=lines, stderr=lines)
    started = Server(port, psutil.Process(process.pid), temporary, log)
    try:
        until(lambda: _answers(started))
        yield started
    finally:
        process.terminate()
        process.wait(25)


def _answers(server: Server) -> bool:
    try:
        with server.connect() as client:
            client.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
            return "200 OK" in _read(client)
    except OSError:
        return False


def pieces(size: int) -> Iterator[bytes]:
    for _ in range(size // len(PIECE)):
        yield PIECE


def chunked(size: int) -> Iterator[bytes]:
    for piece in pieces(size):
        yield b"%x\r\n%s\r\n" % (len(piece), piece)
    yield b"0\r\n\r\n"


def test_it_is_refused_before_any_of_it_is_sent(server: Server) -> None:
    for address in ADDRESSES:
        began = time.monotonic()
        answer = server.send(address, f"Content-Length: {LARGE}", f"Content-Type: {FORM}")
        assert re.match(r"HTTP/1.1 413 ", answer)
        assert "Send less at once." in answer
        assert time.monotonic() - began < 5


@pytest.mark.parametrize(
    ("content_type", "addresses"),
    [
        (FORM, ADDRESSES),
        ("multipart/form-data; boundary=x", ADDRESSES[:2]),
        ("application/json", ADDRESSES[3:]),
        ("text/plain", ADDRESSES[2:3]),
    ],
)
def test_nothing_of_it_reaches_the_disk_and_memory_stays_flat(
    server: Server, content_type: str, addresses: Sequence[str]
) -> None:
    file = b'--x\r\nContent-Disposition: form-data; name="f"; filename="f"\r\n\r\n'
    form = file if content_type.startswith("multipart") else b""
    before = server.worker.memory_info().rss
    for address in addresses:
        headers = (f"Content-Length: {LARGE + len(form)}", f"Content-Type: {content_type}")
        answer = server.send(address, *headers, body=chain([form], pieces(LARGE)))
        assert answer == "" or answer.startswith("HTTP/1.1 413 ")  # or the connection was reset
        assert list(server.temporary.iterdir()) == []
    assert server.worker.memory_info().rss - before < BEARABLE_GROWTH
    assert _answers(server)


def test_nor_of_one_that_comes_in_chunks(server: Server) -> None:
    before = server.worker.memory_info().rss
    for content_type in (FORM, "multipart/form-data; boundary=x", "application/json"):
        for address in ADDRESSES:
            headers = ("Transfer-Encoding: chunked", f"Content-Type: {content_type}")
            answer = server.send(address, *headers, body=chunked(LARGE))
            assert answer == "" or answer.startswith("HTTP/1.1 413 ")
            assert list(server.temporary.iterdir()) == []
    assert server.worker.memory_info().rss - before < BEARABLE_GROWTH
    assert _answers(server)


def test_one_in_chunks_that_is_a_little_too_long_is_told_so(server: Server) -> None:
    headers = ("Transfer-Encoding: chunked", f"Content-Type: {FORM}")
    answer = server.send("/nothing/", *headers, body=chunked(FORM_BYTES + len(PIECE)))
    assert answer.startswith("HTTP/1.1 413 ")
    assert "Send less at once." in answer


def test_a_form_with_a_file_is_refused_however_short(server: Server) -> None:
    form = b'--x\r\nContent-Disposition: form-data; name="f"; filename="f"\r\n\r\nx\r\n--x--\r\n'
    headers = (f"Content-Length: {len(form)}", "Content-Type: multipart/form-data; boundary=x")
    for address in (ENTRANCES[0], "/app/"):
        assert server.send(address, *headers, body=iter([form])).startswith("HTTP/1.1 415 ")
    assert list(server.temporary.iterdir()) == []
