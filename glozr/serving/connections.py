"""Connections that are closed when a client keeps us waiting, whatever it is slow at.

uvicorn parses and writes; it ends idle connections, but waits for ever for the rest of a request
and for an answer to be read. Once a second all connections are looked through here, which costs a
request next to nothing.
"""

import socket
import struct
from array import array
from collections.abc import Collection
from contextlib import suppress
from fcntl import ioctl
from http import HTTPStatus
from termios import TIOCOUTQ
from typing import TYPE_CHECKING, Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from glozr.serving.patience import (
    HEAD_BYTES,
    HEAD_LINES,
    MOST_CONNECTIONS,
    MOST_UNREAD_BYTES,
    READ_AT_LEAST,
    READ_SECONDS,
    WRITE_SECONDS,
)

if TYPE_CHECKING:
    import asyncio

RESET_ON_CLOSE = struct.pack("ii", 1, 0)


class Connection(HttpToolsProtocol):
    """A client's connection. `look` must be called now and then."""

    def connection_made(self, transport: "asyncio.Transport") -> None:  # type: ignore[override]
        super().connection_made(transport)
        self.asking_since: float | None = self.loop.time()
        """Since when the rest of a request is waited for."""
        self.unread_since: float | None = None
        self.unread_bytes = 0
        self._head_bytes = 0
        self._is_in_head = True
        self._begun: tuple[Any, Any] | None = None

    def data_received(self, data: bytes) -> None:
        if self._is_in_head:
            self._head_bytes += len(data)
        super().data_received(data)
        if self._begun is not None:  # its body is still to come
            begun, self._begun = self._begun, None
            super()._start_asgi_task(*begun)
        if self._is_in_head and self._head_bytes > HEAD_BYTES:
            self._refuse(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE)

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self.scope["connection"] = self  # type: ignore[typeddict-unknown-key]
        if self.asking_since is None:
            self.asking_since = self.loop.time()

    def on_headers_complete(self) -> None:
        self._is_in_head, self._head_bytes = False, 0
        if len(self.headers) > HEAD_LINES:
            self._refuse(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE)
            return
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        if not self.is_gone:
            super().on_body(body)

    def on_message_complete(self) -> None:
        self._is_in_head, self.asking_since = True, None
        if not self.is_gone:
            super().on_message_complete()

        if self._begun is not None and self._begun[1].take_whole(self._begun[0]):
            self._begun = None

    def _start_asgi_task(self, cycle: Any, app: Any) -> None:
        """Mostly all of a request comes at once, and then it is answered without a task."""
        if cycle.more_body and app is self.app:
            self._begun = cycle, app
        else:
            super()._start_asgi_task(cycle, app)

    def resume_writing(self) -> None:
        self.unread_since = None
        super().resume_writing()

    def timeout_keep_alive_handler(self) -> None:
        """Nothing more was asked for. What the kernel still holds of an answer was not read."""
        if not self.is_gone and self._in_kernel():
            self.reset()
        else:
            super().timeout_keep_alive_handler()

    def _in_kernel(self) -> int:
        held = array("i", [0])
        with suppress(OSError):
            ioctl(self.transport.get_extra_info("socket").fileno(), TIOCOUTQ, held)
        return held[0]

    def shutdown(self) -> None:
        """The server ends: what has been asked is answered, what is not whole yet is not."""
        if self.asking_since is not None:
            self.transport.close()
        else:
            super().shutdown()

    @property
    def is_gone(self) -> bool:
        return bool(self.transport.is_closing())

    def look(self, now: float) -> None:
        """Close it if it has been slow for too long."""
        if self.is_gone and not self.transport.get_write_buffer_size():
            return
        self._look_at_reading(now)
        self._look_at_writing(now)

    def _look_at_reading(self, now: float) -> None:
        cycle: Any = self.cycle  # None before the first request
        is_answered = cycle is None or cycle.response_complete
        if self.asking_since is None:
            # Bytes that begin no request end uvicorn's own watch over idle connections.
            if is_answered and self.timeout_keep_alive_task is None:
                self.asking_since = now
        elif now - self.asking_since > READ_SECONDS:
            if self._is_in_head or cycle is None or cycle.response_started:
                self.reset()
            else:
                self._refuse(HTTPStatus.REQUEST_TIMEOUT)

    def _look_at_writing(self, now: float) -> None:
        size = self.transport.get_write_buffer_size()
        if not size:
            self.unread_since = None
        elif self.unread_since is None or size <= self.unread_bytes - READ_AT_LEAST:
            self.unread_since, self.unread_bytes = now, size
        elif now - self.unread_since > WRITE_SECONDS:
            self.reset()

    def reset(self) -> None:
        """End it at once, in a way that no half answer passes for a whole one."""
        own: Any = self.transport.get_extra_info("socket")
        own.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_ON_CLOSE)
        self.transport.abort()

    def _refuse(self, status: HTTPStatus) -> None:
        self.transport.write(
            f"HTTP/1.1 {status.value} {status.phrase}\r\n"
            "content-length: 0\r\nconnection: close\r\n\r\n".encode()
        )
        self.transport.close()


def look_at(connections: Collection[Connection], now: float) -> None:
    """Close who is too slow, and whoever is slowest where all together are too many."""
    for one in connections:
        one.look(now)
    waiting = [one for one in connections if one.asking_since is not None]
    excess = len(connections) - MOST_CONNECTIONS
    if excess > 0:
        for one in sorted(waiting, key=lambda one: one.asking_since or now)[:excess]:
            one.reset()
    unread = [one for one in connections if one.unread_since is not None]
    excess = sum(one.unread_bytes for one in unread) - MOST_UNREAD_BYTES
    for one in sorted(unread, key=lambda one: one.unread_since or now):
        if excess <= 0:
            break
        excess -= one.unread_bytes
        one.reset()
