"""A copy of the database that follows it, to read results, lists and files from.

It answers only once it has replayed whatever the primary had committed when the question came:
so nobody misses what was just written, by whomever. When it is away, or further behind than
`MOST_SECONDS_BEHIND`, the primary answers. What visitors wait for never asks it.
"""

import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, TypeVar

from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, Error, connections
from django.db.backends.base.base import BaseDatabaseWrapper

from glozr.postgres.config import REPLICA

if TYPE_CHECKING:
    from django.db.models import Model

MOST_SECONDS_BEHIND = 0.25
"""How long a question waits for the copy, from when it came."""
REST_SECONDS = 5
"""For which this process leaves a copy alone that did not answer, or was too late."""
_ASK_AGAIN_SECONDS = 0.01

_Piece = TypeVar("_Piece")
_is_read: ContextVar[bool] = ContextVar("replica_is_read", default=False)
_rests_until = 0.0


class Router:
    """Reads go to the replica inside `reading`; all else goes to the primary."""

    def db_for_read(self, model: "type[Model]", **hints: Any) -> str:
        return REPLICA if _is_read.get() else DEFAULT_DB_ALIAS

    def db_for_write(self, model: "type[Model]", **hints: Any) -> str:
        return DEFAULT_DB_ALIAS

    def allow_relation(self, one: "Model", other: "Model", **hints: Any) -> bool:
        return True

    def allow_migrate(self, alias: str, app_label: str, **hints: Any) -> bool:
        return alias == DEFAULT_DB_ALIAS


def connection_to_read() -> BaseDatabaseWrapper:
    """For statements of our own, what the router is for those of Django."""
    return connections[REPLICA if _is_read.get() else DEFAULT_DB_ALIAS]


@contextmanager
def reading() -> Iterator[None]:
    """Read from the replica in here. Ask `has_caught_up` first."""
    token = _is_read.set(True)
    try:
        yield
    finally:
        _is_read.reset(token)


def read_on(pieces: Iterable[_Piece]) -> Iterator[_Piece]:
    """The pieces, each made from the replica, whenever somebody asks for it."""
    iterator = iter(pieces)
    while True:
        with reading():
            try:
                piece = next(iterator)
            except StopIteration:
                return
        yield piece


def follow_what_was_written() -> None:
    """After writing in the midst of reading: wait until the replica holds that as well, or read
    from the primary from here on."""
    if _is_read.get() and not has_caught_up():
        _is_read.set(False)


def has_caught_up() -> bool:
    """Whether there is a replica that holds what the primary had committed by now.

    Raises:
        django.db.OperationalError: the primary is away.
    """
    if REPLICA not in settings.DATABASES or time.monotonic() < _rests_until:
        return False
    give_up = time.monotonic() + MOST_SECONDS_BEHIND
    with connections[DEFAULT_DB_ALIAS].cursor() as cursor:
        cursor.execute("SELECT pg_current_wal_flush_lsn()")
        (committed,) = cursor.fetchone()
    try:
        while not _has_replayed(committed):
            if time.monotonic() > give_up:
                rest()
                return False
            time.sleep(_ASK_AGAIN_SECONDS)
    except Error:
        rest()
        return False
    return True


def rest() -> None:
    """Leave the replica alone for a while."""
    global _rests_until
    connections[REPLICA].close()
    _rests_until = time.monotonic() + REST_SECONDS


def _has_replayed(position: str) -> bool:
    """Never true of a server that follows no other: whatever that holds, it is no copy."""
    with connections[REPLICA].cursor() as cursor:
        cursor.execute(
            "SELECT pg_is_in_recovery() AND pg_last_wal_replay_lsn() >= %s::pg_lsn", [position]
        )
        (has,) = cursor.fetchone()
    return bool(has)
