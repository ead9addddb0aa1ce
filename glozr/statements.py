"""SQL that is prepared on the server, for the path on which a visitor waits.

Django's cursors interpolate parameters on the client and never prepare; psycopg's own cursor on
Django's connection does both on the server.
"""

from collections.abc import Mapping
from typing import Any, LiteralString

import psycopg
from django.db import DatabaseError, connection


def fetch_one(sql: LiteralString, parameters: Mapping[str, Any]) -> tuple[Any, ...] | None:
    """The first row of a prepared statement, or None.

    A connection that turns out to be dead is replaced and the statement sent once more, so
    write only what is safe to repeat. Inside a transaction nothing is repeated.

    Raises:
        django.db.OperationalError: the database is away, or a timeout ran out.
    """
    try:
        return _execute(sql, parameters)
    except DatabaseError:
        if connection.in_atomic_block or not _is_lost():
            raise
        connection.close()
        return _execute(sql, parameters)


def _execute(sql: LiteralString, parameters: Mapping[str, Any]) -> tuple[Any, ...] | None:
    connection.ensure_connection()
    with connection.wrap_database_errors:
        cursor = psycopg.Cursor(connection.connection)
        return cursor.execute(sql, parameters, prepare=True, binary=True).fetchone()


def _is_lost() -> bool:
    return connection.connection is not None and connection.connection.closed
