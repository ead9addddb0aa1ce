"""Calls through httpx that end in time and go where they may, whatever the other side does.

The time-outs of HTTP libraries are for one read: a server that sends a byte now and then is never
late. Here every wait of a call takes from the same time, and what is read is bounded as well.
"""

import ssl
import time
from collections.abc import Iterable
from typing import Any

import httpcore2
import httpx2

from glozr.calling.reach import CONNECT_SECONDS, NotReached, Reach, addresses_within

MOST_READ_BYTES = 8 * 1024 * 1024
"""Of one call, headers and what wraps the text with it."""


class TimelyTransport(httpx2.HTTPTransport):
    """For one call, which must have ended at `until`, a moment of `time.monotonic`."""

    def __init__(self, *, reach: Reach, until: float) -> None:
        context = ssl.create_default_context()
        super().__init__(verify=context, trust_env=False)
        self._pool = httpcore2.ConnectionPool(
            ssl_context=context, max_connections=1, network_backend=_Network(reach, until)
        )


class _Network(httpcore2.NetworkBackend):
    def __init__(self, reach: Reach, until: float) -> None:
        self._reach = reach
        self._until = until
        self._sockets = httpcore2.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore2.NetworkStream:
        try:
            seconds = min(CONNECT_SECONDS, _left(self._until, httpcore2.ConnectTimeout))
            addresses = addresses_within(host, port, self._reach, seconds=seconds)
        except NotReached as error:
            raise httpcore2.ConnectError(str(error)) from error
        for number, address in enumerate(addresses, start=1):
            seconds = min(CONNECT_SECONDS, _left(self._until, httpcore2.ConnectTimeout))
            try:
                stream = self._sockets.connect_tcp(address, port, seconds)
            except (httpcore2.ConnectError, httpcore2.ConnectTimeout):
                if number == len(addresses):
                    raise
            else:
                break
        return _Stream(stream, self._until)


class _Stream(httpcore2.NetworkStream):
    def __init__(self, stream: httpcore2.NetworkStream, until: float) -> None:
        self._stream = stream
        self._until = until
        self._read = 0

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        data = self._stream.read(max_bytes, _left(self._until, httpcore2.ReadTimeout))
        self._read += len(data)
        if self._read > MOST_READ_BYTES:
            raise httpcore2.ReadError("more was sent than is read")
        return data

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        socket, rest = self._stream.get_extra_info("socket"), memoryview(buffer)
        try:
            while rest:  # the library's own loop begins its time anew with every part
                socket.settimeout(_left(self._until, httpcore2.WriteTimeout))
                rest = rest[socket.send(rest) :]
        except TimeoutError as error:
            raise httpcore2.WriteTimeout("the time is over") from error
        except OSError as error:
            raise httpcore2.WriteError(str(error)) from error

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore2.NetworkStream:
        left = _left(self._until, httpcore2.ConnectTimeout)
        return _Stream(self._stream.start_tls(ssl_context, server_hostname, left), self._until)

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)


def _left(until: float, late: type[Exception]) -> float:
    """Seconds.

    Raises:
        late: there are none.
    """
    seconds = until - time.monotonic()
    if seconds <= 0:
        raise late("the time is over")
    return seconds
