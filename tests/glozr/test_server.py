"""The production server keeps its workers, whatever happens to them."""

import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator

import httpx
import psutil
import pytest

from glozr.run import server_command

WORKERS = 2


class Server:
    def __init__(self, application: str = "wsgiref.simple_server:demo_app") -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = int(probe.getsockname()[1])
        command = server_command("127.0.0.1", self.port, workers=WORKERS, application=application)
        self.process = subprocess.Popen(command, start_new_session=True)

    def serving(self) -> list[psutil.Process]:
        """The workers that take connections."""
        found = []
        for child in psutil.Process(self.process.pid).children():
            try:
                connections = child.net_connections("tcp")
            except psutil.NoSuchProcess:
                continue
            if any(connection.status == psutil.CONN_LISTEN for connection in connections):
                found.append(child)
        return found

    def is_whole(self) -> bool:
        return len(self.serving()) == WORKERS


@pytest.fixture
def server() -> Iterator[Server]:
    server = Server()
    try:
        until(server.is_whole)
        yield server
    finally:
        server.process.terminate()
        assert server.process.wait(20) == 0


def until(is_so: Callable[[], bool], seconds: float = 15) -> None:
    give_up = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < give_up
        time.sleep(0.02)


def kill(server: Server, workers: list[psutil.Process]) -> None:
    """Kill them, and wait for others in their places."""
    for worker in workers:
        worker.send_signal(signal.SIGKILL)
    until(lambda: server.is_whole() and not set(workers) & set(server.serving()))


def test_a_worker_is_replaced_however_soon_it_dies_again(server: Server) -> None:
    stays, dies = server.serving()
    for _ in range(3):
        kill(server, [dies])
        (dies,) = (worker for worker in server.serving() if worker != stays)
    assert server.process.poll() is None


def test_workers_that_die_at_the_same_moment_are_all_replaced(server: Server) -> None:
    for _ in range(3):
        kill(server, server.serving())
    assert httpx.get(f"http://127.0.0.1:{server.port}/").status_code == httpx.codes.OK


def test_what_cannot_start_is_not_tried_for_ever() -> None:
    server = Server("no.such.application:application")
    assert server.process.wait(15) == 1


def test_a_port_that_is_taken_is_told_and_never_shared(server: Server) -> None:
    command = server_command("127.0.0.1", server.port, workers=1)
    second = subprocess.run(command, capture_output=True, text=True, timeout=15, check=False)
    assert second.returncode == 1
    told = f"Port {server.port} is in use. Stop what listens there, or set --port.\n"
    assert second.stderr == told


def test_workers_end_with_the_server_that_started_them() -> None:
    server = Server()
    until(server.is_whole)
    workers = server.serving()
    server.process.kill()
    server.process.wait()
    _, survivors = psutil.wait_procs(workers, timeout=15)
    assert survivors == []
