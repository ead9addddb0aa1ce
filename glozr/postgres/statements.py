"""SQL that is prepared on the server, for the path on which a visitor waits.

Django's cursors interpolate parameters on the client and never prepare; psycopg's own cursor on
Django's connection does both on the server.
"""

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, LiteralString, NamedTuple, TypeVar

import psycopg
from django.db import DEFAULT_DB_ALIAS, DatabaseError, connections
from django.db.backends.base.base import BaseDatabaseWrapper
from psycopg.rows import class_row

_Row = TypeVar("_Row", bound=NamedTuple)
_PARAMETER = re.compile(r"%(?:\((\w+)\)s|%)")


def fetch_one(sql: LiteralString, parameters: Mapping[str, Any], row: type[_Row]) -> _Row | None:
    """The first row of a prepared statement, its columns by their names, or None.

    A connection that turns out to be dead is replaced and the statement sent once more, so
    write only what is safe to repeat. Inside a transaction nothing is repeated.

    Raises:
        django.db.OperationalError: the database is away, or a timeout ran out.
    """
    database = connections[DEFAULT_DB_ALIAS]
    try:
        return _execute(database, sql, parameters, row)
    except DatabaseError:
        if database.in_atomic_block or not _is_lost(database):
            raise
        database.close()
        return _execute(database, sql, parameters, row)


def _execute(
    database: BaseDatabaseWrapper,
    sql: LiteralString,
    parameters: Mapping[str, Any],
    row: type[_Row],
) -> _Row | None:
    database.ensure_connection()
    text, names = numbered(sql)
    given = [parameters[name] for name in names]
    with database.wrap_database_errors:
        cursor = psycopg.RawCursor(database.connection, row_factory=class_row(row))
        return cursor.execute(text, given, prepare=True, binary=True).fetchone()


@lru_cache(maxsize=64)
def numbered(sql: LiteralString) -> tuple[bytes, tuple[str, ...]]:
    """The statement as the server takes it, with $1 for a parameter, and their names in order.

    psycopg reads them out of a statement of more than 4,096 characters anew at every call.
    """
    numbers: dict[str, int] = {}

    def number_of(found: re.Match[str]) -> str:
        name = found[1]
        return f"${numbers.setdefault(name, len(numbers) + 1)}" if name else "%"

    text = _PARAMETER.sub(number_of, sql)
    return text.encode(), tuple(numbers)


def _is_lost(database: BaseDatabaseWrapper) -> bool:
    return database.connection is not None and database.connection.closed
