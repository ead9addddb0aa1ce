"""What every request passes: it gets an id and is measured, no answer is kept on the way, and
runtime calls take a short way."""

import logging
import re
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import lru_cache
from typing import Any, TypeAlias

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase, JsonResponse
from django.template.response import SimpleTemplateResponse
from django.urls import Resolver404, ResolverMatch
from django.urls.resolvers import RegexPattern, URLResolver
from prometheus_client import Counter, Histogram
from whitenoise.middleware import WhiteNoiseFileResponse

from glozr.edge.api_errors import body_of, status_of
from glozr.edge.request_memory import for_one_request
from glozr.errors import Forbidden
from glozr.ids import new_id
from glozr.inputs.limits import API
from glozr.observe.logs import UNKNOWN_ROUTE
from glozr.observe.metrics import LATENCY, REQUESTS
from glozr.observe.request_id import request_id

Handler: TypeAlias = Callable[[HttpRequest], HttpResponseBase]

SAFE_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}", re.ASCII)
API_PREFIX = "/api/v1/"
RUNTIME_ROUTES = {
    API_PREFIX: "experiments.api.runtime.urls",
    "/ofrep/v1/": "experiments.api.runtime.openfeature",
}

access = logging.getLogger("glozr.access")


class Observe:
    """Gives a request its id, counts it, and writes a line for what failed or took long.

    The line names the route, never the address, the body or a header: no visitor's words, no
    secrets. GLOZR_ACCESS_LOG writes a line for every request.
    """

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        began = time.perf_counter()
        own_id = id_for(request.META)
        token = request_id.set(own_id)
        try:
            with for_one_request():
                response = self.get_response(request)
            match = request.resolver_match
            route = match.view_name if match else UNKNOWN_ROUTE
            observe(request, response, route, time.perf_counter() - began)
            response["X-Request-ID"] = own_id
            return response
        finally:
            request_id.reset(token)


def id_for(meta: Mapping[str, Any]) -> str:
    """The id that the caller sent, if it may stand in a log, or a new one."""
    sent_id = meta.get("HTTP_X_REQUEST_ID", "")
    return sent_id if SAFE_REQUEST_ID.fullmatch(sent_id) else new_id().hex


def observe(request: HttpRequest, response: HttpResponseBase, route: str, seconds: float) -> None:
    """Count what was answered, and write a line if it is worth one."""
    status = response.status_code
    _answered(route, status).inc()
    _latency(route).observe(seconds)
    if settings.ACCESS_LOG or status >= 500 or seconds > settings.SLOW_REQUEST_SECONDS:
        access.info(
            "request",
            extra={
                "method": request.method,
                "route": route,
                "status": status,
                "milliseconds": round(seconds * 1000, 1),
            },
        )


@lru_cache(maxsize=1024)
def _answered(route: str, status: int) -> Counter:
    return REQUESTS.labels(route, status)


@lru_cache(maxsize=256)
def _latency(route: str) -> Histogram:
    return LATENCY.labels(route)


class NeverKept:
    """Tells browsers and proxies to keep nothing but static files: whatever somebody sees who is
    signed in, or has a token, is not to be found by who comes after them."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        if not isinstance(response, WhiteNoiseFileResponse):
            response["Cache-Control"] = "no-store, private"
        return response


class RefusePlainHttp:
    """Refuses calls of the API over plain HTTP where HTTPS is served, rather than leading them on:
    the token has gone over the wire for all to read by then, and would at every call."""

    DETAIL = (
        "Call the API over HTTPS: this call, and the token in it, could be read on the way. "
        "Replace the token and correct the address that your program calls."
    )

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        is_api = request.path_info.startswith(API)
        if settings.HTTPS and is_api and not request.is_secure():
            refusal = Forbidden(self.DETAIL, code="https_required")
            return JsonResponse(body_of(refusal), status=status_of(refusal))
        return self.get_response(request)


class RuntimeLane:
    """Takes the calls on which a visitor waits past what only pages need: sessions, CSRF,
    messages, templates' helpers. They are called with a token, by a program, and by POST alone.

    Most do not even come here: `glozr.serving.short_way`."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response
        self.routes = [
            URLResolver(RegexPattern(f"^{prefix}"), urls) for prefix, urls in RUNTIME_ROUTES.items()
        ]

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        match = self.match(request.path_info) if request.method == "POST" else None
        if match is None:
            return self.get_response(request)
        request.resolver_match = match
        response: HttpResponseBase = match.func(request, *match.args, **match.kwargs)
        if isinstance(response, SimpleTemplateResponse):
            response.render()
        return response

    def match(self, path: str) -> ResolverMatch | None:
        for routes in self.routes:
            with suppress(Resolver404):
                return routes.resolve(path)
        return None
