"""A worker: one process that serves, started by `glozr.server`.

python -m glozr.serving.worker glozr.wsgi:application 127.0.0.1 8000
"""

import os
import resource
import socket
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from importlib import import_module
from typing import cast
from wsgiref.types import WSGIApplication

import uvicorn

from glozr.serving.connections import Connection, look_at
from glozr.serving.exchange import Edge
from glozr.serving.patience import GRACE_SECONDS, IDLE_SECONDS
from glozr.serving.sockets import BACKLOG, shared_socket

MOST_FILES = 65_536


def main(arguments: Sequence[str]) -> None:
    target, host, port = arguments
    name, _, attribute = target.partition(":")
    module = import_module(name)
    getattr(module, "before_serving", lambda: None)()
    server = Server(getattr(module, attribute), parent=os.getppid())
    _allow_many_connections()
    server.run(sockets=[shared_socket(host, int(port))])


class Server(uvicorn.Server):
    """Serves a WSGI application; looks at its connections once a second."""

    def __init__(self, application: WSGIApplication, *, parent: int) -> None:
        """It ends by itself when `parent` is not the parent of this process any more."""
        config = uvicorn.Config(
            Edge(application),
            http=Connection,
            loop="uvloop",
            ws="none",
            lifespan="off",
            interface="asgi3",
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,
            backlog=BACKLOG,
            timeout_keep_alive=IDLE_SECONDS,
            timeout_graceful_shutdown=GRACE_SECONDS,
        )
        super().__init__(config)
        self._parent = parent

    async def on_tick(self, counter: int) -> bool:
        if counter % 10 == 0:
            look_at(connections_of(self), time.monotonic())
            if os.getppid() != self._parent:
                return True
        return await super().on_tick(counter)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        await super().shutdown(sockets)
        for one in connections_of(self):  # what has had its time, and is not answered yet
            one.reset()


def connections_of(server: uvicorn.Server) -> list[Connection]:
    return cast(list[Connection], list(server.server_state.connections))


def _allow_many_connections() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = MOST_FILES if hard == resource.RLIM_INFINITY else min(hard, MOST_FILES)
    if soft < most:
        with suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))


if __name__ == "__main__":
    main(sys.argv[1:])
