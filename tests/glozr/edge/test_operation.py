"""Health, metrics, logs and request ids."""

import json
import logging
import re
import tomllib
from io import StringIO
from typing import Any
from unittest.mock import patch

import pytest
from django.conf import settings
from django.db import OperationalError
from django.test import Client

from agents.models import Agent
from experiments import lifecycle
from glozr import RELEASE
from glozr.observe import logs
from tests.factories import ExperimentFactory, unused_id
from tests.runtime import Runtime


def test_the_process_is_healthy_without_a_database(client: Client) -> None:
    assert client.get("/healthz").json() == {"status": "ok", "release": RELEASE}


def test_the_release_is_that_of_the_package() -> None:
    package = tomllib.loads((settings.BASE_DIR / "pyproject.toml").read_text())
    assert package["project"]["version"] == RELEASE


@pytest.mark.django_db
def test_it_is_ready_with_its_migrations_applied(client: Client) -> None:
    assert client.get("/readyz").status_code == 200


@pytest.mark.django_db
def test_metrics_are_closed_unless_a_token_is_set(client: Client, settings: Any) -> None:
    assert client.get("/metrics").status_code == 404
    settings.METRICS_TOKEN = "scrape"
    assert client.get("/metrics").status_code == 404
    wrong = client.get("/metrics", headers={"authorization": "Bearer wrong"})
    assert wrong.status_code == 404


def test_metrics_count_requests_and_assignments(runtime: Runtime, settings: Any) -> None:
    settings.METRICS_TOKEN = "scrape"
    runtime.resolve("ada")
    runtime.post("assignments/", {})
    text = runtime.client.get("/metrics", headers={"authorization": "Bearer scrape"}).content
    assert b'glozr_requests_total{route="api_assignments",status="200"}' in text
    assert b'glozr_requests_total{route="api_assignments",status="400"}' in text
    assert b'glozr_request_seconds_bucket{le="0.1",route="api_assignments"}' in text
    assert b'glozr_assignments_total{source="none"}' in text


def test_assignments_are_counted_by_source_whichever_call_makes_them(
    runtime: Runtime, agent: Agent, settings: Any
) -> None:
    settings.METRICS_TOKEN = "scrape"
    lifecycle.start(ExperimentFactory.create(agent=agent), by=None)

    def counted() -> dict[str, float]:
        answer = runtime.client.get("/metrics", headers={"authorization": "Bearer scrape"})
        lines = re.findall(
            r'glozr_assignments_total{source="(\w+)"} (\S+)', answer.content.decode()
        )
        return {source: float(count) for source, count in lines}

    runtime.resolve("somebody")
    before = counted()
    conversation = unused_id()
    runtime.say("ada", conversation, role="agent")
    runtime.say("ada", conversation)
    runtime.say("ada", conversation)
    after = counted()
    assert after["new"] == before["new"] + 1
    assert after["conversation"] == before.get("conversation", 0) + 1


@pytest.fixture
def lines() -> Any:
    """The JSON lines that are logged during the test."""
    stream = StringIO()
    handler = logging.StreamHandler(stream)
    formatter = dict(logs.LOGGING["formatters"]["json"])
    formatter.pop("()")
    from pythonjsonlogger.json import JsonFormatter

    handler.setFormatter(JsonFormatter(**formatter))
    handler.addFilter(logs.WithRequestId())
    logging.getLogger().addHandler(handler)
    yield lambda: [json.loads(line) for line in stream.getvalue().splitlines()]
    logging.getLogger().removeHandler(handler)


def test_a_line_has_the_requests_id_and_nothing_of_the_visitor(
    runtime: Runtime, settings: Any, lines: Any
) -> None:
    settings.ACCESS_LOG = True
    body = {"visitor_id": "ada-lovelace", "email": "ada@example.com", "name": "Ada"}
    answer = runtime.post("leads/", body, **{"x-request-id": "abc-123"})
    assert answer.headers["X-Request-ID"] == "abc-123"
    (line,) = [line for line in lines() if line["name"] == "glozr.access"]
    assert (line["request_id"], line["route"], line["status"]) == ("abc-123", "api_leads", 201)
    for secret in ("ada", "Ada", runtime.key):
        assert secret not in json.dumps(line)


def test_an_unsafe_request_id_is_replaced(client: Client) -> None:
    for sent in ("a b", "x" * 65, "<script>", ""):
        assert client.get("/healthz", headers={"x-request-id": sent})["X-Request-ID"] != sent


def test_what_nobody_foresaw_is_a_500_in_json(runtime: Runtime) -> None:
    runtime.client.raise_request_exception = False
    with patch("experiments.runtime.assignment.resolve", side_effect=ZeroDivisionError):
        answer = runtime.post("assignments/", {"visitor_id": "ada"})
    assert (answer.status, answer["code"]) == (500, "server_error")


def test_a_database_that_is_away_is_a_503_on_every_way(runtime: Runtime) -> None:
    runtime.client.raise_request_exception = False
    with patch("experiments.runtime.assignment.resolve", side_effect=OperationalError):
        answer = runtime.post("assignments/", {"visitor_id": "ada"})
    assert (answer.status, answer["code"]) == (503, "unavailable")
