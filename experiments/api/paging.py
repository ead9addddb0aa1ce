"""Lists over HTTP: `?cursor=` and `?page_size=`, answered with the addresses of the next page and
the previous one."""

import re
from collections.abc import Callable
from typing import Any, TypeVar

from django.db.models import Model
from rest_framework.pagination import BasePagination
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.urls import replace_query_param

from glozr.errors import FieldError, Invalid
from glozr.postgres.keyset import KeysetPage

_Row = TypeVar("_Row", bound=Model)

ROWS_OF_A_LIST, MOST_ROWS_OF_A_LIST = 25, 100
SIZE = re.compile(r"0*[1-9][0-9]{0,5}", re.ASCII)


class CursorPaging(BasePagination):
    """Describes a list; `answer_page` answers one."""

    def get_schema_operation_parameters(self, view: object) -> list[dict[str, Any]]:
        size = {"type": "integer", "minimum": 1, "default": ROWS_OF_A_LIST}
        most = MOST_ROWS_OF_A_LIST
        return [
            _parameter("cursor", {"type": "string"}, "From `next` or `previous`"),
            _parameter("page_size", size, f"At most {most}; more is taken as {most}"),
        ]

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        link = {"type": "string", "format": "uri", "nullable": True}
        return {
            "type": "object",
            "required": ["next", "previous", "results"],
            "properties": {"next": link, "previous": link, "results": schema},
        }


def answer_page(
    request: Request,
    read: Callable[[str, int], KeysetPage[_Row]],
    write: Callable[[list[_Row]], Any],
) -> Response:
    """The page that is asked for: `read` by its cursor and size, its rows as `write` has them.

    Raises:
        Invalid: the cursor or the size is none.
    """
    page = read(request.query_params.get("cursor", ""), page_size(request))
    return answered(request, page.next, page.previous, write(page.rows))


def answered(request: Request, after: str | None, before: str | None, results: Any) -> Response:
    """A page between the cursors `before` and `after`."""
    return Response(
        {"next": _at(request, after), "previous": _at(request, before), "results": results}
    )


def page_size(request: Request) -> int:
    """
    Raises:
        Invalid: it is no whole number from 1.
    """
    text = request.query_params.get("page_size", str(ROWS_OF_A_LIST))
    if not SIZE.fullmatch(text):
        detail = f"Give a whole number from 1; {MOST_ROWS_OF_A_LIST} is the most."
        raise Invalid([FieldError("page_size", "invalid", detail)])
    return min(int(text), MOST_ROWS_OF_A_LIST)


def _at(request: Request, cursor: str | None) -> str | None:
    if cursor is None:
        return None
    return replace_query_param(request.build_absolute_uri(), "cursor", cursor)


def _parameter(name: str, schema: dict[str, Any], description: str) -> dict[str, Any]:
    return {
        "name": name,
        "in": "query",
        "required": False,
        "schema": schema,
        "description": description,
    }
