"""Guessing is slowed down, and nobody else is: attempts are counted by address and network.

Whoever hammers at somebody's address waits longer and longer, in their own network. From any
other network, and from a browser that has signed in to the account before, the right password
goes on working. Nobody is made to wait in a worker: the wait is told (`TooSoon`).
"""

import ipaddress
import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from django.db import connection, transaction
from django.db.models.functions import Now

from agents.models import AttemptCount
from glozr.errors import TooSoon
from glozr.postgres.sql import statement
from glozr.secrets import digest_of

TAKE_TURN = statement(Path(__file__).parent / "sql", "take_turn")
KEPT = timedelta(days=1)
"""Longer than any count needs to leak away from what a day of guessing can add."""


@dataclass(frozen=True, slots=True)
class Pace:
    """After `free` attempts each further one doubles the wait, up to `longest_seconds`.

    One attempt is forgotten every `leak_seconds`.
    """

    free: int
    leak_seconds: int
    longest_seconds: int


PASSWORDS = Pace(free=5, leak_seconds=900, longest_seconds=900)
PASSWORDS_OF_A_NETWORK = Pace(free=30, leak_seconds=10, longest_seconds=60)
"""An office signs in from one network, so this one gives more and forgets faster."""
CODES = Pace(free=3, leak_seconds=300, longest_seconds=900)
CODES_OF_A_NETWORK = Pace(free=20, leak_seconds=60, longest_seconds=900)
CODES_TO_AN_ADDRESS = Pace(free=10, leak_seconds=600, longest_seconds=900)
"""From wherever they are asked for, so that nobody's mailbox is flooded."""


@dataclass(frozen=True, slots=True)
class Origin:
    """Where an attempt comes from; `browser` only if it has signed in to the account before."""

    network: str
    browser: str = ""


@dataclass(frozen=True, slots=True)
class Turn:
    """One attempt that was counted."""

    keys: tuple[str, ...]


def password_turn(email: str, origin: Origin) -> Turn:
    """Count one password tried for the address.

    Raises:
        TooSoon: the wait after the attempts before has not passed.
    """
    address = email.lower()
    if origin.browser:
        return _take([(f"password|{address}|browser|{origin.browser}", PASSWORDS)])
    return _take(
        [
            (f"password|{address}|network|{origin.network}", PASSWORDS),
            (f"password|network|{origin.network}", PASSWORDS_OF_A_NETWORK),
        ]
    )


def code_turn(email: str, origin: Origin) -> Turn:
    """Count one code asked for by mail.

    Raises:
        TooSoon: as above.
    """
    address = email.lower()
    if origin.browser:
        return _take([(f"code|{address}|browser|{origin.browser}", CODES)])
    return _take(
        [
            (f"code|{address}|network|{origin.network}", CODES),
            (f"code|network|{origin.network}", CODES_OF_A_NETWORK),
            (f"code|{address}", CODES_TO_AN_ADDRESS),
        ]
    )


def give_back(turn: Turn) -> None:
    """The attempt was a right one: it counts for nothing, and what was counted before stays.

    Forgetting everything would let a guesser put sign-ins of their own between the guesses.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE attempt_counts SET level = greatest(level - 1, 0), free_at = now()"
            " WHERE key = ANY(%s)",
            [list(turn.keys)],
        )


def network_of(ip: str) -> str:
    """The network of an address: /24 of IPv4 and /64 of IPv6, which one customer has whole."""
    try:
        address = ipaddress.ip_address(ip)
    except ValueError:
        return "unknown"
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped:
        address = address.ipv4_mapped
    length = 24 if address.version == 4 else 64
    return str(ipaddress.ip_network(f"{address}/{length}", strict=False))


def clear_old_counts() -> int:
    """Delete counts that have leaked away; how many."""
    deleted, _ = AttemptCount.objects.filter(counted_at__lt=Now() - KEPT).delete()
    return deleted


def _take(counted: Sequence[tuple[str, Pace]]) -> Turn:
    keys = tuple(digest_of(name) for name, _ in counted)
    with transaction.atomic(), connection.cursor() as cursor:
        for key, (_, pace) in zip(keys, counted, strict=True):
            cursor.execute(
                TAKE_TURN,
                {
                    "key": key,
                    "free": pace.free,
                    "leak_seconds": pace.leak_seconds,
                    "longest_seconds": pace.longest_seconds,
                },
            )
            if cursor.fetchone() is None:
                raise _too_soon(key)
    return Turn(keys)


def _too_soon(key: str) -> TooSoon:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT extract(epoch FROM free_at - clock_timestamp()) FROM attempt_counts"
            " WHERE key = %s",
            [key],
        )
        row = cursor.fetchone()
    seconds = max(math.ceil(row[0]) if row else 1, 1)
    wait = f"{seconds} seconds" if seconds > 1 else "a second"
    if seconds > 90:
        wait = f"{math.ceil(seconds / 60)} minutes"
    return TooSoon(
        f"There were several attempts in a row from your network. Wait {wait}, then try again.",
        seconds=seconds,
    )
