"""JSON lines on standard error, each with the id of its request.

No line holds what people wrote or what opens a door. An address may (an invitation's link, the key
of a password reset, a visitor's id in a query), and so may the text of an exception (the value that
the database could not take): lines name routes, and failures by their kind and place.
"""

import logging
from collections.abc import Iterator
from http.client import responses
from traceback import format_tb
from types import TracebackType
from typing import Any, TypeAlias

from pythonjsonlogger.core import RESERVED_ATTRS
from pythonjsonlogger.json import JsonFormatter

from glozr.observe.request_id import request_id, trace_parent

UNKNOWN_ROUTE = "unknown"

_ExceptionInfo: TypeAlias = (
    tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]
)


class WithRequestId(logging.Filter):
    def filter(self, record: logging.LogRecord) -> bool:
        record.request_id = request_id.get()
        if trace := trace_parent.get():
            record.trace_id = trace.split("-")[1]
        return True


class WithoutAddresses(logging.Filter):
    """Puts the route in place of what Django says of a request: its address, its host, its form."""

    def filter(self, record: logging.LogRecord) -> bool:
        request = getattr(record, "request", None)
        if request is None and not record.name.startswith(("django.security", "django.server")):
            return True
        status = record.__dict__.get("status_code")
        what = responses.get(status, str(status)) if status else record.name.rpartition(".")[2]
        record.msg, record.args = what, ()
        match = getattr(request, "resolver_match", None)
        record.route = match.view_name if match else UNKNOWN_ROUTE
        return True


class WithoutValues(JsonFormatter):
    """Of an exception the kind, the place and the database's code, not the text."""

    def formatException(self, ei: _ExceptionInfo) -> str:  # noqa: N802, as logging calls it
        return "\n".join(_told(ei[1], seen=set())) if ei[1] else ""


def _told(error: BaseException, *, seen: set[int]) -> Iterator[str]:
    seen.add(id(error))
    before = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    if before is not None and id(before) not in seen:
        yield from _told(before, seen=seen)
        yield "which led to:"
    yield "".join(format_tb(error.__traceback__)).rstrip()
    kind = f"{type(error).__module__}.{type(error).__qualname__}"
    code = getattr(error, "sqlstate", None)
    yield f"{kind} ({code})" if code else kind


LOGGING: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {
        "request_id": {"()": "glozr.observe.logs.WithRequestId"},
        "no_addresses": {"()": "glozr.observe.logs.WithoutAddresses"},
    },
    "formatters": {
        "json": {
            "()": "glozr.observe.logs.WithoutValues",
            "fmt": "%(asctime)s %(levelname)s %(name)s %(message)s %(request_id)s",
            "reserved_attrs": [*RESERVED_ATTRS, "request"],
        }
    },
    "handlers": {
        "json": {
            "class": "logging.StreamHandler",
            "formatter": "json",
            "filters": ["request_id", "no_addresses"],
        }
    },
    "root": {"handlers": ["json"], "level": "WARNING"},
    "loggers": {
        "django": {"handlers": [], "level": "WARNING", "propagate": True},
        "django.request": {"level": "ERROR"},
        "django.server": {"handlers": [], "propagate": True},
        "glozr": {"level": "INFO"},
    },
}
