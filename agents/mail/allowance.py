"""How much mail may go to one recipient, and be asked for by one person or in one workspace.

Counted in the outbox, so that no restart and no further server forgets it; whoever counts holds
locks until the transaction ends, so that of several at once none slips through.
"""

from django.db import connection
from django.db.models import QuerySet
from django.db.models.functions import Now

from agents import limits
from agents.models import OutgoingMail, User, Workspace

_LOCKS = 0x6D61696C  # a space of advisory locks of its own


def shortage(
    *,
    purpose: str,
    recipient: str,
    workspace: Workspace | None = None,
    requested_by: User | None = None,
) -> str:
    """Why no mail for `purpose` may be written now, and what to do; empty if one may.

    Call it in the transaction that writes the mail. The locks come in one order: two transactions
    never wait for each other.
    """
    lately = OutgoingMail.objects.filter(created_at__gt=Now() - limits.MAIL_COUNTED_OVER)
    counted = lately.filter(purpose=purpose)
    if workspace is not None:
        _lock(f"workspace {workspace.pk}")
        if _reaches(counted.filter(workspace=workspace), limits.MAILS_OF_WORKSPACE):
            return (
                f"{limits.MAILS_OF_WORKSPACE} mails have gone out for {workspace} within a day, "
                "which is as many as may. Try again tomorrow."
            )
    _lock(f"recipient {recipient.lower()}")
    if _reaches(counted.to(recipient), limits.MAILS_TO_RECIPIENT):
        return (
            f"{recipient} has been sent as many mails within a day as may be. Try again tomorrow."
        )
    if requested_by is not None:
        _lock(f"person {requested_by.pk}")
        if _reaches(lately.filter(requested_by=requested_by), limits.MAILS_OF_PERSON):
            return (
                f"You have asked for {limits.MAILS_OF_PERSON} mails within a day, which is as many "
                "as may be. Try again tomorrow, or ask a colleague."
            )
    return ""


def _reaches(mails: QuerySet[OutgoingMail], limit: int) -> bool:
    return len(mails.order_by().values_list("pk")[:limit]) >= limit


def _lock(what: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, hashtext(%s))", [_LOCKS, what])
