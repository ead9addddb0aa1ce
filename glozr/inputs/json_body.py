"""JSON bodies of the API: bounded, strict, and never a reason to fail."""

import json
from collections.abc import Iterable, Mapping
from typing import IO, Any

from rest_framework.exceptions import APIException
from rest_framework.parsers import JSONParser

from glozr.errors import FieldError, Invalid
from glozr.inputs.limits import JSON_BYTES, JSON_DEPTH, JSON_FIELDS

TOO_LARGE = "What is sent here has at most {} KiB. Send less at once."


TOO_DEEP = f"Objects and lists stand at most {JSON_DEPTH} deep within each other."


class BodyTooLarge(APIException):
    status_code = 413
    default_code = "body_too_large"
    default_detail = TOO_LARGE.format(JSON_BYTES // 1024)


class StrictJSONParser(JSONParser):
    """Reads an object; no body at all is an empty one, so that every missing field is told."""

    def parse(
        self,
        stream: IO[Any],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> dict[str, Any]:
        body = stream.read(JSON_BYTES + 1)
        if len(body) > JSON_BYTES:
            raise BodyTooLarge
        try:
            read = _DECODER.decode(_text_of(body or b"{}"))
        except RecursionError as error:
            raise BodyTooLarge(TOO_DEEP) from error
        except ValueError as error:
            raise Invalid(
                [FieldError("body", "malformed_json", "The body is not JSON as RFC 8259 has it.")]
            ) from error
        if body.count(b"{") + body.count(b"[") > JSON_DEPTH and _is_deeper(read, JSON_DEPTH):
            raise BodyTooLarge(TOO_DEEP)
        if not isinstance(read, dict):
            raise Invalid([FieldError("body", "not_an_object", "Send a JSON object.")])
        if len(read) > JSON_FIELDS:
            raise BodyTooLarge(f"A body has at most {JSON_FIELDS} fields. Send fewer.")
        return read


def _is_deeper(read: Any, depth: int) -> bool:
    """Whether objects and lists stand more than `depth` deep within each other."""
    layer: Iterable[Any] = [read]
    for _ in range(depth + 1):
        layer = [value for value in layer if isinstance(value, dict | list)]
        if not layer:
            return False
        layer = [
            inner
            for value in layer
            for inner in (value.values() if isinstance(value, dict) else value)
        ]
    return True


def _text_of(body: bytes) -> str:
    """As `json.loads` reads bytes."""
    return body.decode(json.detect_encoding(body), "surrogatepass")


def refuse_constant(name: str) -> None:
    """For `json.loads`, which otherwise reads NaN and Infinity."""
    raise ValueError(f"{name} is not JSON")


_DECODER = json.JSONDecoder(parse_constant=refuse_constant)
