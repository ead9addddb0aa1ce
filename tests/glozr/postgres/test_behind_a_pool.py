"""Behind a PgBouncer that deals out the server's sessions by the transaction: the time limits hold,
statements are prepared where that is safe alone, and the product migrates, serves and folds."""

import json
import re
import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, NamedTuple
from uuid import uuid4

import psycopg
import pytest
from django.db import DatabaseError, OperationalError, connection
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.utils import ConnectionHandler

from bench.stack import Stack
from glozr.postgres.config import database_config
from glozr.postgres.embedded import PORT
from glozr.postgres.sessions import PREPARE_AT
from tests.harness.pools import pool
from tests.harness.programs import program

pytestmark = pytest.mark.django_db
KEEPS_PREPARED = (1, 21)
LIMITS = {
    "GLOZR_STATEMENT_TIMEOUT_MS": "300",
    "GLOZR_LOCK_TIMEOUT_MS": "150",
    "GLOZR_IDLE_TRANSACTION_TIMEOUT_MS": "300",
}


class Server(NamedTuple):
    """The server that the tests use, and an empty database on it."""

    socket: Path
    database: str

    def session(self) -> "psycopg.Connection[tuple[Any, ...]]":
        """One of the server's own, with nobody between."""
        place = f"host={self.socket} port={PORT} user=glozr dbname={self.database}"
        return psycopg.connect(place, options="-c lock_timeout=0", autocommit=True)


@pytest.fixture
def server() -> Iterator[Server]:
    there = Server(Path(connection.get_connection_params()["host"]), "postgres")
    name = f"pooled_{uuid4().hex}"
    with there.session() as direct:
        direct.execute(f'CREATE DATABASE "{name}"'.encode())
        yield there._replace(database=name)
        direct.execute(f'DROP DATABASE "{name}" WITH (FORCE)'.encode())


@pytest.fixture(scope="module")
def keeps_prepared() -> bool:
    """Whether the PgBouncer at hand can."""
    told = subprocess.run([program("pgbouncer"), "--version"], capture_output=True, text=True)
    found = re.search(r"PgBouncer (\d+)\.(\d+)", told.stdout)
    assert found is not None
    return (int(found[1]), int(found[2])) >= KEEPS_PREPARED


def client(port: int, server: Server, **more: str) -> BaseDatabaseWrapper:
    """Django's connection through the pool, as a process of its own would have it."""
    url = f"postgresql://glozr@127.0.0.1:{port}/{server.database}"
    config = database_config({"DATABASE_URL": url, **LIMITS, **more})
    return ConnectionHandler({"default": config})["default"]


@contextmanager
def transaction_of(one: BaseDatabaseWrapper) -> Iterator[None]:
    one.set_autocommit(False)
    try:
        yield
    finally:
        one.close()


def run(one: BaseDatabaseWrapper, sql: str) -> Any:
    with one.cursor() as cursor:
        cursor.execute(sql)
        return cursor.fetchone()[0] if cursor.description else None


def shown(session: "psycopg.Connection[tuple[Any, ...]]") -> str:
    found = session.execute("SHOW statement_timeout").fetchone()
    assert found is not None
    return str(found[0])


def test_each_time_limit_holds_for_every_client(server: Server) -> None:
    with pool(server.socket, sessions=2) as port:
        first, second = client(port, server), client(port, server)
        with closing(first), closing(second):
            for one in (first, second, first, second):
                with pytest.raises(OperationalError, match="statement timeout"):
                    run(one, "SELECT pg_sleep(5)")
            run(first, "CREATE TABLE held (id int)")
            with transaction_of(first):
                run(first, "LOCK TABLE held")
                with pytest.raises(OperationalError, match="lock timeout"):
                    run(second, "SELECT count(*) FROM held")
            with transaction_of(first):
                run(first, "LOCK TABLE held")
                with server.session() as waiting:  # for the idle one to be ended
                    waiting.execute("SELECT count(*) FROM held")
                with pytest.raises(DatabaseError, match="idle-in-transaction"):
                    run(first, "SELECT 1")


def test_sessions_that_were_open_before_are_mended(server: Server) -> None:
    with pool(server.socket, sessions=1) as port, closing(client(port, server)) as one:
        opened_before = one.get_new_connection(one.get_connection_params())
        opened_before.autocommit = True
        assert shown(opened_before) == "0"
        assert run(one, "SHOW statement_timeout") == "300ms"
        with closing(client(port, server, GLOZR_STATEMENT_TIMEOUT_MS="350")) as changed:
            assert run(changed, "SHOW statement_timeout") == "350ms"
        assert shown(opened_before) == "350ms"
        opened_before.close()


@pytest.mark.parametrize("may_keep", [False, True])
def test_statements_are_prepared_where_the_pool_keeps_them(
    server: Server, keeps_prepared: bool, may_keep: bool
) -> None:
    if may_keep and not keeps_prepared:
        pytest.skip("a PgBouncer before 1.21 keeps nothing")
    more = f"max_prepared_statements = {50 * may_keep}" if keeps_prepared else ""
    with pool(server.socket, sessions=1, more=more) as port:
        first, second = client(port, server), client(port, server)
        with closing(first), closing(second):
            for number, one in enumerate([first, second] * 4):
                one.ensure_connection()
                assert one.connection.prepare_threshold == (PREPARE_AT if may_keep else None)
                sql = f"SELECT {number % 2} /* of the client */"
                cursor = psycopg.RawCursor(one.connection)
                assert cursor.execute(sql.encode(), prepare=True).fetchone() == (number % 2,)
            kept = "SELECT count(*) FROM pg_prepared_statements WHERE statement LIKE '%client%'"
            assert run(first, kept) == (2 if may_keep else 0)


def test_a_direct_connection_prepares_and_sets_its_own_limits(server: Server) -> None:
    url = f"postgresql://glozr@/{server.database}?host={server.socket}&port={PORT}"
    url += "&options=-c%20lock_timeout%3D77"
    config = database_config({"DATABASE_URL": url, **LIMITS})
    with closing(ConnectionHandler({"default": config})["default"]) as one:
        assert run(one, "SHOW statement_timeout") == "300ms"
        assert run(one, "SHOW lock_timeout") == "77ms"
        assert one.connection.prepare_threshold == PREPARE_AT
        assert one.settings_dict["DISABLE_SERVER_SIDE_CURSORS"] is False
        assert run(one, "SELECT count(*) FROM pg_db_role_setting") == 0


def test_the_product_migrates_serves_and_folds(server: Server, tmp_path: Path) -> None:
    log = tmp_path / "server.log"
    stack = Stack(tmp_path, workers=2, log=log)
    with pool(server.socket, sessions=3) as port, closing(stack):
        url = f"postgresql://glozr@127.0.0.1:{port}/{server.database}"
        stack.environment["DATABASE_URL"] = url
        stack.environment["GLOZR_DEMO"] = "0"
        stack.manage("migrate", "--verbosity", "0")
        stack.demo = json.loads(stack.manage("seed_demo", "--format", "json"))
        stack.start_server()
        with stack.api() as api:
            for number in range(40):
                said = {"visitor_id": f"visitor-{number % 20}"}
                answer = api.post("assignments/", json=said)
                assert answer.status_code == 200, answer.text
                said |= {"role": "visitor", "content": "Do you ship to Lisbon?"}
                place = f"conversations/{answer.json()['conversation_id']}/messages/"
                assert api.post(place, json=said).status_code == 201
        stack.manage("run_background", "--once")
        with server.session() as direct:
            assert direct.execute("SELECT count(*) FROM pending_counts").fetchone() == (0,)
        running = next(one for one in stack.demo["experiments"] if one["status"] == "running")
        stack.manage("verify_results", running["id"])
        stack.stop_server()
    said_at_start = [line for line in log.read_text().splitlines() if "A pool stands" in line]
    assert len(said_at_start) == 2
