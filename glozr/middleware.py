"""What every request passes."""

from collections.abc import Callable

from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import render

RETRY_AFTER_SECONDS = 2
AWAY = "The service can't reach its database. Try again in a moment."


def database_away(
    get_response: Callable[[HttpRequest], HttpResponseBase],
) -> Callable[[HttpRequest], HttpResponseBase]:
    """Answer 503 with Retry-After where a page meets a database that is away or too busy."""

    class DatabaseAway:
        def __call__(self, request: HttpRequest) -> HttpResponseBase:
            return get_response(request)

        def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
            if not isinstance(error, OperationalError | InterfaceError):
                return None
            response = (
                JsonResponse({"code": "unavailable", "detail": AWAY}, status=503)
                if request.path.startswith("/api/")
                else render(request, "503.html", status=503)
            )
            response["Retry-After"] = str(RETRY_AFTER_SECONDS)
            return response

    return DatabaseAway()
