"""Errors as the API answers them: `{"code", "detail"}`, and `"errors"` by field for a 400."""

from collections.abc import Iterator, Mapping
from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import PermissionDenied, RequestDataTooBig, TooManyFieldsSent
from django.db import InterfaceError, OperationalError
from django.http import Http404, HttpRequest, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from rest_framework import exceptions
from rest_framework.response import Response
from rest_framework.views import set_rollback

from glozr.errors import (
    Conflict,
    DomainError,
    FieldError,
    Forbidden,
    Invalid,
    NotFound,
    NotSignedIn,
    OutOfDate,
    TooSoon,
    Unavailable,
)
from glozr.inputs.json_body import BodyTooLarge

RETRY_AFTER_SECONDS = 1
STATUS_OF_ERROR: Mapping[type[DomainError], int] = {
    NotSignedIn: 401,
    Forbidden: 403,
    NotFound: 404,
    Conflict: 409,
    OutOfDate: 412,
    Invalid: 400,
    TooSoon: 429,
    Unavailable: 503,
}


def status_of(error: DomainError) -> int:
    return next(status for kind, status in STATUS_OF_ERROR.items() if isinstance(error, kind))


def body_of(error: DomainError) -> dict[str, Any]:
    body: dict[str, Any] = {"code": error.code, "detail": error.detail}
    if isinstance(error, Invalid):
        body["errors"] = [
            {"field": item.field, "code": item.code, "detail": item.detail} for item in error.errors
        ]
    return body


def exception_handler(error: Exception, context: Mapping[str, Any]) -> Response | None:
    """DRF's hook. None lets an error nobody foresaw become a 500, with its traceback logged."""
    refusal = _as_domain_error(error)
    if refusal is None:
        if isinstance(error, RequestDataTooBig | TooManyFieldsSent):
            error = BodyTooLarge()
        if isinstance(error, exceptions.APIException):
            set_rollback()
            response = Response(
                {"code": error.get_codes(), "detail": str(error.detail)}, error.status_code
            )
            if isinstance(error, exceptions.MethodNotAllowed):
                response["Allow"] = ", ".join(context["view"].allowed_methods)
            return response
        return None
    set_rollback()
    response = Response(body_of(refusal), status_of(refusal))
    if isinstance(refusal, NotSignedIn):
        response["WWW-Authenticate"] = "Bearer"
    if isinstance(refusal, Unavailable):
        response["Retry-After"] = str(RETRY_AFTER_SECONDS)
    if isinstance(refusal, TooSoon):
        response["Retry-After"] = str(refusal.seconds)
    return response


def _as_domain_error(error: Exception) -> DomainError | None:
    match error:
        case DomainError():
            return error
        case OperationalError() | InterfaceError():
            return Unavailable()
        case exceptions.ValidationError():
            return Invalid(list(_field_errors(error.detail)))
        case exceptions.UnsupportedMediaType():
            return unsupported_media_type()
        case exceptions.ParseError():
            return Invalid([FieldError("body", "malformed", str(error.detail))])
        case exceptions.NotAuthenticated() | exceptions.AuthenticationFailed():
            return NotSignedIn()
        case exceptions.PermissionDenied() | PermissionDenied():
            return Forbidden(str(error)) if str(error) else Forbidden()
        case exceptions.NotFound() | Http404():
            return NotFound()
        case _:
            return None


def unsupported_media_type() -> Invalid:
    return Invalid([FieldError("body", "unsupported_media_type", "Send JSON as application/json.")])


def _field_errors(detail: Any, path: str = "") -> Iterator[FieldError]:
    """The errors of a DRF serializer, flat, each with the path of its field."""
    if isinstance(detail, Mapping):
        for key, part in detail.items():
            name = "" if key == "non_field_errors" else str(key)
            yield from _field_errors(part, ".".join(filter(None, (path, name))))
    elif isinstance(detail, list):
        for part in detail:
            yield from _field_errors(part, path)
    else:
        yield FieldError(path or "body", detail.code, str(detail))


@csrf_exempt
@login_not_required
def no_such_address(request: HttpRequest) -> JsonResponse:
    """For what no path of the API matches: JSON, where Django would answer with a page."""
    return JsonResponse(body_of(NotFound()), status=404)
