"""A session from its beginning to its end: noted when somebody signs in, ended when it is too old.

Knows the request, as the adapter of django-allauth beside it does.
"""

import time

from allauth.account.internal.flows.login import record_authentication
from django.conf import settings
from django.contrib.auth.middleware import AuthenticationMiddleware, get_user
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from agents.models import User
from agents.people import attempts, sessions
from glozr.edge.client_address import client_address

_BEGAN, _SEEN, _NOTED_AS = "began", "seen", "noted_as"
_NOTED_EVERY = 600
"""Seconds between two notes of when a session was seen last."""


class Authentication(AuthenticationMiddleware):
    """Django's own; but a session that has lasted too long is nobody's any more."""

    def process_request(self, request: HttpRequest) -> None:
        super().process_request(request)
        request.user = SimpleLazyObject(lambda: _person_of(request))  # type: ignore[assignment]


def begin(sender: object, request: HttpRequest, user: User, **kwargs: object) -> None:
    """Receives Django's signal that somebody has signed in: the session begins, and whoever
    has just signed in has proven who they are."""
    request.session[_BEGAN] = time.time()
    record_authentication(request, user, method="sign_in", reauthenticated=True)
    if request.session.session_key is None:
        request.session.save()
    _note(request, user)


def _person_of(request: HttpRequest) -> User | AnonymousUser:
    user = get_user(request)
    if not isinstance(user, User):
        return AnonymousUser()
    session, now = request.session, time.time()
    # One from before sessions were noted begins when it is first seen.
    began = session.setdefault(_BEGAN, now)
    if now - began > settings.SESSION_ENDS_AFTER.total_seconds():
        session.flush()
        request._cached_user = nobody = AnonymousUser()  # type: ignore[attr-defined]
        return nobody
    # Django gives the session another key when the password changes.
    is_noted = session.get(_NOTED_AS) == session.session_key
    if not is_noted or now - session.get(_SEEN, 0) > _NOTED_EVERY:
        _note(request, user)
    return user


def _note(request: HttpRequest, user: User) -> None:
    key = request.session.session_key
    if key is None:
        return
    request.session[_SEEN] = time.time()  # which also puts the end off that comes without use
    request.session[_NOTED_AS] = key
    sessions.note(
        key=key,
        user=user,
        network=attempts.network_of(client_address(request.META) or ""),
        browser=request.META.get("HTTP_USER_AGENT", ""),
    )
