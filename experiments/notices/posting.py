"""HTTP to addresses that people type: each try with an end, and to public addresses alone.

A name is looked up at every try; the connection goes to the address that was looked at, not to what
a second question might bring, while the certificate is held against the name. Redirects are
answers like others, and of what comes back the status is read and no more.
"""

import http.client
import socket
import ssl
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from enum import StrEnum
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from threading import Thread, Timer
from urllib.parse import urlsplit

CONNECT_SECONDS = 3.0
TOTAL_SECONDS = 5.0
"""For the name, the connection, what is sent and the answer together."""
_NAT64 = IPv6Network("64:ff9b::/96")
_IN_TIME = f"did not answer within {TOTAL_SECONDS:g} seconds"


class Reach(StrEnum):
    """To which addresses it may go."""

    PUBLIC = "public"
    LOOPBACK = "loopback"
    """Public ones and this machine: for trying it out."""
    ANY = "any"


class NotPosted(Exception):
    """Why there was no answer; reads after "The address"."""


@dataclass(frozen=True, slots=True)
class Target:
    is_secure: bool
    host: str
    port: int
    path: str


def target_of(url: str, *, only_secure: bool) -> Target:
    """
    Raises:
        ValueError: it is no address that this can post to; says what is wrong, for a person.
    """
    if not url.isascii() or not url.isprintable() or " " in url:
        raise ValueError("An address has plain letters, digits and signs, and no blanks.")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise ValueError("This is no address. Write one such as https://example.com/x.") from None
    if parts.scheme not in ("https", "http") or not parts.hostname:
        raise ValueError("Write a whole address, such as https://example.com/hooks/glozr.")
    if only_secure and parts.scheme != "https":
        raise ValueError("The address must begin with https://.")
    if parts.username is not None or parts.password is not None:
        raise ValueError("Leave out the user name and password: requests are signed instead.")
    if port == 0:
        raise ValueError("This is no address. Port 0 is none.")
    is_secure = parts.scheme == "https"
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Target(is_secure, parts.hostname, port or (443 if is_secure else 80), path)


def post(target: Target, body: bytes, headers: Mapping[str, str], *, reach: Reach) -> int:
    """The status of the answer, whatever it is.

    Raises:
        NotPosted: there was none, or none was asked for.
    """
    until = time.monotonic() + TOTAL_SECONDS
    addresses = _resolved(target, CONNECT_SECONDS)
    if not all(is_within(address, reach) for address in addresses):
        raise NotPosted("leads to a private network, where nothing is sent")
    connection = (_SecureConnection if target.is_secure else _Connection)(target, addresses, until)
    with _ended(connection, until) as was_ended:
        try:
            connection.request("POST", target.path, body, dict(headers))
            status = connection.getresponse().status
        except ssl.SSLError as error:
            raise NotPosted(_IN_TIME if was_ended else _of_certificate(error)) from error
        except TimeoutError as error:
            raise NotPosted(_IN_TIME) from error
        except OSError as error:
            raise NotPosted(_IN_TIME if was_ended else "can't be reached") from error
        except (http.client.HTTPException, ValueError) as error:
            raise NotPosted(_IN_TIME if was_ended else "did not answer in HTTP") from error
    if was_ended:  # amid its headers, which Python's client takes for their end
        raise NotPosted(_IN_TIME)
    return status


def is_within(address: str, reach: Reach) -> bool:
    """Whether `address`, and the one that it may stand for, is one to connect to."""
    if reach == Reach.ANY:
        return True
    return all(
        (one.is_global and not (one.is_multicast or one.is_reserved or one.is_unspecified))
        or (reach == Reach.LOOPBACK and one.is_loopback)
        for one in _meant(ip_address(address.partition("%")[0]))
    )


def _meant(address: IPv4Address | IPv6Address) -> list[IPv4Address | IPv6Address]:
    """What it leads to in the end: some IPv6 addresses hold one of IPv4."""
    if isinstance(address, IPv4Address):
        return [address]
    if address.ipv4_mapped is not None:
        return [address.ipv4_mapped]
    if address in _NAT64:
        return [IPv4Address(int(address) & 0xFFFFFFFF)]
    if address.sixtofour is not None:
        return [address.sixtofour]
    if address.teredo is not None:
        return [address, *address.teredo]
    return [address]


def _resolved(target: Target, seconds: float) -> list[str]:
    """The addresses of a name, in the order to try them. The system's look-up knows no end, so it
    has a thread of its own."""
    found: list[str] = []

    def ask() -> None:
        with suppress(OSError, UnicodeError):
            answers = socket.getaddrinfo(target.host, target.port, type=socket.SOCK_STREAM)
            found.extend(dict.fromkeys(str(where[0]) for *_, where in answers))

    thread = Thread(target=ask, name="look up a name", daemon=True)
    thread.start()
    thread.join(seconds)
    addresses = list(found)
    if thread.is_alive() or not addresses:
        raise NotPosted("has a name that leads nowhere")
    return addresses


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
