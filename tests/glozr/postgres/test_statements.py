"""Statements of the path on which a visitor waits, as the server takes them."""

from typing import NamedTuple

import pytest

from glozr.postgres.statements import fetch_one, numbered


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
