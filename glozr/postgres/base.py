"""Django's PostgreSQL backend, which starts the embedded server when a connection is first opened.

So reading the settings starts nothing. A process asks for the server once: should it end later,
connections fail, as those to any other server would, until somebody starts it again.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
from django.db.backends.postgresql import base
from django.db.backends.postgresql.client import DatabaseClient
from django.db.utils import DatabaseErrorWrapper, OperationalError
from django.utils.functional import cached_property

from glozr.postgres.comments import with_request
from glozr.postgres.embedded import EmbeddedPostgres, EmbeddedPostgresError
from glozr.postgres.privacy import WITHOUT_VALUES
from glozr.postgres.sessions import settle
from glozr.postgres.statements import Prepared


class _Client(DatabaseClient):
    def runshell(self, parameters: Iterable[str]) -> None:
        self.connection.ensure_connection()  # psql is told where the server is by then
        super().runshell(parameters)


class _CountingErrors(DatabaseErrorWrapper):
    """Counts what fails, but not rows that break a key: who asks for them expects that."""

    def __exit__(self, kind: Any, error: Any, trace: Any) -> None:
        if isinstance(error, psycopg.Error) and not isinstance(error, psycopg.IntegrityError):
            from glozr.observe.metrics import DATABASE_ERRORS

            DATABASE_ERRORS.labels(type(error).__name__).inc()
        super().__exit__(kind, error, trace)


class DatabaseWrapper(base.DatabaseWrapper):
    client_class = _Client
    may_start = True
    prepared: Prepared
    """What `fetch_one` has prepared on the connection that there is."""

    def __init__(self, *settings: Any, **more: Any) -> None:
        super().__init__(*settings, **more)
        self.execute_wrappers.append(with_request)

    @cached_property
    def wrap_database_errors(self) -> DatabaseErrorWrapper:
        return _CountingErrors(self)

    def get_connection_params(self) -> dict[str, Any]:
        """What to connect to, running.

        Raises:
            OperationalError: the embedded server does not run and cannot, or may not, be started.
        """
        embedded = self.settings_dict.get("EMBEDDED")
        if embedded and not self.settings_dict["HOST"]:
            # The settings of this alias, which every thread's connection reads.
            self.settings_dict["HOST"] = str(self._socket_dir(Path(embedded)))
        return super().get_connection_params()

    def init_connection_state(self) -> None:
        super().init_connection_state()
        if self.connection is not None:
            settings = self.settings_dict
            wished = settings["LIMITS"] | ({} if settings.get("EMBEDDED") else WITHOUT_VALUES)
            is_pooled = settle(self.connection, wished, settings["PREPARE"])
            settings["DISABLE_SERVER_SIDE_CURSORS"] = is_pooled
            self.prepared = Prepared(self.connection)

    def _socket_dir(self, data_dir: Path) -> Path:
        server = EmbeddedPostgres(data_dir)
        if not self.may_start and server.running_socket_dir() is None:
            raise OperationalError("The embedded PostgreSQL does not run.")
        try:
            return server.ensure_running()
        except EmbeddedPostgresError as error:
            raise OperationalError(str(error)) from error


@contextmanager
def without_starting_a_server() -> Iterator[None]:
    """Connect to what runs, and to nothing else."""
    DatabaseWrapper.may_start = False
    try:
        yield
    finally:
        DatabaseWrapper.may_start = True
