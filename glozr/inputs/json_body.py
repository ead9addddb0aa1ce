"""JSON bodies of the API: bounded, strict, and never a reason to fail."""

import json
from collections.abc import Mapping
from typing import IO, Any

from rest_framework.exceptions import APIException
from rest_framework.parsers import JSONParser

from glozr.errors import FieldError, Invalid

MAX_BODY_BYTES = 256 * 1024


class BodyTooLarge(APIException):
    status_code = 413
    default_code = "body_too_large"
    default_detail = "A body has at most 256 KiB. Send less at once."


class StrictJSONParser(JSONParser):
    """Reads an object; no body at all is an empty one, so that every missing field is told."""

    def parse(
        self,
        stream: IO[Any],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> dict[str, Any]:
        body = stream.read(MAX_BODY_BYTES + 1)
        if len(body) > MAX_BODY_BYTES:
            raise BodyTooLarge
        try:
            read = json.loads(body or b"{}", parse_constant=refuse_constant)
        except (ValueError, RecursionError) as error:
            raise Invalid(
                [FieldError("body", "malformed_json", "The body is not JSON as RFC 8259 has it.")]
            ) from error
        if not isinstance(read, dict):
            raise Invalid([FieldError("body", "not_an_object", "Send a JSON object.")])
        return read


def refuse_constant(name: str) -> None:
    """For `json.loads`, which otherwise reads NaN and Infinity."""
    raise ValueError(f"{name} is not JSON")
