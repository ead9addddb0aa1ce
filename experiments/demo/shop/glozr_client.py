"""The three calls of Glozr's runtime API, as a customer's server makes them.

A visitor waits for the answer, so a call has 300 ms, whatever happens. What could not be sent by
then is sent later, with the same UUIDs and the time at which it was said: nothing is lost, and
nothing is counted twice.
"""

import time
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from threading import Event, Lock
from typing import Any, Final
from uuid import UUID

import httpx

PATIENCE: Final = 0.3
"""Seconds that a visitor waits for Glozr."""
_RETRIED: Final = (429, 503)
_LATER_SECONDS: Final = 5.0
_MOST_WAITING: Final = 1_000

_Body = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Told:
    """What came of a call: `status` is None where nothing answered in time."""

    status: int | None
    body: dict[str, Any] = field(default_factory=dict)
    attempts: int = 0
    milliseconds: int = 0

    @property
    def is_done(self) -> bool:
        return self.status is not None and self.status not in _RETRIED


class Client:
    def __init__(
        self, url: str, agent: UUID, token: str, *, transport: httpx.BaseTransport | None = None
    ) -> None:
        self.http = httpx.Client(
            base_url=f"{url.rstrip('/')}/api/v1/agents/{agent}/",
            headers={"Authorization": f"Bearer {token}"},
            transport=transport,
            trust_env=False,
        )
        self.waiting: deque[tuple[str, _Body]] = deque(maxlen=_MOST_WAITING)
        self.sending = Lock()

    def resolve(self, body: _Body) -> Told:
        """The visitor's variant; asked again at the next page, it needs no sending later."""
        return self.send("assignments/", body)

    def record(self, conversation: UUID, body: _Body) -> Told:
        """A message; one that can't be recorded now is recorded later."""
        return self.send_or_keep(f"conversations/{conversation}/messages/", body)

    def leave(self, body: _Body) -> Told:
        """Contact details; safe to send again, as one agent has one lead for an e-mail address."""
        return self.send_or_keep("leads/", body)

    def send_or_keep(self, path: str, body: _Body) -> Told:
        told = self.send(path, body)
        if not told.is_done:
            self.keep(path, body)
        return told

    def keep(self, path: str, body: _Body) -> None:
        self.waiting.append((path, body))

    def send(self, path: str, body: _Body, patience: float = PATIENCE) -> Told:
        """Send, and again after `Retry-After`, as long as `patience` lasts."""
        began = time.monotonic()
        status: int | None = None
        answer: dict[str, Any] = {}
        attempts = 0
        while (left := began + patience - time.monotonic()) > 0:
            attempts += 1
            try:
                response = self.http.post(path, json=body, timeout=left)
            except httpx.TransportError:
                pause = 0.05
            else:
                status, answer = response.status_code, _object_in(response)
                if status not in _RETRIED:
                    break
                pause = _retry_after(response)
            if time.monotonic() + pause >= began + patience:
                break
            time.sleep(pause)
        return Told(status, answer, attempts, round((time.monotonic() - began) * 1000))

    def send_waiting(self) -> None:
        """Send what waits, in order, until something can't be sent."""
        with self.sending:
            while self.waiting:
                path, body = self.waiting[0]
                if not self.send(path, body, _LATER_SECONDS).is_done:
                    return
                self.waiting.popleft()

    def keep_sending(self, until: Event) -> None:
        while not until.wait(1.0 if self.waiting else 0.1):
            self.send_waiting()


def _object_in(response: httpx.Response) -> dict[str, Any]:
    try:
        body = response.json()
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}


def _retry_after(response: httpx.Response) -> float:
    try:
        return max(float(response.headers.get("Retry-After", "1")), 0.0)
    except ValueError:
        return 1.0
