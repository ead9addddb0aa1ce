"""What is forgotten of the outbox, and when."""

from django.db import transaction
from django.db.models import QuerySet
from django.db.models.functions import Now

from agents import limits
from agents.mail.outbox import FORGOTTEN
from agents.models import MailState, OutgoingMail
from glozr.background import IsStopping, never

MAILS_AT_ONCE = 1_000


def clear_old_mail(is_stopping: IsStopping = never) -> None:
    """Forget what unsent mail said when its links have run out, and delete old mail."""
    unsent = OutgoingMail.objects.filter(
        state__in=(MailState.FAILED, MailState.HELD_BACK),
        created_at__lt=Now() - limits.MAIL_SENT_AGAIN_WITHIN,
    )
    stale = unsent.exclude(**FORGOTTEN)
    while not is_stopping() and _some(stale, delete=False):
        pass
    # Who typed the address of nobody is forgotten as soon as it need not be counted.
    needless = OutgoingMail.objects.filter(
        state=MailState.NOT_NEEDED, created_at__lt=Now() - limits.MAIL_COUNTED_OVER
    )
    old = OutgoingMail.objects.exclude(state=MailState.WAITING).filter(
        created_at__lt=Now() - limits.MAIL_KEPT_FOR
    )
    while not is_stopping() and (_some(needless, delete=True) or _some(old, delete=True)):
        pass


def _some(mails: QuerySet[OutgoingMail], *, delete: bool) -> bool:
    """Whether there was anything to do; what another process is at is left to it."""
    with transaction.atomic():
        rows = mails.order_by().select_for_update(skip_locked=True)[:MAILS_AT_ONCE]
        ids = list(rows.values_list("pk", flat=True))
        found = OutgoingMail.objects.filter(pk__in=ids)
        if delete:
            found.delete()
        else:
            found.update(**FORGOTTEN)
    return bool(ids)
