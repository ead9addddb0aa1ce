"""SQL that is prepared on the server, for the path on which a visitor waits.

Django's cursors interpolate parameters on the client and never prepare; psycopg's own cursor on
Django's connection does both on the server.
"""

from collections.abc import Mapping
from typing import Any, LiteralString, NamedTuple, TypeVar

import psycopg
from django.db import DEFAULT_DB_ALIAS, DatabaseError, connections
from django.db.backends.base.base import BaseDatabaseWrapper
from psycopg.rows import class_row

_Row = TypeVar("_Row", bound=NamedTuple)


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
    with database.wrap_database_errors:
        cursor = psycopg.Cursor(database.connection, row_factory=class_row(row))
        return cursor.execute(sql, parameters, prepare=True, binary=True).fetchone()


def _is_lost(database: BaseDatabaseWrapper) -> bool:
    return database.connection is not None and database.connection.closed
