"""A request that is whole, an answer that is sent: between uvicorn's loop and a WSGI application.

The application sees a request once all of it is there, and gives its answer away at once: only a
file is taken piece by piece, as fast as it is read, and a model's answer as it comes.
"""

import asyncio
import json
import logging
from asyncio import Future
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from http import HTTPStatus
from threading import Lock
from typing import Any, TypeAlias
from wsgiref.types import WSGIApplication

from uvicorn.protocols.http.httptools_impl import STATUS_LINE

from glozr.inputs.limits import most_bytes
from glozr.serving.environ import environ_of
from glozr.serving.lanes import Lane, Lanes, lane_of
from glozr.serving.patience import (
    LINGER_SECONDS,
    MOST_HELD_BYTES,
    TURN_WAIT_SECONDS,
    WRITE_SECONDS,
)

PIECE_BYTES = 64 * 1024
WHOLE_BYTES = 32 * 1024 * 1024
"""Of an answer that is no file: so much is taken from the application before any is sent."""
WITHOUT_BODY = {HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED}
SENDING_TOO_MUCH = "Too much is being sent at once. Send this again in {seconds} seconds."
WAITING = {
    Lane.FILES: "Other files are being written. Ask for this one again in {seconds} seconds.",
    Lane.MODELS: "Other answers are being written. Ask again in {seconds} seconds.",
}

Receive: TypeAlias = Callable[[], Any]
Send: TypeAlias = Callable[[Any], Any]
Headers: TypeAlias = list[tuple[bytes, bytes]]


@dataclass(frozen=True, slots=True)
class Reply:
    status: int
    headers: Headers
    body: bytes


Done: TypeAlias = Callable[[Reply | Exception | None], None]
"""None: the client has left, or all has been sent already."""
logger = logging.getLogger("glozr.serving")


class TooBusyError(Exception):
    """More is being sent to this worker than it keeps in memory."""


class GoneError(Exception):
    """The client has left."""


class Edge:
    """An ASGI application that calls `application`, which is a WSGI one."""

    def __init__(self, application: WSGIApplication) -> None:
        self._application = application
        self._lanes = Lanes()
        self._held_bytes = 0

    def take_whole(self, cycle: Any) -> bool:
        """Reply a request all of which is there, if it is one that needs nothing special."""
        scope, body = cycle.scope, bytes(cycle.body)
        if len(body) > most_bytes(scope["path"]):
            return False
        self._take(scope, body, len(body), cycle.send, partial(_write_whole, cycle))
        return True

    async def __call__(self, scope: Any, receive: Receive, send: Send) -> None:
        most = most_bytes(scope["path"])
        length, body = _declared_bytes(scope["headers"]), b""
        try:
            if length <= most:
                body = await self._read(receive, most)
                length = len(body)
        except GoneError:
            return
        except TooBusyError:
            await _send(send, _unavailable(SENDING_TOO_MUCH, 5), False)
            return
        # What is too long is not shown to the application, which refuses it by its length.
        is_refused = length > most
        future: Future[Reply | None] = asyncio.get_running_loop().create_future()
        self._take(scope, b"" if is_refused else body, length, send, partial(_settle, future))
        answer = await future
        if answer is not None:
            await _send(send, answer, is_refused)
            if is_refused:
                await _linger(receive, send)

    def _take(self, scope: Any, body: bytes, length: int, send: Send, done: Done) -> None:
        lane = lane_of(scope["method"], scope["path"])
        call = _Call(self._application, scope, body, length, send, done, lane)
        self._lanes.take(lane, call.run)
        if lane in WAITING:
            call.expire_after(TURN_WAIT_SECONDS)

    async def _read(self, receive: Receive, most: int) -> bytes:
        """The body; of one that is longer than `most` so much that this is seen."""
        message = await receive()
        if message["type"] == "http.request" and not message["more_body"]:
            whole: bytes = message["body"]
            return whole
        read = bytearray()
        try:
            while message["type"] != "http.disconnect":
                read += message["body"]
                self._held_bytes += len(message["body"])
                if not message["more_body"] or len(read) > most:
                    return bytes(read)
                if self._held_bytes > MOST_HELD_BYTES:
                    raise TooBusyError
                message = await receive()
            raise GoneError
        finally:
            self._held_bytes -= len(read)


class _Call:
    """One call of the application: `run` on a thread of its lane, `done` on the loop."""

    def __init__(
        self,
        application: WSGIApplication,
        scope: Any,
        body: bytes,
        length: int,
        send: Send,
        done: Done,
        lane: Lane,
    ) -> None:
        self._application = application
        self._scope = scope
        self._body = body
        self._length = length
        self._send = send
        self._done = done
        self._lane = lane
        self._piece_bytes = 1 if lane == Lane.MODELS else PIECE_BYTES
        self._status = 0
        self._headers: Headers = []
        self._taken = Lock()
        self._loop = asyncio.get_running_loop()

    def expire_after(self, seconds: float) -> None:
        """Refuse it if no thread has taken it by then."""
        self._loop.call_later(seconds, self._expire)

    def _expire(self) -> None:
        if self._taken.acquire(blocking=False):
            self._done(_unavailable(WAITING[self._lane], WRITE_SECONDS))

    def run(self) -> None:
        if not self._taken.acquire(blocking=False):
            return
        try:
            if self._scope["connection"].is_gone:
                self._tell(None)
            else:
                self._ask()
        except Exception as error:
            with suppress(RuntimeError):  # the server has ended meanwhile
                self._tell(error)

    def _ask(self) -> None:
        environ = environ_of(self._scope, self._body, self._length)
        result = self._application(environ, self._start)
        try:
            pieces = iter(result)
            whole_bytes = self._piece_bytes if self._lane in WAITING else WHOLE_BYTES
            first, is_all = _gathered(pieces, whole_bytes)
            if is_all:
                self._tell(Reply(self._status, self._headers, first))
            else:
                self._stream(first, pieces)
        finally:
            if close := getattr(result, "close", None):
                close()

    def _start(self, status: str, headers: Sequence[tuple[str, str]], error: Any = None) -> Any:
        self._status = int(status[:3])
        self._headers = [
            (name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers
        ]
        return None

    def _stream(self, piece: bytes, rest: Iterator[bytes]) -> None:
        self._wait_for({"type": "http.response.start", "status": self._status,
                        "headers": self._headers})  # fmt: skip
        is_all = False
        while not self._scope["connection"].is_gone:
            self._wait_for({"type": "http.response.body", "body": piece, "more_body": not is_all})
            if is_all:
                break
            piece, is_all = _gathered(rest, self._piece_bytes)
        self._tell(None)

    def _wait_for(self, message: Any) -> None:
        """Until the client has read most of what came before, or its connection is closed."""
        asyncio.run_coroutine_threadsafe(self._send(message), self._loop).result()

    def _tell(self, outcome: Reply | Exception | None) -> None:
        self._loop.call_soon_threadsafe(self._done, outcome)


def _settle(future: "Future[Reply | None]", outcome: Reply | Exception | None) -> None:
    if future.done():  # a stop has given up waiting
        return
    if isinstance(outcome, Exception):
        future.set_exception(outcome)  # uvicorn tells it, and ends the connection
    else:
        future.set_result(outcome)


def _write_whole(cycle: Any, outcome: Reply | Exception | None) -> None:
    """What uvicorn's `send` does in two steps, with a look at each header, in one."""
    connection = cycle.scope["connection"]
    if outcome is None or connection.is_gone:
        return
    if isinstance(outcome, Exception):
        logger.error("The application failed", exc_info=outcome)
        if cycle.response_started:
            connection.reset()
            return
        outcome = Reply(HTTPStatus.INTERNAL_SERVER_ERROR, [(b"connection", b"close")], b"")
    lines = [STATUS_LINE[outcome.status]]
    _complete(outcome)
    for name, value in (*cycle.default_headers, *outcome.headers):
        lines += (name, b": ", value, b"\r\n")
        if name == b"connection":
            cycle.keep_alive = False
    if not cycle.keep_alive and (b"connection", b"close") not in outcome.headers:
        lines.append(b"connection: close\r\n")
    lines.append(b"\r\n")
    if cycle.scope["method"] != "HEAD":
        lines.append(outcome.body)
    cycle.response_started = cycle.response_complete = True
    connection.transport.write(b"".join(lines))
    if not cycle.keep_alive:
        connection.transport.close()
    cycle.on_response()


def _complete(answer: Reply) -> None:
    """Say how long it is, if the application has not."""
    if answer.status not in WITHOUT_BODY and not any(
        name == b"content-length" for name, _ in answer.headers
    ):
        answer.headers.append((b"content-length", b"%d" % len(answer.body)))


def _unavailable(detail: str, seconds: int) -> Reply:
    text = detail.format(seconds=seconds)
    headers = [
        (b"content-type", b"application/json"),
        (b"cache-control", b"no-store, private"),
        (b"retry-after", b"%d" % seconds),
        (b"connection", b"close"),
    ]
    body = json.dumps({"code": "unavailable", "detail": text}).encode()
    return Reply(HTTPStatus.SERVICE_UNAVAILABLE, headers, body)


def _gathered(pieces: Iterator[bytes], at_least: int) -> tuple[bytes, bool]:
    """The next pieces as one, and whether they are the last."""
    found, size = [], 0
    for piece in pieces:
        found.append(piece)
        size += len(piece)
        if size >= at_least:
            return b"".join(found), False
    return b"".join(found), True


async def _send(send: Send, answer: Reply, more_follows: bool) -> None:
    _complete(answer)
    headers = answer.headers
    if more_follows:
        headers.append((b"connection", b"close"))
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    await send({"type": "http.response.body", "body": answer.body, "more_body": more_follows})


async def _linger(receive: Receive, send: Send) -> None:
    """Read on for a while: the refusal is lost on who is cut off while it sends."""
    with suppress(TimeoutError):
        async with asyncio.timeout(LINGER_SECONDS):
            while (await receive()).get("more_body"):
                pass
    await send({"type": "http.response.body"})


def _declared_bytes(headers: Headers) -> int:
    for name, value in headers:
        if name == b"content-length":
            return int(value)  # the parser has refused what is no number
    return 0
