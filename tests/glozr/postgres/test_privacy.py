"""PostgreSQL's log holds no value of any statement, whoever fails and however long it takes."""

from collections.abc import Iterator

import psycopg
import pytest
from django.conf import settings
from django.db import connection

from glozr.postgres.embedded import PORT, EmbeddedPostgres
from glozr.postgres.privacy import WITHOUT_VALUES
from glozr.postgres.sessions import settle

pytestmark = pytest.mark.django_db(transaction=True)
SHOW = "SELECT name, setting FROM pg_settings WHERE name = ANY (%s)"
SECRET = "words-that-nobody-else-may-log"


def shown(on: "psycopg.Connection[tuple[str, str]]") -> dict[str, str]:
    rows = on.execute(
        "SELECT name, setting FROM pg_settings WHERE name = ANY (%s)", [[*WITHOUT_VALUES]]
    )
    return dict(row for row in rows)


@pytest.fixture
def superuser() -> Iterator["psycopg.Connection[tuple[str, str]]"]:
    host, dbname = (str(connection.settings_dict[name]) for name in ("HOST", "NAME"))
    with psycopg.connect(
        host=host, port=PORT, dbname=dbname, user="postgres", autocommit=True
    ) as opened:
        yield opened


def test_the_embedded_server_is_started_so() -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT name, setting FROM pg_settings WHERE name = ANY (%s)", [[*WITHOUT_VALUES]]
        )
        assert dict(cursor.fetchall()) == WITHOUT_VALUES


def test_what_fails_leaves_nothing_in_its_log() -> None:
    log = EmbeddedPostgres(settings.DATA_DIR / "postgres").log_path
    before = log.stat().st_size
    with connection.cursor() as cursor:
        for sql in (
            "SELECT %s::uuid",
            "SELECT %s::int",
            "INSERT INTO agents_user (email) VALUES (%s)",
            "SELECT no_such_function(%s)",
        ):
            with pytest.raises(psycopg.Error):
                cursor.connection.execute(sql, [SECRET])
            cursor.connection.rollback()
    with log.open(errors="replace") as lines:
        lines.seek(before)
        assert SECRET not in lines.read()


def test_another_server_is_asked_by_who_may_set_all_of_it(
    superuser: "psycopg.Connection[tuple[str, str]]",
) -> None:
    superuser.execute("SET log_min_messages = warning")
    superuser.execute("SET log_min_duration_statement = 0")
    superuser.execute("SET log_statement = 'all'")
    settle(superuser, WITHOUT_VALUES, "auto")
    assert shown(superuser) == WITHOUT_VALUES


def test_who_may_not_connects_all_the_same(
    superuser: "psycopg.Connection[tuple[str, str]]",
) -> None:
    superuser.execute("SET log_min_duration_statement = 60000")
    superuser.execute("SET log_parameter_max_length_on_error = 7")
    superuser.execute("SET ROLE glozr")
    settle(superuser, WITHOUT_VALUES, "auto")
    kept = shown(superuser)
    assert kept["log_min_duration_statement"] == "60000"
    assert kept["log_parameter_max_length_on_error"] == "0"


def test_a_connection_to_another_server_asks(
    superuser: "psycopg.Connection[tuple[str, str]]", monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[object] = []
    monkeypatch.setattr("glozr.postgres.base.settle", lambda *said: asked.append(said[1]))
    monkeypatch.setitem(connection.settings_dict, "EMBEDDED", "")
    connection.close()
    connection.ensure_connection()
    assert asked == [{**connection.settings_dict["LIMITS"], **WITHOUT_VALUES}]
