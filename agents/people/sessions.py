"""Sign-ins that are over."""

from django.contrib.sessions.models import Session
from django.db import transaction
from django.db.models.functions import Now

from glozr.background import IsStopping, never

SESSIONS_AT_ONCE = 1_000


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
