"""What is no JSON object of a bearable size is refused. Nothing here is ever a 500."""

import json
from typing import Any

import pytest

from agents.models import Conversation
from glozr.inputs.limits import JSON_DEPTH, JSON_FIELDS
from tests.factories import unused_id
from tests.runtime import Runtime, assert_refused

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"nonsense", b'{"visitor_id": NaN}', b"\xff\xfe", b"9" * 5_000],
    ids=["none", "half", "words", "NaN", "not UTF-8", "huge number"],
)
def test_a_body_that_is_no_json(runtime: Runtime, body: bytes) -> None:
    assert_refused(runtime, "assignments/", body, "body" if body else "visitor_id")


@pytest.mark.parametrize("body", [[], "text", 5, None, True])
def test_a_body_that_is_no_object(runtime: Runtime, body: Any) -> None:
    answer = runtime.post("assignments/", body)
    assert (answer.status, answer["code"]) == (400, "invalid")


@pytest.mark.parametrize("size", [256 * 1024, 3_000_000])
def test_a_body_of_more_than_256_kib(runtime: Runtime, size: int) -> None:
    path = f"conversations/{unused_id()}/messages/"
    body = {"visitor_id": "ada", "role": "visitor", "content": "x" * size}
    answer = runtime.post(path, body)
    assert (answer.status, answer["code"]) == (413, "body_too_large")


def nested(levels: int) -> bytes:
    return b'{"a":' * (levels - 1) + b"{}" + b"}" * (levels - 1)


@pytest.mark.parametrize(
    "body",
    [
        b"[" * 100_000,
        b"[" * 100_000 + b"]" * 100_000,
        nested(JSON_DEPTH + 1),
        b'{"a": ' + b"[" * JSON_DEPTH + b"1" + b"]" * JSON_DEPTH + b"}",
        json.dumps({str(n): n for n in range(JSON_FIELDS + 1)}).encode(),
    ],
    ids=["half, without end", "without end", "objects", "lists", "fields"],
)
def test_a_body_that_is_nested_too_deep_or_has_too_many_fields(
    runtime: Runtime, body: bytes
) -> None:
    answer = runtime.post("assignments/", body)
    assert (answer.status, answer["code"]) == (413, "body_too_large")
    assert "at most" in answer["detail"]
    assert not Conversation.objects.exists()


def test_what_just_fits_is_read(runtime: Runtime) -> None:
    fields = {str(n): n for n in range(JSON_FIELDS)}
    for body in (nested(JSON_DEPTH), json.dumps(fields).encode(), b'{"a": "%s"}' % (b"[{" * 999)):
        answer = runtime.post("assignments/", body)
        assert (answer.status, answer["errors"][0]["code"]) == (400, "unknown_field")


def test_a_body_of_another_type(runtime: Runtime) -> None:
    answer = runtime.post("assignments/", b"visitor_id=ada", content_type="text/plain")
    assert (answer.status, answer["errors"][0]["code"]) == (400, "unsupported_media_type")
