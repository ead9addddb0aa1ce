"""Views that read, and read from the replica where there is one."""

from collections.abc import Callable, Iterator
from functools import wraps
from typing import ParamSpec, TypeVar, cast

from django.db import InterfaceError, OperationalError
from django.http import FileResponse, HttpResponseBase, StreamingHttpResponse
from psycopg.errors import QueryCanceled

from glozr.postgres import replica

_P = ParamSpec("_P")
_Response = TypeVar("_Response", bound=HttpResponseBase)


def from_replica(view: Callable[_P, _Response]) -> Callable[_P, _Response]:
    """A view, or a view's `get`, that changes nothing. If the replica leaves it in the lurch, it
    is asked once more, of the primary; what takes too long there would do so here, too."""

    @wraps(view)
    def answered(*args: _P.args, **kwargs: _P.kwargs) -> _Response:
        if not replica.has_caught_up():
            return view(*args, **kwargs)
        try:
            with replica.reading():
                response = view(*args, **kwargs)
        except (InterfaceError, OperationalError) as error:
            if isinstance(error.__cause__, QueryCanceled):
                raise
            replica.rest()
            return view(*args, **kwargs)
        if isinstance(response, StreamingHttpResponse) and not isinstance(response, FileResponse):
            pieces = cast("Iterator[bytes]", response.streaming_content)
            response.streaming_content = replica.read_on(pieces)
        return response

    return answered
