"""The id of the request that is being answered, for logs, for the answer and for the database; and
the trace that it is a part of, as its caller said by W3C's `traceparent`."""

from contextvars import ContextVar

request_id: ContextVar[str | None] = ContextVar("request_id", default=None)
trace_parent: ContextVar[str | None] = ContextVar("trace_parent", default=None)
