"""What a line of the log says, and what it never does."""

import json
import logging
import logging.config
from collections.abc import Callable, Iterator
from io import StringIO
from typing import Any
from unittest.mock import patch

import pytest
from django.db import IntegrityError
from django.test import Client
from django.urls import reverse

from agents.models import User
from glozr.observe import logs
from tests.factories import UserFactory
from tests.roles import Cast
from tests.runtime import Runtime

SECRET = "words-that-nobody-else-may-read"
Lines = Callable[[], list[dict[str, Any]]]


@pytest.fixture
def lines() -> Iterator[Lines]:
    """All that is logged during the test, down to warnings of Django's, as it would be written."""
    stream = StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(
        logs.WithoutValues(
            "%(name)s %(message)s",
            reserved_attrs=logs.LOGGING["formatters"]["json"]["reserved_attrs"],
        )
    )
    handler.addFilter(logs.WithoutAddresses())
    request = logging.getLogger("django.request")
    level = request.level
    request.setLevel(logging.WARNING)
    logging.getLogger().addHandler(handler)
    yield lambda: [json.loads(line) for line in stream.getvalue().splitlines()]
    logging.getLogger().removeHandler(handler)
    request.setLevel(level)


def the_line(lines: Lines, name: str) -> dict[str, Any]:
    (line,) = (line for line in lines() if line["name"] == name)
    assert SECRET not in json.dumps(line)
    return line


@pytest.mark.django_db
def test_an_address_that_holds_a_secret_is_a_route(client: Client, lines: Lines) -> None:
    assert client.get(reverse("invitation", args=[SECRET])).status_code == 404
    line = the_line(lines, "django.request")
    assert (line["message"], line["route"]) == ("Not Found", "invitation")


@pytest.mark.django_db
def test_an_unknown_address_is_not_repeated(client: Client, lines: Lines) -> None:
    client.get(f"/nothing/{SECRET}/?q={SECRET}")
    assert the_line(lines, "django.request")["route"] == "unknown"


def test_a_form_without_its_token_is_told_by_its_route(cast: Cast, lines: Lines) -> None:
    client = Client(enforce_csrf_checks=True)
    key_of_a_reset = reverse("account_reset_password_from_key", args=["1", SECRET])
    client.post(key_of_a_reset, {"password1": SECRET}, headers={"origin": f"https://{SECRET}.x"})
    line = the_line(lines, "django.security.csrf")
    assert (line["message"], line["route"]) == ("Forbidden", "account_reset_password_from_key")


def test_a_host_that_is_not_ours_is_not_repeated(client: Client, lines: Lines) -> None:
    client.get("/healthz", headers={"host": f"{SECRET}.example"})
    assert the_line(lines, "django.security.DisallowedHost")["message"] == "Bad Request"


def test_a_failure_is_told_by_kind_and_place_without_its_text(
    runtime: Runtime, lines: Lines
) -> None:
    runtime.client.raise_request_exception = False
    try:
        raise LookupError(SECRET)
    except LookupError as error:
        failure = ZeroDivisionError(SECRET)
        failure.__cause__ = error
    with patch("experiments.runtime.assignment.resolve", side_effect=failure):
        runtime.post("assignments/", {"visitor_id": SECRET})
    line = the_line(lines, "django.request")
    assert (line["message"], line["route"]) == ("Internal Server Error", "api_assignments")
    for part in ("builtins.LookupError", "which led to:", "ZeroDivisionError", "calls.py"):
        assert part in line["exc_info"]


@pytest.mark.django_db
def test_what_the_database_refused_is_told_by_its_code(lines: Lines) -> None:
    UserFactory.create(email=f"{SECRET}@example.com")
    with pytest.raises(IntegrityError, match=SECRET) as refused:
        User.objects.bulk_create([User(email=f"{SECRET}@example.com")])
    logging.getLogger("glozr").error("It failed.", exc_info=refused.value)
    assert "UniqueViolation (23505)" in the_line(lines, "glozr")["exc_info"]


def test_these_are_what_the_settings_install() -> None:
    handler, formatter = logs.LOGGING["handlers"]["json"], logs.LOGGING["formatters"]["json"]
    assert formatter["()"] == "glozr.observe.logs.WithoutValues"
    assert [logs.LOGGING["filters"][name]["()"] for name in handler["filters"]] == [
        "glozr.observe.logs.WithRequestId",
        "glozr.observe.logs.WithoutAddresses",
    ]
    assert logs.LOGGING["root"]["handlers"] == ["json"]
