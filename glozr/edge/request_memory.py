"""What is remembered while one request is answered, and forgotten with it.

Outside a request (a command, a test of a service) nothing is remembered.
"""

from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, TypeVar

Value = TypeVar("Value")

_memory: ContextVar[dict[Hashable, Any] | None] = ContextVar("request_memory", default=None)


@contextmanager
def for_one_request() -> Iterator[None]:
    token = _memory.set({})
    try:
        yield
    finally:
        _memory.reset(token)


def remembered(key: Hashable, work_out: Callable[[], Value]) -> Value:
    """What `work_out` returned when `key` was first asked for in this request."""
    memory = _memory.get()
    if memory is None:
        return work_out()
    if key not in memory:
        memory[key] = work_out()
    value: Value = memory[key]
    return value


def forget_all() -> None:
    """Ask anew from now on: what was remembered may have changed."""
    memory = _memory.get()
    if memory is not None:
        memory.clear()
