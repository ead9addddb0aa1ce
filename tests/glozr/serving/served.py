"""A server within the test's process, and clients that say exactly what they want."""

import asyncio
import os
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Thread
from wsgiref.types import WSGIApplication

from glozr.serving.connections import Connection
from glozr.serving.sockets import shared_socket
from glozr.serving.worker import Server, connections_of

PATIENCE_SECONDS = 15


class Client:
    def __init__(self, port: int) -> None:
        self.peer = socket.socket()
        self.peer.settimeout(PATIENCE_SECONDS)
        self.peer.connect(("127.0.0.1", port))

    def send(self, text: str) -> "Client":
        self.peer.sendall(text.replace("\n", "\r\n").encode("latin-1"))
        return self

    def read(self) -> str:
        """All until the end; what came before a reset is lost, as for any client."""
        found = b""
        try:
            while piece := self.peer.recv(65_536):
                found += piece
        except ConnectionResetError:
            found = b"reset"
        return found.decode("latin-1")

    def get(self, path: str, *headers: str) -> str:
        lines = (f"GET {path} HTTP/1.1", "Host: here", "Connection: close", *headers, "", "")
        return self.send("\n".join(lines)).read()


class Served:
    def __init__(self, server: Server, port: int) -> None:
        self.server = server
        self.port = port
        self.clients: list[Client] = []

    def client(self) -> Client:
        client = Client(self.port)
        self.clients.append(client)
        return client

    @property
    def all_connections(self) -> list[Connection]:
        return connections_of(self.server)

    @property
    def connections(self) -> int:
        return len(self.all_connections)


@contextmanager
def served(application: WSGIApplication) -> Iterator[Served]:
    server = Server(application, parent=os.getppid())
    own = shared_socket("127.0.0.1", 0)
    port = int(own.getsockname()[1])
    thread = Thread(target=lambda: asyncio.run(server.serve(sockets=[own])))
    thread.start()
    until(lambda: server.started)
    one = Served(server, port)
    try:
        yield one
    finally:
        server.should_exit = True
        thread.join(PATIENCE_SECONDS)
        for client in one.clients:
            client.peer.close()
        assert not thread.is_alive()


def until(is_so: Callable[[], bool]) -> None:
    give_up = time.monotonic() + PATIENCE_SECONDS
    while not is_so():
        assert time.monotonic() < give_up
        time.sleep(0.02)
