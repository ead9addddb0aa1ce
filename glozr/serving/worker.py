"""A worker: one process that serves, forked by `glozr.server` from one that has loaded it all."""

import os
import resource
import socket
import time
from contextlib import suppress
from typing import cast
from wsgiref.types import WSGIApplication

import uvicorn

from glozr.serving.connections import Connection, look_at
from glozr.serving.exchange import Edge
from glozr.serving.patience import GRACE_SECONDS, IDLE_SECONDS
from glozr.serving.sockets import BACKLOG, shared_socket

MOST_FILES = 65_536


def serve(application: WSGIApplication, host: str, port: int, *, parent: int) -> None:
    """Until SIGTERM or Ctrl-C, or until `parent` is not the parent of this process any more."""
    _allow_many_connections()
    Server(application, parent=parent).run(sockets=[shared_socket(host, port)])


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
