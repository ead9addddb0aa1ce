"""HTTP to addresses that people type: each try with an end, and to where `glozr.calling` lets it.

The certificate is held against the name. Redirects are answers like others, and of what comes back
the status is read and no more.
"""

import http.client
import socket
import ssl
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from threading import Timer

from glozr.calling.reach import CONNECT_SECONDS, NotReached, Reach, Target, addresses_within

TOTAL_SECONDS = 5.0
"""For the name, the connection, what is sent and the answer together."""
_IN_TIME = f"did not answer within {TOTAL_SECONDS:g} seconds"


def post(target: Target, body: bytes, headers: Mapping[str, str], *, reach: Reach) -> int:
    """The status of the answer, whatever it is.

    Raises:
        NotReached: there was none, or none was asked for.
    """
    until = time.monotonic() + TOTAL_SECONDS
    addresses = addresses_within(target.host, target.port, reach, seconds=CONNECT_SECONDS)
    connection = (_SecureConnection if target.is_secure else _Connection)(target, addresses, until)
    with _ended(connection, until) as was_ended:
        try:
            connection.request("POST", target.path, body, dict(headers))
            status = connection.getresponse().status
        except ssl.SSLError as error:
            raise NotReached(_IN_TIME if was_ended else _of_certificate(error)) from error
        except TimeoutError as error:
            raise NotReached(_IN_TIME) from error
        except OSError as error:
            raise NotReached(_IN_TIME if was_ended else "can't be reached") from error
        except (http.client.HTTPException, ValueError) as error:
            raise NotReached(_IN_TIME if was_ended else "did not answer in HTTP") from error
    if was_ended:  # amid its headers, which Python's client takes for their end
        raise NotReached(_IN_TIME)
    return status


class _Connection(http.client.HTTPConnection):
    """Speaks to one of `addresses` as to the target's host, up to a moment of `time.monotonic`."""

    def __init__(self, target: Target, addresses: Sequence[str], until: float) -> None:
        super().__init__(target.host, target.port)
        self.addresses = addresses
        self.until = until

    def connect(self) -> None:
        for number, address in enumerate(self.addresses, start=1):
            seconds = min(CONNECT_SECONDS, self.left())
            try:
                self.sock = socket.create_connection((address, self.port), seconds)
            except OSError:
                if number == len(self.addresses):
                    raise
            else:
                break
        self.sock.settimeout(self.left())

    def left(self) -> float:
        """Seconds. Whoever has just opened something asks, as it may have been too late to be
        ended with the rest."""
        seconds = self.until - time.monotonic()
        if seconds <= 0:
            raise TimeoutError
        return seconds


class _SecureConnection(_Connection):
    default_port = http.client.HTTPS_PORT

    def connect(self) -> None:
        super().connect()
        self.sock = ssl.create_default_context().wrap_socket(
            self.sock, server_hostname=self.host, do_handshake_on_connect=False
        )
        self.sock.settimeout(self.left())
        self.sock.do_handshake()


@contextmanager
def _ended(connection: _Connection, until: float) -> Iterator[list[bool]]:
    """End whatever is waited for at `until`, and say so: a server may send a letter now and then,
    and no single read is ever late."""
    was_ended: list[bool] = []

    def end() -> None:
        was_ended.append(True)
        if isinstance(connection.sock, socket.socket):
            with suppress(OSError):
                # Not TLS's own goodbye, which another thread may be in the middle of.
                socket.socket.shutdown(connection.sock, socket.SHUT_RDWR)

    timer = Timer(max(0.0, until - time.monotonic()), end)
    timer.daemon = True
    timer.start()
    try:
        yield was_ended
    finally:
        timer.cancel()
        connection.close()


def _of_certificate(error: ssl.SSLError) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return "shows a certificate that does not fit its name"
    return "can't be spoken to in TLS"
