"""Statements of the path on which a visitor waits, as the server takes them."""

from collections.abc import Iterator
from typing import NamedTuple

import pytest
from django.db import DataError, OperationalError, connection, transaction

from glozr.postgres.statements import MOST_PREPARED, Prepared, fetch_one, numbered


class Row(NamedTuple):
    first: str
    again: str
    share: str


def test_parameters_are_numbered_once_each_and_percents_are_single() -> None:
    text, names = numbered("SELECT %(b)s, %(a)s::text, %(b)s, 5 %% 3")
    assert text == b"SELECT $1, $2::text, $1, 5 % 3"
    assert names == ("b", "a")


@pytest.mark.django_db
def test_what_a_statement_does_not_name_is_not_sent() -> None:
    found = fetch_one(
        "SELECT %(one)s::text AS first, %(one)s::text AS again, '50%%' AS share",
        {"one": "it's 1%", "other": object()},
        Row,
    )
    assert found == Row("it's 1%", "it's 1%", "50%")


class Kept(NamedTuple):
    value: object


def how_many_are_prepared() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_prepared_statements WHERE name LIKE 'glozr%%'")
        return int(cursor.fetchone()[0])


@pytest.fixture
def table(transactional_db: None) -> Iterator[str]:
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE kept (value integer); INSERT INTO kept VALUES (1)")
    yield "kept"
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE kept")


def test_a_statement_goes_on_after_a_migration_of_its_table(table: str) -> None:
    assert fetch_one("SELECT * FROM kept", {}, Kept) == Kept(1)
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE kept ALTER value TYPE text USING 'now ' || value")
    assert fetch_one("SELECT * FROM kept", {}, Kept) == Kept("now 1")
    assert not connection.errors_occurred


def test_within_a_transaction_nothing_prepared_is_relied_on(table: str) -> None:
    assert fetch_one("SELECT * FROM kept", {}, Kept) == Kept(1)
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE kept ALTER value TYPE text USING 'now ' || value")
    with transaction.atomic():
        assert fetch_one("SELECT * FROM kept", {}, Kept) == Kept("now 1")
    with connection.cursor() as cursor:
        cursor.execute("DEALLOCATE ALL")
    with transaction.atomic():
        assert fetch_one("SELECT * FROM kept", {}, Kept) == Kept("now 1")


def test_it_goes_on_where_somebody_has_thrown_away_what_is_prepared(table: str) -> None:
    assert fetch_one("SELECT * FROM kept", {}, Kept) == Kept(1)
    with connection.cursor() as cursor:
        cursor.execute("DEALLOCATE ALL")
    assert fetch_one("SELECT * FROM kept", {}, Kept) == Kept(1)


@pytest.mark.django_db(transaction=True)
def test_a_first_statement_begins_the_transaction_that_it_is_in() -> None:
    sql = "SELECT pg_current_xact_id()::text AS value"
    with transaction.atomic():
        assert fetch_one(sql, {}, Kept) == fetch_one(sql, {}, Kept)
    assert fetch_one(sql, {}, Kept) != fetch_one(sql, {}, Kept)


@pytest.mark.django_db(transaction=True)
def test_it_is_sent_again_over_a_new_connection_if_the_one_there_was_is_dead() -> None:
    sql = "SELECT pg_backend_pid() AS value"
    first = fetch_one(sql, {}, Kept)
    end = "SELECT pg_terminate_backend(pg_backend_pid()) AS value"
    with pytest.raises(OperationalError), transaction.atomic():
        fetch_one(end, {}, Kept)
    assert fetch_one(sql, {}, Kept) != first


@pytest.mark.django_db
def test_what_the_database_refuses_is_an_error_of_djangos() -> None:
    with pytest.raises(DataError), transaction.atomic():
        fetch_one("SELECT 1 / %(zero)s::int AS value", {"zero": 0}, Kept)


@pytest.mark.django_db(transaction=True)
def test_nothing_is_prepared_where_connections_are_shared_between_transactions() -> None:
    connection.ensure_connection()
    assert connection.connection is not None
    connection.connection.prepare_threshold = None
    connection.prepared = Prepared(connection.connection)  # type: ignore[attr-defined]
    try:
        for number in (1, 2, None):
            found = fetch_one("SELECT %(number)s::int AS value", {"number": number}, Kept)
            assert found == Kept(number)
        assert how_many_are_prepared() == 0
    finally:
        connection.close()


@pytest.mark.django_db(transaction=True)
def test_so_many_are_prepared_and_no_more() -> None:
    connection.close()
    for number in range(MOST_PREPARED + 5):
        assert fetch_one(f"SELECT {number} AS value", {}, Kept) == Kept(number)
    assert how_many_are_prepared() == MOST_PREPARED


@pytest.mark.django_db
def test_a_row_with_other_columns_is_refused() -> None:
    with pytest.raises(TypeError, match="other"):
        fetch_one("SELECT 1 AS other", {}, Kept)
