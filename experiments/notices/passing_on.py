"""From a notice to mail and deliveries: one transaction each, so that none is passed on twice."""

import logging
from collections.abc import Sequence
from uuid import UUID

from django.core.mail import get_connection
from django.db import DatabaseError, transaction
from django.db.models import Count
from django.db.models.functions import Lower, Now

from agents import limits as agent_limits
from agents.models import OutgoingMail, User, Workspace
from experiments import limits
from experiments.models import Delivery, Notice, Webhook
from experiments.notices.letters import PURPOSE, letter_of
from experiments.notices.preferences import recipients_of
from glozr.background import IsStopping, never
from glozr.observe.metrics import NOTICES

_AT_ONCE = 100
_log = logging.getLogger("glozr.notices")


def pass_on_notices(is_stopping: IsStopping = never) -> int:
    """Pass on what has been told, until nothing is left; how many notices those were."""
    passed_on = 0
    while not is_stopping():
        waiting = Notice.objects.to_be_passed_on().order_by("created_at", "id")
        batch = [
            notice_id
            for notice_id in waiting.values_list("pk", flat=True)[:_AT_ONCE]
            if not is_stopping() and _passed_on(notice_id)
        ]
        passed_on += len(batch)
        if not batch:
            break
    return passed_on


def _passed_on(notice_id: UUID) -> bool:
    """One that can't be passed on holds up no other."""
    try:
        return _pass_on(notice_id)
    except DatabaseError:
        raise
    except Exception:
        _log.exception("A notice was not passed on", extra={"notice": str(notice_id)})
        return False


@transaction.atomic
def _pass_on(notice_id: UUID) -> bool:
    notice = (
        Notice.objects.to_be_passed_on()
        .filter(pk=notice_id)
        .select_for_update(skip_locked=True, of=("self",))
        .select_related("actor", "workspace", "experiment__agent")
        .first()
    )
    if notice is None:
        return False
    recipients = recipients_of(notice.workspace, but=notice.actor)
    get_connection().send_messages(
        [letter_of(notice, to) for to in _within_limit(recipients, notice.workspace)]
    )
    hooks = Webhook.objects.filter(workspace=notice.workspace, is_enabled=True)
    Delivery.objects.bulk_create(
        [Delivery(notice=notice, webhook=hook) for hook in hooks[: limits.WEBHOOKS]],
        ignore_conflicts=True,
    )
    Notice.objects.filter(pk=notice.pk).update(passed_on_at=Now())
    transaction.on_commit(NOTICES.labels(notice.kind).inc)
    return True


def _within_limit(people: Sequence[User], workspace: Workspace) -> list[User]:
    """Whom no program that starts and stops all day has flooded yet."""
    lately = (
        OutgoingMail.objects.filter(
            purpose=PURPOSE,
            workspace=workspace,
            created_at__gt=Now() - agent_limits.MAIL_COUNTED_OVER,
        )
        .order_by()
        .values_list(Lower("recipient"))
        .annotate(Count("pk"))
    )
    mailed = dict(lately)
    return [one for one in people if mailed.get(one.email.lower(), 0) < limits.NOTICE_MAILS]
