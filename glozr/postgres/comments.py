"""Whose statement it is, for who looks at the server: `/*request_id='…',traceparent='…'*/` behind
the statements of a request, in the manner of sqlcommenter.

Only behind what Django's cursors send, which is never prepared: a statement that says another
request each time would be another statement each time. The path on which a visitor waits has none.
"""

from collections.abc import Callable, Mapping
from typing import Any

from glozr.observe.request_id import request_id, trace_parent


def with_request(
    execute: Callable[..., Any], sql: Any, parameters: Any, many: bool, context: Mapping[str, Any]
) -> Any:
    """For Django's `execute_wrappers`."""
    if isinstance(sql, str) and (own_id := request_id.get()):
        trace = trace_parent.get()
        told = f",traceparent='{trace}'" if trace else ""
        sql = f"{sql} /*request_id='{own_id}'{told}*/"
    return execute(sql, parameters, many, context)
