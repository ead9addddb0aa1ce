"""Views that ask again who it is before they do what can't be undone."""

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec, TypeVar

from django.http import HttpResponseBase

from agents.pages.frame import PageRequest
from glozr.edge import proof

_Given = ParamSpec("_Given")
_Answer = TypeVar("_Answer", bound=HttpResponseBase)
_View = Callable[Concatenate[PageRequest, _Given], _Answer]


def proof_required(view: _View[_Given, _Answer]) -> _View[_Given, _Answer]:
    """Have `view` answer a POST only within 10 minutes of a proof; until then what was typed is
    kept on the page that asks for one, and goes on from there."""

    @wraps(view)
    def wrapped(request: PageRequest, /, *args: _Given.args, **kwargs: _Given.kwargs) -> _Answer:
        if request.method == "POST":
            proof.require(request)
        return view(request, *args, **kwargs)

    return wrapped
