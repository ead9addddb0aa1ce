"""What the background process does with deliveries, on as many servers as there are.

As with mail, a sender takes some by moving the time at which they are due past its own end, in a
statement that skips what another takes; so no transaction is open while another program is spoken
to, and what a sender that died had taken is due again by itself. Some are sent at once, of each
webhook one, so that an address that hangs holds up no other.
"""

import logging
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http import HTTPStatus

from django.conf import settings
from django.db import transaction
from django.db.models import F, QuerySet
from django.db.models.functions import Now

from experiments import limits
from experiments.models import Delivery, DeliveryState
from experiments.notices import posting
from experiments.notices.payloads import payload_of
from experiments.notices.webhooks import SWITCHED_OFF, switch_webhook
from glozr.background import IsStopping, never
from glozr.calling.reach import NotReached, Reach, target_of

_AT_ONCE = 8
_LEASE = timedelta(minutes=2)
_FIRST_PAUSE, _LONGEST_PAUSE = timedelta(minutes=1), timedelta(hours=4)
_GONE = "The address says that it is gone for good (410), so the webhook was turned off."
_HEADERS = {"Content-Type": "application/json", "User-Agent": "Glozr-Webhooks/1"}
_log = logging.getLogger("glozr.notices")


@dataclass(frozen=True, slots=True)
class _Outcome:
    """`status` is None where nothing was answered; `problem` is empty where all is well."""

    status: int | None
    problem: str


def deliver_due(is_stopping: IsStopping = never) -> int:
    """Deliver what is due, until nothing is; how much arrived."""
    arrived = 0
    while not is_stopping() and (taken := _take()):
        with ThreadPoolExecutor(len(taken)) as threads:
            outcomes = list(threads.map(_try, taken))
        for delivery, outcome in zip(taken, outcomes, strict=True):
            _note(delivery, outcome)
            arrived += not outcome.problem
    return arrived


def next_pause(attempts: int) -> timedelta:
    """Twice as long after every attempt, to a limit."""
    longer: int = 2 ** min(attempts - 1, 12)
    return min(_FIRST_PAUSE * longer, _LONGEST_PAUSE)


def _take() -> list[Delivery]:
    """Of each webhook the one that is due first."""
    by_webhook = Delivery.objects.due().order_by("webhook_id", "due_at", "id")
    first = by_webhook.distinct("webhook_id").values("pk")
    with transaction.atomic():
        taken = list(
            Delivery.objects.due()
            .filter(pk__in=first)
            .select_for_update(skip_locked=True, of=("self",))
            .select_related("webhook__workspace", "notice__workspace", "notice__experiment__agent")
            .order_by("due_at", "id")[:_AT_ONCE]
        )
        for delivery in taken:
            delivery.attempts += 1
            delivery.turn += 1
        Delivery.objects.filter(pk__in=[one.pk for one in taken]).update(
            due_at=Now() + _LEASE, attempts=F("attempts") + 1, turn=F("turn") + 1
        )
    return taken


def _try(delivery: Delivery) -> _Outcome:
    """On a thread of its own, so without the database."""
    webhook = delivery.webhook
    if not webhook.is_enabled:
        return _Outcome(None, SWITCHED_OFF)
    reach = Reach(settings.WEBHOOK_REACH)
    try:
        target = target_of(webhook.url, only_secure=reach == Reach.PUBLIC)
        payload = payload_of(delivery.notice, webhook, now=datetime.now(UTC))
        status = posting.post(target, payload.body, {**_HEADERS, **payload.headers}, reach=reach)
    except NotReached as error:
        return _Outcome(None, f"The address {error}.")
    except ValueError as error:
        return _Outcome(None, str(error))
    except Exception:
        _log.exception("A delivery could not be tried", extra={"delivery": str(delivery.pk)})
        return _Outcome(None, "The notice could not be put together.")
    return _Outcome(status, _problem_of(status))


def _problem_of(status: int) -> str:
    if status == HTTPStatus.GONE:
        return _GONE
    if 200 <= status < 300:
        return ""
    if 300 <= status < 400:
        return f"The address leads elsewhere ({status}), which is not followed."
    return f"The address answered {status}."


def _note(delivery: Delivery, outcome: _Outcome) -> None:
    found = {"status": outcome.status, "problem": outcome.problem}
    if not outcome.problem:
        _ours(delivery).update(state=DeliveryState.DELIVERED, ended_at=Now(), **found)
        return
    _log.warning(
        "A notice was not delivered: %s", outcome.problem, extra={"delivery": str(delivery.pk)}
    )
    is_gone = outcome.status == HTTPStatus.GONE
    too_late = _ours(delivery).filter(since__lte=Now() - limits.DELIVERY_TRIED_FOR)
    if is_gone or not delivery.webhook.is_enabled or too_late.exists():
        _ours(delivery).update(state=DeliveryState.FAILED, ended_at=Now(), **found)
    else:
        _ours(delivery).update(due_at=Now() + next_pause(delivery.attempts), **found)
    if is_gone:
        switch_webhook(delivery.webhook, is_enabled=False, by=None)
    _let_rest(delivery)


def _let_rest(delivery: Delivery) -> None:
    """What else is due at an address that does not answer waits as well."""
    others = Delivery.objects.due().filter(webhook=delivery.webhook_id)
    others.update(due_at=Now() + next_pause(delivery.attempts))


def _ours(delivery: Delivery) -> QuerySet[Delivery]:
    """The row as long as nobody else has taken it, nor sent it off anew."""
    return Delivery.objects.filter(pk=delivery.pk, turn=delivery.turn, state=DeliveryState.WAITING)
