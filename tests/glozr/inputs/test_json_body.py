"""What is no JSON object of a bearable size is refused. Nothing here is ever a 500."""

from typing import Any

import pytest

from tests.factories import unused_id
from tests.runtime import Runtime, assert_refused

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"nonsense", b'{"visitor_id": NaN}', b"[" * 100_000, b"\xff\xfe", b"9" * 5_000],
    ids=["none", "half", "words", "NaN", "nested deep", "not UTF-8", "huge number"],
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


def test_a_body_of_another_type(runtime: Runtime) -> None:
    answer = runtime.post("assignments/", b"visitor_id=ada", content_type="text/plain")
    assert (answer.status, answer["errors"][0]["code"]) == (400, "unsupported_media_type")
