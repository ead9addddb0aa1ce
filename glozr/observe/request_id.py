"""The id of the request that is being answered, for logs and for the answer."""

from contextvars import ContextVar

request_id: ContextVar[str | None] = ContextVar("request_id", default=None)
