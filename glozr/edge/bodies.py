"""How much of a request's body is read at all: decided by its declared length, before anything
parses it or looks at who sent it.

Nothing here takes files, so no form comes as multipart and no upload handler is there to write
what strangers send to the disk.
"""

from collections.abc import Callable
from http import HTTPStatus
from typing import TypeAlias

from django.core.exceptions import RequestDataTooBig, TooManyFieldsSent
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.template.loader import render_to_string
from django.views.defaults import bad_request as djangos_bad_request

from glozr.edge.api_errors import body_of, unsupported_media_type
from glozr.errors import DomainError
from glozr.inputs.json_body import TOO_LARGE
from glozr.inputs.limits import API, FORM_FIELDS, MAIL_PROGRAMS, most_bytes

_Handler: TypeAlias = Callable[[HttpRequest], HttpResponseBase]

NO_FILES = "Nothing here takes a file. Send the form as application/x-www-form-urlencoded."
TOO_MANY_FIELDS = f"A form, or an address, has at most {FORM_FIELDS} fields. Send fewer at once."


class BoundedBodies:
    """Middleware: refuses a body that is longer than its address takes, unread."""

    def __init__(self, get_response: _Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        most = most_bytes(request.path_info)
        if _declared_bytes(request) > most:
            return too_large(request, TOO_LARGE.format(most // 1024))
        is_multipart = request.META.get("CONTENT_TYPE", "").lower().startswith("multipart/")
        if is_multipart and not request.path_info.startswith(MAIL_PROGRAMS):
            return _refused_files(request)
        return self.get_response(request)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Django's handler for a request that is suspicious; one with too much in it is told so."""
    if isinstance(exception, TooManyFieldsSent):
        return too_large(request, TOO_MANY_FIELDS)
    if isinstance(exception, RequestDataTooBig):
        return too_large(request, TOO_LARGE.format(most_bytes(request.path_info) // 1024))
    return djangos_bad_request(request, exception)


def too_large(request: HttpRequest, detail: str) -> HttpResponse:
    """`detail` as the API or a page says it; neither needs a session or the database."""
    status = HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    if request.path_info.startswith(API):
        return JsonResponse(body_of(DomainError(detail, code="body_too_large")), status=status)
    return _said(request, status, "413.html", detail)


def _refused_files(request: HttpRequest) -> HttpResponse:
    if request.path_info.startswith(API):
        return JsonResponse(body_of(unsupported_media_type()), status=HTTPStatus.BAD_REQUEST)
    return _said(request, HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "415.html", NO_FILES)


def _said(request: HttpRequest, status: HTTPStatus, template: str, detail: str) -> HttpResponse:
    if request.headers.get("HX-Request") == "true":
        return HttpResponse(detail, status=status, content_type="text/plain; charset=utf-8")
    return HttpResponse(render_to_string(template, {"detail": detail}), status=status)


def _declared_bytes(request: HttpRequest) -> int:
    try:
        return int(request.META.get("CONTENT_LENGTH") or 0)
    except ValueError:  # Django reads none of it, then
        return 0
