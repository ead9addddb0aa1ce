"""How many calls of its model a workspace makes in a day: the database decides, for all servers."""

from datetime import datetime
from zoneinfo import ZoneInfo

from django.db.models import Case, F, Q, Value, When
from django.utils import timezone

from agents.models import ModelEndpoint
from glozr.errors import Conflict


def take_call(endpoint: ModelEndpoint, *, now: datetime | None = None) -> None:
    """Count a call that is about to be made, also one that will fail: it may cost as much.

    Raises:
        Conflict: `no_calls_left`, for the rest of the day.
    """
    zone = ZoneInfo(endpoint.workspace.time_zone)
    today = (now or timezone.now()).astimezone(zone).date()
    # One statement: of several at once each sees what the one before it has written.
    is_taken = (
        ModelEndpoint.objects.filter(pk=endpoint.pk)
        .filter(Q(called_on=None) | ~Q(called_on=today) | Q(calls__lt=F("calls_a_day")))
        .update(
            calls=Case(When(called_on=today, then=F("calls") + 1), default=Value(1)),
            called_on=today,
        )
    )
    if not is_taken:
        raise Conflict(
            f"All {endpoint.calls_a_day:,} calls of today are used up. They begin anew at midnight "
            f"({endpoint.workspace.time_zone}); an Owner or Admin can allow more.",
            code="no_calls_left",
        )
