"""SQL that is prepared on the server, for the path on which a visitor waits.

Django's cursors interpolate parameters on the client and never prepare. psycopg's do both on the
server, but spend more time around libpq's one call than it takes itself: a cursor, a generator that
waits, a search for the statement. Here that call is made, with psycopg's own conversions on either
side of it.
"""

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, Final, LiteralString, NamedTuple, TypeVar

import psycopg
from django.db import DEFAULT_DB_ALIAS, DatabaseError, connections
from django.db.backends.base.base import BaseDatabaseWrapper
from psycopg import errors, pq
from psycopg.adapt import PyFormat, Transformer

_Row = TypeVar("_Row", bound=NamedTuple)
_PARAMETER = re.compile(r"%(?:\((\w+)\)s|%)")
_IDLE: Final = pq.TransactionStatus.IDLE
_BAD: Final = pq.ConnStatus.BAD
_SQLSTATE: Final = pq.DiagnosticField.SQLSTATE
_TUPLES: Final = pq.ExecStatus.TUPLES_OK
MOST_PREPARED: Final = 100
"""Of a connection. The same text with parameters of other types is another statement."""
_CHANGED: Final = (errors.FeatureNotSupported, errors.InvalidSqlStatementName)
"""What is prepared answers with other columns than it did, or is not there any more."""


def fetch_one(sql: LiteralString, parameters: Mapping[str, Any], row: type[_Row]) -> _Row | None:
    """The first row of a prepared statement, its columns in the order of `row`'s, or None.

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


class Prepared:
    """What is prepared on one connection."""

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        self._connection = connection
        self._pgconn = connection.pgconn
        self._converter = Transformer(connection)
        self._may_prepare = connection.prepare_threshold is not None
        self._names: dict[tuple[bytes, tuple[int, ...]], bytes] = {}
        self._made = 0
        self._checked: set[bytes] = set()

    def first_row(self, text: bytes, given: Sequence[Any], row: type[_Row]) -> _Row | None:
        """The first row of what the statement answers with, its columns in `row`'s order.

        Raises:
            psycopg.Error: as a cursor would.
        """
        connection = self._connection
        if not connection.autocommit and self._pgconn.transaction_status == _IDLE:
            connection.execute(b"")  # which begins the transaction
        try:
            result = self.send(text, given)
        except _CHANGED:  # prepared before a migration
            self._names.clear()
            if self._pgconn.transaction_status != _IDLE:
                raise
            result = self.send(text, given)
        if not result.ntuples:
            return None
        converter = self._converter
        converter.set_pgresult(result)
        if text not in self._checked:
            _demand_columns(row, result)
            self._checked.add(text)
        values = converter.load_row(0, tuple)
        return row(*values)

    def send(self, text: bytes, given: Sequence[Any]) -> pq.abc.PGresult:
        """
        Raises:
            psycopg.Error: as a cursor would.
        """
        converter, pgconn = self._converter, self._pgconn
        values: Any = converter.dump_sequence(given, _automatic(len(given)))  # None for NULL
        types, formats = converter.types, converter.formats
        # What was thrown away can't be prepared anew within a transaction that failed of it.
        is_safe = self._may_prepare and pgconn.transaction_status == _IDLE
        name = self._name_of(text, types) if is_safe else None
        if name is None:
            result = pgconn.exec_params(text, values, types, formats, pq.Format.BINARY)
        else:
            result = pgconn.exec_prepared(name, values, formats, pq.Format.BINARY)
        if result.status != _TUPLES:
            raise self._error_of(result)
        return result

    def _name_of(self, text: bytes, types: Sequence[int] | None) -> bytes | None:
        key = text, tuple(types or ())
        name = self._names.get(key)
        if name is None and len(self._names) < MOST_PREPARED:
            self._made += 1
            name = b"glozr_%d" % self._made
            result = self._pgconn.prepare(name, text, types)
            if result.status != pq.ExecStatus.COMMAND_OK:
                raise self._error_of(result)
            self._names[key] = name
        return name

    def _error_of(self, result: pq.abc.PGresult) -> psycopg.Error:
        if self._pgconn.status != _BAD and result.error_field(_SQLSTATE) is not None:
            return errors.error_from_result(result)
        # What the server did not say, libpq says of a connection that is no good any more, though
        # it may not call it so yet.
        said = self._pgconn.get_error_message()
        self._pgconn.finish()
        return psycopg.OperationalError(said)


def _demand_columns(row: type[_Row], result: pq.abc.PGresult) -> None:
    named = tuple((result.fname(place) or b"").decode() for place in range(result.nfields))
    if named != row._fields[: len(named)]:
        raise TypeError(f"{row.__name__} has other columns than the statement: {', '.join(named)}")


def _execute(
    database: BaseDatabaseWrapper,
    sql: LiteralString,
    parameters: Mapping[str, Any],
    row: type[_Row],
) -> _Row | None:
    database.ensure_connection()
    text, names = numbered(sql)
    given = [parameters[name] for name in names]
    try:
        return database.prepared.first_row(text, given, row)  # type: ignore[attr-defined,no-any-return]
    except psycopg.Error:
        with database.wrap_database_errors:
            raise


@lru_cache(maxsize=64)
def _automatic(count: int) -> Sequence[PyFormat]:
    return [PyFormat.AUTO] * count


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
