"""Where a person is signed in: listed, ended one by one or all at once, limited in time.

Django's table of sessions doesn't say whose they are, so `UserSession` is kept beside it. What
ends a session deletes Django's row, which holds at the next request on every server.
"""

from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.contrib.sessions.models import Session
from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.db.models.functions import Now

from agents import limits
from agents.models import User, UserSession
from agents.people import attempts
from glozr.background import IsStopping, never
from glozr.errors import NotFound
from glozr.secrets import digest_of

BROWSER_LENGTH = 200
CLEARED_AT_ONCE = 1_000
BROWSERS = (
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("Firefox/", "Firefox"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
)
SYSTEMS = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("Mac OS", "Mac"),
    ("CrOS", "ChromeOS"),
    ("Linux", "Linux"),
)


@dataclass(frozen=True, slots=True)
class OpenSession:
    """A session as its person sees it. `id` names it without giving its key away."""

    id: str
    browser: str
    network: str
    began_at: datetime
    seen_at: datetime
    is_current: bool


def note(*, key: str, user: User, network: str, browser: str) -> None:
    """Note that the person was here with this session, now."""
    seen = {"user": user, "network": network, "browser": browser[:BROWSER_LENGTH]}
    UserSession.objects.update_or_create(key=key, defaults={**seen, "seen_at": Now()})


def sessions_of(user: User, *, current_key: str | None) -> list[OpenSession]:
    """The sessions that are open, the one seen last first, and no more than fit a page."""
    return [_shown(row, current_key) for row in _open(user)[: limits.SHOWN_SESSIONS]]


def end_session(user: User, session_id: str, *, current_key: str | None = None) -> OpenSession:
    """Sign the person out of one session.

    Raises:
        NotFound: it has ended already.
    """
    for row in _open(user)[: limits.SHOWN_SESSIONS]:
        if _id_of(row.key) == session_id:
            _delete([row.key])
            return _shown(row, current_key)
    raise NotFound("This session has ended already.")


def end_sessions(user: User, except_key: str | None = None) -> int:
    """Sign the person out everywhere, but in the session of `except_key`; of how many."""
    keys = list(UserSession.objects.filter(user=user).values_list("key", flat=True))
    ended = [key for key in keys if key != except_key]
    _delete(ended)
    return len(ended)


def clear_expired(is_stopping: IsStopping = never) -> None:
    """Delete what has ended by itself: sessions, and counts of attempts. In steps, as there may be
    many, and leaving to another process what that is at."""
    while not is_stopping() and _clear_some() >= CLEARED_AT_ONCE:
        pass


def _clear_some() -> int:
    with transaction.atomic():
        over = Session.objects.filter(expire_date__lt=Now()).order_by()
        rows = over.select_for_update(skip_locked=True)[:CLEARED_AT_ONCE]
        cleared = _delete(list(rows.values_list("session_key", flat=True)))
    too_old = UserSession.objects.filter(began_at__lt=Now() - settings.SESSION_ENDS_AFTER)
    gone = UserSession.objects.exclude(Exists(Session.objects.filter(session_key=OuterRef("key"))))
    for found in (too_old, gone):
        cleared += _delete(list(found.values_list("key", flat=True)[:CLEARED_AT_ONCE]))
    return cleared + attempts.clear_old_counts()


def _open(user: User) -> QuerySet[UserSession]:
    living = Session.objects.filter(expire_date__gt=Now()).values("session_key")
    return UserSession.objects.filter(user=user, key__in=living)


def _shown(row: UserSession, current_key: str | None) -> OpenSession:
    return OpenSession(
        id=_id_of(row.key),
        browser=_name_of(row.browser),
        network=row.network,
        began_at=row.began_at,
        seen_at=row.seen_at,
        is_current=row.key == current_key,
    )


def _delete(keys: list[str]) -> int:
    with transaction.atomic():
        Session.objects.filter(session_key__in=keys).delete()
        UserSession.objects.filter(key__in=keys).delete()
    return len(keys)


def _id_of(key: str) -> str:
    return digest_of(f"session:{key}")[:32]


def _name_of(user_agent: str) -> str:
    """“Firefox on Windows”: what people recognise of how their browser names itself."""
    browser = next((name for part, name in BROWSERS if part in user_agent), "")
    system = next((name for part, name in SYSTEMS if part in user_agent), "")
    if browser and system:
        return f"{browser} on {system}"
    return browser or system or "Another program"
