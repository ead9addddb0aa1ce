"""Where calls to addresses that people type may lead: one rule for whoever makes them.

A name is looked up at every try, and the connection goes to the address that was looked at, not to
what a second question might bring.
"""

import socket
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from threading import Thread
from urllib.parse import urlsplit

CONNECT_SECONDS = 3.0
"""For looking up a name, and for connecting to one of its addresses."""
_NAT64 = IPv6Network("64:ff9b::/96")


class Reach(StrEnum):
    """To which addresses it may go."""

    PUBLIC = "public"
    LOOPBACK = "loopback"
    """Public ones and this machine: for trying it out."""
    ANY = "any"


class NotReached(Exception):
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
        ValueError: it is no address to call; says what is wrong, for a person.
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
        raise ValueError("Leave out the user name and password: they have no place in an address.")
    if port == 0:
        raise ValueError("This is no address. Port 0 is none.")
    is_secure = parts.scheme == "https"
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Target(is_secure, parts.hostname, port or (443 if is_secure else 80), path)


def addresses_within(host: str, port: int, reach: Reach, *, seconds: float) -> list[str]:
    """The addresses of a name now, in the order to try them. The system's look-up knows no end, so
    it has a thread of its own.

    Raises:
        NotReached: there is none, or one of them is not within reach.
    """
    found: list[str] = []

    def ask() -> None:
        with suppress(OSError, UnicodeError):
            answers = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
            found.extend(dict.fromkeys(str(where[0]) for *_, where in answers))

    thread = Thread(target=ask, name="look up a name", daemon=True)
    thread.start()
    thread.join(seconds)
    addresses = list(found)
    if thread.is_alive() or not addresses:
        raise NotReached("has a name that leads nowhere")
    if not all(is_within(address, reach) for address in addresses):
        raise NotReached("leads to a private network, where nothing is sent")
    return addresses


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
