"""What a view of another app changes, and the mail about it, in one transaction."""

from collections.abc import Callable, Collection, Sequence
from functools import wraps
from importlib import import_module
from typing import Any

from django.db import transaction
from django.http import HttpRequest, HttpResponseBase
from django.urls import URLPattern, URLResolver, include


def include_in_transactions(urlconf: str, names: Collection[str]) -> Any:
    """Django's `include`; a form sent to a view of these names is one transaction.

    Not all views: who signs in holds rows of the rate limits, on which others would wait.
    """
    _wrap(import_module(urlconf).urlpatterns, names)
    return include(urlconf)


def _wrap(patterns: Sequence[URLPattern | URLResolver], names: Collection[str]) -> None:
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            _wrap(pattern.url_patterns, names)
        elif pattern.name in names:
            pattern.callback = _in_transaction(pattern.callback)


def _in_transaction(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    @wraps(view)
    def wrapped(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if request.method != "POST":
            return view(request, *args, **kwargs)
        with transaction.atomic():
            return view(request, *args, **kwargs)

    return wrapped
