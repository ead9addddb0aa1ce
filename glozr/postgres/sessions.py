"""What a connection finds on the server, however it gets there: time limits, a log without values,
and whether statements may be prepared.

Directly, a connection is a session of the server's and sets them for itself. Through a pool that
deals out sessions by the transaction (PgBouncer), start-up options are refused or dropped without a
word, and what is set reaches whoever has the session next: there the role that we connect as
carries them, in this database, so that every session the pool opens begins with them. Sessions that
the pool had open before are mended one by one, as connections come upon them.
"""

import logging
from collections.abc import Mapping
from functools import lru_cache
from secrets import token_hex
from typing import TYPE_CHECKING, Any, Final, LiteralString

if TYPE_CHECKING:  # settings are read through here, and psycopg takes its time
    from psycopg import Connection

_log = logging.getLogger("glozr.postgres")

PREPARE_AT: Final = 2
"""At which time a statement runs it is prepared, where it may be."""
_LOCK: Final = 0x726F6C65  # of advisory locks: two at once can't change one role

_MAY: Final[LiteralString] = "has_parameter_privilege(name, 'SET')"
_MAY_BEFORE_15: Final[LiteralString] = "current_setting('is_superuser') = 'on'"
_WISHED: Final[LiteralString] = """
  FROM unnest(%s::text[], %s::text[]) AS wish (name, wished)
  JOIN pg_settings USING (name)
 WHERE ({may} OR context = 'user') AND source <> 'client'
"""
_SET: Final[LiteralString] = "SELECT set_config(name, wished, false)" + _WISHED
_DIFFERENT: Final[LiteralString] = "SELECT name, wished" + _WISHED + "AND setting <> wished"

_PROBE: Final = b"SELECT name = $1 FROM pg_prepared_statements WHERE statement = $2"


def settle(connection: "Connection[Any]", wished: Mapping[str, str], prepare: str | int) -> bool:
    """Have this connection's sessions be as `wished`, by names of the server's settings, as far as
    its role may and whatever its address asked for itself; and prepare statements, `auto` where
    that is safe, at their `prepare`th run, or never for `none`. Returns whether there is a pool.
    """
    pooled = is_pooled(connection)
    if wished:
        (_give_to_role if pooled else _set)(connection, wished)
    if prepare == "auto":
        may = not pooled or keeps_what_is_prepared(connection)
        connection.prepare_threshold = PREPARE_AT if may else None
    else:
        connection.prepare_threshold = None if prepare == "none" else int(prepare)
    if pooled:
        _say(connection.prepare_threshold is not None)
    if not connection.autocommit:
        connection.commit()
    return pooled


def is_pooled(connection: "Connection[Any]") -> bool:
    """Whether something between us and the server deals out its sessions. A pool makes up the
    number of the process by which a client may cancel; the server tells its own."""
    found = connection.execute("SELECT pg_backend_pid()").fetchone()
    return found is None or found[0] != connection.info.backend_pid


def keeps_what_is_prepared(connection: "Connection[Any]") -> bool:
    """Whether the pool prepares for each client on whichever session it gets, as PgBouncer does
    from 1.21 on where `max_prepared_statements` is above 0: it then gives names of its own."""
    from psycopg import pq

    name = f"glozr_probe_{token_hex(8)}".encode()
    server = connection.pgconn
    with connection.transaction():
        connection.execute("SELECT")  # from here on it is one session
        if server.prepare(name, _PROBE).status != pq.ExecStatus.COMMAND_OK:
            return False
        found = server.exec_prepared(name, [name, _PROBE])
        names = [found.get_value(row, 0) for row in range(found.ntuples)]
        if b"t" in names:
            connection.execute(f'DEALLOCATE "{name.decode()}"'.encode())
            return False
        return bool(names)


def _set(connection: "Connection[Any]", wished: Mapping[str, str]) -> None:
    connection.execute(_SET.format(may=_may(connection)), ([*wished], [*wished.values()]))


def _give_to_role(connection: "Connection[Any]", wished: Mapping[str, str]) -> None:
    from psycopg import Error
    from psycopg.sql import SQL, Identifier, Literal

    asked = _DIFFERENT.format(may=_may(connection)), ([*wished], [*wished.values()])
    if not connection.execute(*asked).fetchall():
        return
    try:
        with connection.transaction():
            connection.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
            place = "SELECT current_database(), pg_is_in_recovery()"
            [(database, is_replica)] = connection.execute(place).fetchall()
            change = SQL("ALTER ROLE CURRENT_USER IN DATABASE {} SET {} = {}")
            for name, value in connection.execute(*asked).fetchall():
                connection.execute("SELECT set_config(%s, %s, false)", [name, value])
                if not is_replica:  # which has the roles of its primary
                    said = Identifier(database), Identifier(name), Literal(value)
                    connection.execute(change.format(*said))
    except Error as error:
        _log.warning(
            "Time limits could not be given to the database's role (%s). Set them by ALTER ROLE.",
            error.sqlstate,
        )


def _may(connection: "Connection[Any]") -> LiteralString:
    """Superusers may set all of it; who else may can be asked from PostgreSQL 15 on."""
    return _MAY if connection.info.server_version >= 150_000 else _MAY_BEFORE_15


@lru_cache(maxsize=2)
def _say(prepares: bool) -> None:
    """Once a process."""
    _log.info(
        "A pool stands before the database: time limits are its role's, and %s.",
        "statements are prepared" if prepares else "nothing is prepared",
    )
