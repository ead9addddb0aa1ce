"""Serve the shop: `GLOZR_TOKEN=… python -m experiments.demo.shop --agent ID [--port 8001]`."""

import argparse
import json
import os
import signal
import sys
from collections.abc import Callable, Mapping
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Event, Thread
from typing import Any, Final
from urllib.parse import urlsplit
from uuid import UUID

from experiments.demo.shop.chat import Chat, NotTaken
from experiments.demo.shop.glozr_client import Client

_SITE: Final = Path(__file__).parent / "site"
_SITE_FILES: Final[Mapping[str, tuple[str, str]]] = {
    "/": ("index.html", "text/html; charset=utf-8"),
    "/shop.js": ("shop.js", "text/javascript; charset=utf-8"),
    "/shop.css": ("shop.css", "text/css; charset=utf-8"),
}
_MOST_BYTES: Final = 64 * 1024
_HEADERS: Final = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; "
    "connect-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'self'; "
    "frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
}


class _Handler(BaseHTTPRequestHandler):
    server: "Shop"

    def do_GET(self) -> None:
        page = _SITE_FILES.get(urlsplit(self.path).path)
        if page is None:
            return self.answer(HTTPStatus.NOT_FOUND, b"There is no such page.", "text/plain")
        name, media_type = page
        return self.answer(HTTPStatus.OK, (_SITE / name).read_bytes(), media_type)

    def do_POST(self) -> None:
        act = self.server.acts.get(urlsplit(self.path).path)
        if act is None:
            return self.tell(HTTPStatus.NOT_FOUND, {"detail": "There is no such address."})
        try:
            return self.tell(HTTPStatus.OK, act(self.read()))
        except NotTaken as refused:
            return self.tell(HTTPStatus.BAD_REQUEST, {"detail": str(refused)})

    def read(self) -> dict[str, Any]:
        """The JSON object that the page sent. No other site's page can send that type here."""
        if self.headers.get_content_type() != "application/json":
            raise NotTaken("Send JSON.")
        length = self.headers.get("Content-Length", "")
        if not length.isdecimal() or int(length) > _MOST_BYTES:
            raise NotTaken("Send less at once.")
        try:
            sent = json.loads(self.rfile.read(int(length)))
        except (ValueError, RecursionError) as error:
            raise NotTaken("That is no JSON.") from error
        if not isinstance(sent, dict):
            raise NotTaken("Send an object.")
        return sent

    def tell(self, status: HTTPStatus, body: Mapping[str, Any]) -> None:
        self.answer(status, json.dumps(body).encode(), "application/json")

    def answer(self, status: HTTPStatus, body: bytes, media_type: str) -> None:
        self.send_response(status)
        for name, value in _HEADERS.items():
            self.send_header(name, value)
        self.send_header("Content-Type", media_type)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: object) -> None:
        """Nothing: what a visitor sends belongs into no log."""


class Shop(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, address: tuple[str, int], chat: Chat) -> None:
        super().__init__(address, _Handler)
        self.acts: Mapping[str, Callable[[Mapping[str, Any]], dict[str, Any]]] = {
            "/visit": chat.open,
            "/say": chat.say,
            "/lead": chat.leave,
        }


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m experiments.demo.shop", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8001)
    parser.add_argument("--glozr", default="http://127.0.0.1:8000")
    parser.add_argument("--agent", type=UUID, required=True)
    options = parser.parse_args()
    glozr = Client(options.glozr, options.agent, os.environ["GLOZR_TOKEN"])
    end = Event()
    Thread(target=glozr.keep_sending, args=[end], daemon=True).start()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    try:
        Shop((options.host, options.port), Chat(glozr)).serve_forever()
    except KeyboardInterrupt:
        pass
    finally:
        end.set()
    return 0


if __name__ == "__main__":
    sys.exit(main())
