"""Django's SMTP, with an end: each answer of the server is waited for up to EMAIL_TIMEOUT seconds,
and a server that answers, but without end, is left after TOGETHER_SECONDS."""

import smtplib
import socket
from contextlib import suppress
from threading import Timer
from typing import Any

from django.core.mail.backends import smtp

TOGETHER_SECONDS = 60.0
"""For one connection and all that is sent over it; must end before `sending.LEASE` does."""


class _WithEnd(smtplib.SMTP):
    def _get_socket(self, *args: Any) -> socket.socket:
        self.watch = Timer(TOGETHER_SECONDS, self._cut)
        self.watch.daemon = True
        self.watch.start()
        return super()._get_socket(*args)  # type: ignore[misc, no-any-return]

    def close(self) -> None:
        super().close()
        if watch := self.__dict__.get("watch"):
            watch.cancel()

    def _cut(self) -> None:
        """End whatever read or write the other thread waits in."""
        if isinstance(self.sock, socket.socket):
            with suppress(OSError):
                self.sock.shutdown(socket.SHUT_RDWR)


class _OverTLSWithEnd(_WithEnd, smtplib.SMTP_SSL):
    pass


class EmailBackend(smtp.EmailBackend):
    @property
    def connection_class(self) -> type[smtplib.SMTP]:
        return _OverTLSWithEnd if self.use_ssl else _WithEnd
