"""Services on the browsers in which people are signed in.

Django's sessions don't say whose they are, so allauth's `UserSession` notes it at every sign-in.
"""

from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.db import transaction
from django.db.models.functions import Now

from agents.models import User
from glozr.background import IsStopping, never

NO_NETWORK = "0.0.0.0"  # of who comes by a socket of this machine
USER_AGENT = 200
SESSIONS_AT_ONCE = 1_000


def note_session(user: User, *, key: str, ip: str | None, user_agent: str) -> None:
    """Note that this session is the user's; a session changes hands at a sign-in."""
    noted = {"user": user, "ip": ip or NO_NETWORK, "user_agent": user_agent[:USER_AGENT]}
    UserSession.objects.update_or_create(session_key=key, defaults=noted)


def end_sessions(user: User, except_key: str | None = None) -> None:
    """Sign the person out everywhere, but for the session `except_key`, at the next request."""
    with transaction.atomic():
        ended = UserSession.objects.filter(user=user).exclude(session_key=except_key)
        keys = list(ended.values_list("session_key", flat=True))
        Session.objects.filter(session_key__in=keys).delete()
        UserSession.objects.filter(session_key__in=keys).delete()


def clear_expired(is_stopping: IsStopping = never) -> None:
    """Delete the sessions that have expired: in steps, as there may be many, and leaving to another
    process what that is at, where Django's own `clearsessions` is one statement over all."""
    while not is_stopping() and _clear_some() == SESSIONS_AT_ONCE:
        pass


def _clear_some() -> int:
    with transaction.atomic():
        expired = Session.objects.filter(expire_date__lt=Now()).order_by()
        rows = expired.select_for_update(skip_locked=True)[:SESSIONS_AT_ONCE]
        keys = list(rows.values_list("pk", flat=True))
        Session.objects.filter(pk__in=keys).delete()
    return len(keys)
