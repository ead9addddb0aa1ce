"""What the background process does with the outbox, on as many servers as there are.

A sender takes a mail by moving the time at which it is due past its own end (LEASE), in a statement
that skips what another takes. So no transaction is open while the mail server is spoken to, no two
senders send the same mail, and what a sender that died had taken is due again by itself.
"""

import logging
import smtplib
import time
from datetime import timedelta

from django.conf import settings
from django.core.mail import EmailMessage, get_connection
from django.core.mail.backends.base import BaseEmailBackend
from django.db import DatabaseError, transaction
from django.db.models import F, QuerySet
from django.db.models.functions import Now

from agents import limits
from agents.mail import outbox
from agents.models import MailState, OutgoingMail
from glozr.background import IsStopping, never

LEASE = timedelta(minutes=5)
FIRST_RETRY, LONGEST_RETRY = timedelta(seconds=30), timedelta(hours=2)
CONNECTION_SECONDS = 20.0
"""From then on a new connection is opened, so that none is cut (`smtp.TOGETHER_SECONDS`) while a
server that is only slow takes a mail."""
NO_ANSWER = "The mail server can't be reached or does not answer."
_log = logging.getLogger("glozr.mail")


def send_due(is_stopping: IsStopping = never) -> int:
    """Send what is due, until nothing is or the mail server does not answer; how much was sent."""
    sent = 0
    while not is_stopping():
        batch, goes_on = _over_one_connection(is_stopping)
        sent += batch
        if not goes_on:
            break
    return sent


def _over_one_connection(is_stopping: IsStopping) -> tuple[int, bool]:
    """How many were sent, and whether it is worth while to go on with another connection."""
    connection = get_connection(settings.MAIL_DELIVERY_BACKEND)
    until = time.monotonic() + CONNECTION_SECONDS
    sent = 0
    try:
        while time.monotonic() < until:
            if is_stopping() or (mail := _take()) is None:
                return sent, False
            try:
                sent += _send(mail, connection)
            except DatabaseError:
                raise
            except Exception as error:
                _note(mail, error)
                return sent, not _is_away(error)
    finally:
        _leave(connection)
    return sent, True


def _take() -> OutgoingMail | None:
    with transaction.atomic():
        mail = (
            OutgoingMail.objects.due()
            .select_for_update(skip_locked=True)
            .order_by("due_at", "id")
            .first()
        )
        if mail is not None:
            mail.attempts += 1
            OutgoingMail.objects.filter(pk=mail.pk).update(
                due_at=Now() + LEASE, attempts=F("attempts") + 1
            )
    return mail


def _send(mail: OutgoingMail, connection: BaseEmailBackend) -> bool:
    """Whether there was somebody to send it to."""
    message = outbox.message_of(mail)
    if message is not None:
        connection.open()
        connection.send_messages([message])
    state = MailState.NOT_NEEDED if message is None else MailState.SENT
    _taken(mail).update(**outbox.over(state), **_as_sent(message))
    return message is not None


def _as_sent(message: EmailMessage | None) -> dict[str, str]:
    """Of what was written while sending, the subject is kept."""
    return {"subject": str(message.subject), "problem": ""} if message else {"problem": ""}


def _note(mail: OutgoingMail, error: Exception) -> None:
    """Try it again later; not for ever, and not at all where the recipient is refused for good."""
    problem = problem_of(error)
    tried = OutgoingMail.objects.filter(created_at__lte=Now() - limits.MAIL_TRIED_FOR, pk=mail.pk)
    if _is_final(error) or tried.exists():
        _taken(mail).update(state=MailState.FAILED, problem=problem, ended_at=Now())
    else:
        _taken(mail).update(problem=problem, due_at=Now() + pause_after(mail.attempts))
    ours = None if isinstance(error, OSError) else error
    _log.warning("A mail was not sent: %s", problem, exc_info=ours, extra={"mail": str(mail.pk)})


def _taken(mail: OutgoingMail) -> QuerySet[OutgoingMail]:
    """The row as long as it is ours: not withdrawn meanwhile, and not taken by another."""
    return OutgoingMail.objects.filter(pk=mail.pk, attempts=mail.attempts, state=MailState.WAITING)


def pause_after(attempts: int) -> timedelta:
    """Four times as long after every attempt, to a limit."""
    longer: int = 4 ** min(attempts - 1, 9)
    return min(FIRST_RETRY * longer, LONGEST_RETRY)


def problem_of(error: Exception) -> str:
    """A sentence for a person; what the server said, which may hold anything, is left out."""
    match error:
        case smtplib.SMTPRecipientsRefused():
            return f"The mail server refused the address ({max(_codes_of(error))})."
        case smtplib.SMTPAuthenticationError():
            return f"The mail server refused our sign-in ({error.smtp_code})."
        case smtplib.SMTPResponseException() if error.smtp_code > 0:
            return f"The mail server refused the mail ({error.smtp_code})."
        case OSError():
            return NO_ANSWER
        case _:
            return f"The mail could not be put together ({type(error).__name__})."


def _is_final(error: Exception) -> bool:
    return isinstance(error, smtplib.SMTPRecipientsRefused) and min(_codes_of(error)) >= 500


def _is_away(error: Exception) -> bool:
    """Whether the next mail would fare no better."""
    return isinstance(error, OSError) and not isinstance(
        error, smtplib.SMTPRecipientsRefused | smtplib.SMTPDataError
    )


def _codes_of(error: smtplib.SMTPRecipientsRefused) -> list[int]:
    return [code for code, _ in error.recipients.values()]


def _leave(connection: BaseEmailBackend) -> None:
    try:
        connection.close()
    except OSError as error:  # what was sent was acknowledged before
        _log.info("The mail server did not say goodbye: %s", type(error).__name__)
