"""What the application is told of a request, and which lane it takes."""

import json
import os
from collections.abc import Iterator
from wsgiref.types import StartResponse, WSGIEnvironment

import pytest
from django.urls import get_resolver

from glozr.serving.lanes import Lane, lane_of
from tests.factories import unused_id
from tests.glozr.serving.served import Served, served


def told(environ: WSGIEnvironment, start: StartResponse) -> list[bytes]:
    start("200 OK", [("Content-Type", "application/json")])
    body = environ["wsgi.input"].read().decode("latin-1")
    texts = {name: value for name, value in environ.items() if isinstance(value, str)}
    return [json.dumps({**texts, "body": body}).encode()]


@pytest.fixture(scope="module")
def server() -> Iterator[Served]:
    with served(told) as server:
        yield server


def sent(server: Served, *lines: str, body: str = "") -> dict[str, str]:
    head = "\n".join((*lines, "Host: here", "Connection: close", "", ""))
    said = server.client().send(head + body).read()
    found: dict[str, str] = json.loads(said.split("\r\n\r\n", 1)[1])
    return found


def test_nothing_of_the_processs_environment(server: Served) -> None:
    environ = sent(server, "GET / HTTP/1.1")
    assert not environ.keys() & os.environ.keys()


def test_the_address_as_it_was_sent(server: Served) -> None:
    environ = sent(server, "GET /caf%C3%A9%2F%ff?q=%C3%A9&q=2 HTTP/1.1")
    assert environ["PATH_INFO"].encode("latin-1") == b"/caf\xc3\xa9/\xff"
    assert environ["QUERY_STRING"] == "q=%C3%A9&q=2"
    assert environ["REMOTE_ADDR"] == "127.0.0.1"


def test_repeated_headers_are_one_and_underscores_are_no_hyphens(server: Served) -> None:
    environ = sent(
        server,
        "GET / HTTP/1.1",
        *("X-Forwarded-For: 192.0.2.1", "X-Forwarded-For: 192.0.2.2"),
        *("X_Forwarded_For: 192.0.2.3", "Cookie: a=1", "Cookie: b=2"),
    )
    assert environ["HTTP_X_FORWARDED_FOR"] == "192.0.2.1,192.0.2.2"
    assert environ["HTTP_COOKIE"] == "a=1; b=2"


def test_a_body_in_chunks_has_a_length(server: Served) -> None:
    chunked = "Transfer-Encoding: chunked"
    environ = sent(server, "POST / HTTP/1.1", chunked, body="3\nabc\n2\nde\n0\n\n")
    assert (environ["body"], environ["CONTENT_LENGTH"]) == ("abcde", "5")
    assert "HTTP_TRANSFER_ENCODING" not in environ


def test_a_body_that_is_too_long_is_told_by_its_length_alone(server: Served) -> None:
    environ = sent(server, "POST /api/v1/ HTTP/1.1", "Content-Length: 300000", body="x" * 300_000)
    assert (environ["body"], environ["CONTENT_LENGTH"]) == ("", "300000")


def test_two_lengths_are_refused(server: Served) -> None:
    head = "POST / HTTP/1.1\nHost: here\nContent-Length: 3\nTransfer-Encoding: chunked\n\n"
    assert server.client().send(f"{head}0\n\n").read().startswith("HTTP/1.1 400 ")


def test_calls_on_which_a_visitor_waits_have_a_lane_of_their_own() -> None:
    routes = get_resolver("experiments.api.runtime.urls").reverse_dict
    names = {name for name in routes if isinstance(name, str)}
    assert names
    for name in names:
        (path, parameters), *_ = routes.getlist(name)[0][0]
        values = {one: unused_id() for one in parameters}
        assert lane_of("POST", f"/api/v1/{path % values}") == Lane.RUNTIME
        assert lane_of("GET", f"/api/v1/{path % values}") == Lane.PAGES


@pytest.mark.parametrize(
    ("path", "lane"),
    [
        ("/healthz", Lane.HEALTH),
        ("/readyz", Lane.READINESS),
        ("/metrics", Lane.READINESS),
        ("/app/agents/a/leads.csv", Lane.FILES),
        ("/api/v1/agents/a/messages.xlsx", Lane.FILES),
        ("/app/", Lane.PAGES),
    ],
)
def test_other_lanes(path: str, lane: Lane) -> None:
    assert lane_of("GET", path) == lane
