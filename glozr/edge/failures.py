"""What a person or program is told when a request fails on our side."""

import sys

from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.template.loader import render_to_string

from glozr.edge.api_errors import RETRY_AFTER_SECONDS, body_of
from glozr.errors import Unavailable
from glozr.inputs.limits import API


def server_error(request: HttpRequest) -> HttpResponse:
    """Django's handler for what nobody caught: 503 where the database is away or too busy."""
    is_away = isinstance(sys.exc_info()[1], OperationalError | InterfaceError)
    response = _answer(request, 503 if is_away else 500)
    if is_away:
        response["Retry-After"] = str(RETRY_AFTER_SECONDS)
    return response


def _answer(request: HttpRequest, status: int) -> HttpResponse:
    if not request.path_info.startswith(API):
        # Neither page may need the database, so there is no request and no context.
        return HttpResponse(render_to_string(f"{status}.html"), status=status)
    if status == 503:
        return JsonResponse(body_of(Unavailable()), status=status)
    body = {"code": "server_error", "detail": "Something went wrong here. We have been told."}
    return JsonResponse(body, status=status)
