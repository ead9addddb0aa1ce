"""An OpenAI-compatible endpoint on loopback, the good and the bad."""

import json
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, TypeAlias

Behaviour: TypeAlias = Callable[["_Exchange"], None]


@dataclass(frozen=True)
class Asked:
    path: str
    headers: Mapping[str, str]
    body: Mapping[str, Any]


@dataclass
class Endpoint:
    """What it was asked, and how it answers from now on."""

    port: int = 0
    asked: list[Asked] = field(default_factory=list)
    behaves: Behaviour = lambda exchange: streams("Hello")(exchange)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/v1"


class _Exchange(BaseHTTPRequestHandler):
    endpoint: Endpoint

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.endpoint.asked.append(
            Asked(
                self.path,
                {name.lower(): value for name, value in self.headers.items()},
                json.loads(body),
            )
        )
        with suppress(OSError):  # who asked has left
            self.endpoint.behaves(self)

    def begin(self, status: int = 200, kind: str = "text/event-stream", **headers: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()

    def say(self, text: str) -> None:
        self.wfile.write(text.encode())
        self.wfile.flush()

    def log_message(self, *args: Any) -> None:
        pass


def chunk(text: str = "", *, finish: str | None = None, **more: Any) -> str:
    delta = {"index": 0, "delta": {"content": text}, "finish_reason": finish}
    frame = {"id": "x", "object": "chat.completion.chunk", "created": 1, "model": "m"}
    return f"data: {json.dumps({**frame, 'choices': [delta], **more})}\n\n"


def streams(*texts: str, finish: str | None = "stop", then: str = "data: [DONE]\n\n") -> Behaviour:
    """The texts one after another, then the counts of tokens; a `finish` of None ends early."""

    def behave(exchange: _Exchange) -> None:
        exchange.begin()
        for text in texts:
            exchange.say(chunk(text))
        if finish is not None:
            usage = {"prompt_tokens": 30, "completion_tokens": 5, "total_tokens": 35}
            exchange.say(chunk(finish=finish))
            exchange.say(chunk(choices=[], usage=usage))
        exchange.say(then)

    return behave


def answers(status: int, body: str, kind: str = "application/json", **headers: str) -> Behaviour:
    def behave(exchange: _Exchange) -> None:
        exchange.begin(status, kind, Content_Length=str(len(body.encode())), **headers)
        exchange.say(body)

    return behave


def hangs(*, after: str = "", begins: bool = False, seconds: float = 30) -> Behaviour:
    """Nothing more comes, for longer than anybody waits."""

    def behave(exchange: _Exchange) -> None:
        if begins:
            exchange.begin()
            exchange.say(after)
        give_up = time.monotonic() + seconds
        while time.monotonic() < give_up and exchange.endpoint.port:
            time.sleep(0.02)

    return behave


def drips(text: str, *, every: float = 0.02) -> Behaviour:
    """A word now and then, without an end."""

    def behave(exchange: _Exchange) -> None:
        exchange.begin()
        while exchange.endpoint.port:
            exchange.say(text)
            time.sleep(every)

    return behave


@contextmanager
def language_model() -> Iterator[Endpoint]:
    endpoint = Endpoint()
    handler = type("Exchange", (_Exchange,), {"endpoint": endpoint})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    endpoint.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, args=[0.02], daemon=True)
    thread.start()
    try:
        yield endpoint
    finally:
        endpoint.port = 0
        server.shutdown()
        server.server_close()
        thread.join()
