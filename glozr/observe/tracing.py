"""The trace that a request is a part of, taken over from who calls."""

import re
from collections.abc import Callable

from django.http import HttpRequest, HttpResponseBase

from glozr.observe.request_id import trace_parent

TRACE_PARENT = re.compile(r"[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}", re.ASCII)


class TraceParent:
    """Middleware: logs and statements of the request name its trace."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        sent = request.META.get("HTTP_TRACEPARENT", "")
        if not TRACE_PARENT.fullmatch(sent):
            return self.get_response(request)
        token = trace_parent.set(sent)
        try:
            return self.get_response(request)
        finally:
            trace_parent.reset(token)
