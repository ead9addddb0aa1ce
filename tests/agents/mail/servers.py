"""Mail servers on loopback, the good and the bad."""

import asyncio
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from bench.stack import free_port


class Mailbox:
    """What arrived; `answers` may refuse recipients, `seconds` is how long a mail takes."""

    def __init__(self) -> None:
        self.envelopes: list[Envelope] = []
        self.answers: list[str] = []
        self.seconds = 0.0
        self.sessions = 0
        self.port = 0

    async def handle_EHLO(  # noqa: N802
        self,
        server: SMTP,
        session: Session,
        envelope: Envelope,
        hostname: str,
        responses: list[str],
    ) -> list[str]:
        self.sessions += 1
        session.host_name = hostname
        return responses

    @property
    def recipients(self) -> list[str]:
        return sorted(str(one) for envelope in self.envelopes for one in envelope.rcpt_tos)

    async def handle_RCPT(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        answer = self.answers.pop(0) if self.answers else "250 OK"
        if answer.startswith("2"):
            envelope.rcpt_tos.append(address)
        return answer

    async def handle_DATA(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        await asyncio.sleep(self.seconds)
        self.envelopes.append(envelope)
        return "250 Taken"


def content_of(envelope: Envelope) -> str:
    """The mail as it came over the wire."""
    content = envelope.content or b""
    return content if isinstance(content, str) else content.decode()


@contextmanager
def mail_server(settings: Any) -> Iterator[Mailbox]:
    """A server that takes mail, and is the one that the product sends to."""
    mailbox = Mailbox()
    mailbox.port = free_port()
    controller = Controller(mailbox, hostname="127.0.0.1", port=mailbox.port)
    controller.start()
    deliver_to(settings, mailbox.port)
    try:
        yield mailbox
    finally:
        controller.stop()


def deliver_to(settings: Any, port: int) -> None:
    settings.MAIL_DELIVERY_BACKEND = "agents.mail.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", port
    settings.EMAIL_HOST_USER = settings.EMAIL_HOST_PASSWORD = ""


@contextmanager
def hanging_server(
    settings: Any, says: Callable[[socket.socket], None] = lambda peer: None
) -> Iterator[list[float]]:
    """A server that takes connections and `says` nothing; when each came."""
    came: list[float] = []
    peers: list[socket.socket] = []
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        with suppress(OSError):
            while True:
                peer, _ = listener.accept()
                came.append(time.monotonic())
                peers.append(peer)
                threading.Thread(target=says, args=[peer], daemon=True).start()

    threading.Thread(target=serve, daemon=True).start()
    deliver_to(settings, listener.getsockname()[1])
    try:
        yield came
    finally:
        for one in (listener, *peers):
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()


def drip(peer: socket.socket) -> None:
    """A greeting without end, a letter at a time: no single read is ever late."""
    with suppress(OSError):
        peer.sendall(b"220-")
        while True:
            peer.sendall(b"x")
            time.sleep(0.05)
