"""The calls on which a visitor waits, past Django's handler, resolver and middleware.

All that these do to such a call is done here as well, by the same functions where there are any:
its id, its line and its figures, the headers that every answer gets, errors that nobody caught, the
end of connections that can't be used any more. The view is the same, and is given Django's request.

Whoever calls in any other way than the ordinary one, by another method, with another type of body
or one that is too long, over plain HTTP where HTTPS is served, is left to Django.
"""

import time
from collections.abc import Callable, Iterable, Sequence
from http import HTTPStatus
from importlib import import_module
from io import BytesIO
from typing import Any, NamedTuple, TypeAlias
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from django.conf import settings
from django.core.handlers.exception import response_for_exception
from django.core.handlers.wsgi import WSGIRequest
from django.db import DEFAULT_DB_ALIAS, connections
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.template.response import SimpleTemplateResponse
from django.urls import URLPattern, resolve
from django.utils.log import log_response
from django.utils.module_loading import import_string

from glozr.edge.middleware import API_PREFIX, RUNTIME_ROUTES, id_for, observe
from glozr.edge.request_memory import for_one_request
from glozr.inputs.limits import JSON_BYTES
from glozr.observe.request_id import request_id

JSON = "application/json"
OBSERVE = "glozr.edge.middleware.Observe"
RUNTIME_LANE = "glozr.edge.middleware.RuntimeLane"

NamedHeaders: TypeAlias = list[tuple[str, str]]


class _Route(NamedTuple):
    match: Callable[[str], tuple[str, Any, dict[str, Any]] | None]
    view: Callable[..., HttpResponse]
    name: str


class _Call(NamedTuple):
    request: WSGIRequest
    route: _Route
    arguments: dict[str, Any]
    headers: NamedHeaders
    """Of any answer."""


class ShortWay:
    """In front of Django's application. Made once the settings stand."""

    def __init__(self, usual: WSGIApplication) -> None:
        self._usual = usual
        self._routes = () if settings.DEBUG else _routes()
        self._headers = {
            is_secure: _headers_of_any_answer(is_secure=is_secure) for is_secure in (False, True)
        }

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        call = self._call(environ) if environ["REQUEST_METHOD"] == "POST" else None
        if call is None:
            return self._usual(environ, start_response)
        database = connections[DEFAULT_DB_ALIAS]
        database.close_if_unusable_or_obsolete()
        try:
            response, headers = _answered(call)
        finally:
            database.close_if_unusable_or_obsolete()
        start_response(f"{response.status_code} {response.reason_phrase}", headers)
        return [response.content]

    def answer(self, environ: WSGIEnvironment) -> tuple[HttpResponse, NamedHeaders] | None:
        """Within a connection that is the caller's; None for a call that takes the usual way."""
        call = self._call(environ)
        return _answered(call) if call else None

    def _call(self, environ: WSGIEnvironment) -> _Call | None:
        if not environ.get("CONTENT_TYPE", "").startswith(JSON) or not _is_of_known_length(environ):
            return None
        if not environ.get("PATH_INFO", "").isascii():
            return None  # Django's request writes a path as it reads it back to where it was
        request = WSGIRequest(environ)
        headers = self._headers[request.is_secure()]
        if headers is None or not request.path_info.startswith(API_PREFIX):
            return None
        path = request.path_info[len(API_PREFIX) :]
        for route in self._routes:
            if found := route.match(path):
                return _Call(request, route, found[2], headers)
        return None


def _is_of_known_length(environ: WSGIEnvironment) -> bool:
    length = environ.get("CONTENT_LENGTH") or "0"
    is_whole = "HTTP_TRANSFER_ENCODING" not in environ
    return is_whole and length.isascii() and length.isdigit() and int(length) <= JSON_BYTES


def _answered(call: _Call) -> tuple[HttpResponse, NamedHeaders]:
    """The answer, and its headers, as `Observe` and all that it wraps would have them."""
    began = time.perf_counter()
    own_id = id_for(call.request.META)
    token = request_id.set(own_id)
    try:
        with for_one_request():
            response = _viewed(call)
        observe(call.request, response, call.route.name, time.perf_counter() - began)
    finally:
        request_id.reset(token)
    return response, [*response.items(), *call.headers, ("X-Request-ID", own_id)]


def _viewed(call: _Call) -> HttpResponse:
    request, response = call.request, None
    try:
        response = call.route.view(request, **call.arguments)
        if isinstance(response, SimpleTemplateResponse):
            response.render()
    except Exception as error:
        request.resolver_match = resolve(request.path_info)
        response = response_for_exception(request, error)
    if response.status_code >= HTTPStatus.BAD_REQUEST:
        request.resolver_match = resolve(request.path_info)
        log_response(
            "%s: %s", response.reason_phrase, request.path, response=response, request=request
        )
    return response


def _routes() -> Sequence[_Route]:
    patterns: Sequence[URLPattern] = import_module(RUNTIME_ROUTES[API_PREFIX]).urlpatterns
    return [_Route(one.pattern.match, one.callback, one.name or "") for one in patterns]


def _headers_of_any_answer(*, is_secure: bool) -> NamedHeaders | None:
    """What the middleware around `RuntimeLane` adds to an answer; None where it gives its own
    answer to any such call: one over plain HTTP, say."""
    inner = HttpResponse()
    own = set(inner.headers)

    def handler(request: HttpRequest) -> HttpResponseBase:
        return inner

    around = settings.MIDDLEWARE[: settings.MIDDLEWARE.index(RUNTIME_LANE)]
    for path in reversed(around):
        if path != OBSERVE:  # whose header is another each time
            handler = import_string(path)(handler)
    environ = {
        "REQUEST_METHOD": "POST",
        "PATH_INFO": API_PREFIX,
        "SERVER_NAME": "localhost",
        "SERVER_PORT": "80",
        "wsgi.url_scheme": "https" if is_secure else "http",
        "wsgi.input": BytesIO(),
    }
    if is_secure and settings.SECURE_PROXY_SSL_HEADER:
        header, value = settings.SECURE_PROXY_SSL_HEADER
        environ[header] = value
    if handler(WSGIRequest(environ)) is not inner:
        return None
    return [(name, value) for name, value in inner.items() if name not in own]
