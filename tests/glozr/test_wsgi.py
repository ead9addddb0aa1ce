"""The application as a WSGI server calls it."""

import json
from io import BytesIO
from typing import Any

import pytest

from tests.runtime import Runtime

pytestmark = pytest.mark.django_db(transaction=True)


def sent_in_chunks(runtime: Runtime, body: bytes) -> tuple[str, Any]:
    """Status and answer of a call whose body has no length, as the server hands it on."""
    from glozr.wsgi import application

    statuses: list[str] = []
    environ = {
        "REQUEST_METHOD": "POST",
        "PATH_INFO": f"/api/v1/agents/{runtime.agent_id}/assignments/",
        "SERVER_NAME": "localhost",
        "SERVER_PORT": "80",
        "CONTENT_TYPE": "application/json",
        "HTTP_AUTHORIZATION": f"Bearer {runtime.key}",
        "HTTP_TRANSFER_ENCODING": "chunked",
        "wsgi.input": BytesIO(body),
        "wsgi.url_scheme": "http",
    }
    answer = application(environ, lambda status, *_: statuses.append(status))  # type: ignore[arg-type]
    return statuses[0], json.loads(b"".join(answer))


def test_a_body_that_comes_in_chunks_is_read(runtime: Runtime) -> None:
    status, answer = sent_in_chunks(runtime, b'{"visitor_id": "ada"}')
    assert (status, answer["visitor_id"]) == ("200 OK", "ada")


def test_it_is_bounded_like_any_other(runtime: Runtime) -> None:
    status, answer = sent_in_chunks(runtime, b'{"visitor_id": "%s"}' % (b"x" * 300_000))
    assert (status[:3], answer["code"]) == ("413", "body_too_large")
