"""Mail as rows of the present transaction: it exists if, and only if, what it is about does.

Nothing here talks to a mail server, so that no request waits for one.
"""

import logging
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from email.utils import formatdate, make_msgid, parseaddr
from functools import partial
from typing import Any
from uuid import UUID

from django.conf import settings
from django.core.mail import EmailMessage, EmailMultiAlternatives
from django.core.mail.utils import DNS_NAME
from django.db import transaction
from django.db.models.functions import Now

from agents.mail import allowance
from agents.mail.words import subject_of
from agents.models import MailState, OutgoingMail, User, Workspace
from glozr.errors import Conflict, NotFound

OTHER = "other"
FORGOTTEN: Mapping[str, Any] = {"body": "", "html": "", "headers": {}, "details": {}}
"""What a mail said, once it is of no more use."""
_log = logging.getLogger("glozr.mail")


@dataclass(frozen=True, slots=True)
class Label:
    """What a mail is for: whose it is to be counted as, and what takes it back."""

    purpose: str = OTHER
    workspace: Workspace | None = None
    requested_by: User | None = None
    about: UUID | None = None


Writer = Callable[[OutgoingMail], EmailMessage | None]
_writers: dict[str, Writer] = {}


def labelled(message: EmailMessage, label: Label) -> EmailMessage:
    """`message`, to be found again by what it is for."""
    message.__dict__["label"] = label
    return message


def write(*, subject: str, body: str, recipient: str, label: Label) -> None:
    """A mail of ours, in plain text."""
    labelled(EmailMessage(subject, body, to=[recipient]), label).send()


def add_writer(purpose: str, writer: Writer) -> None:
    """Have mail of `purpose` written when it is sent, so that its secrets are stored nowhere."""
    _writers[purpose] = writer


def write_later(*, purpose: str, recipient: str, details: Mapping[str, Any]) -> None:
    """A mail that its writer writes when it is sent, or says that nobody needs it.

    Unlike `write` it costs the same whether or not there is somebody to write to.
    """
    _insert([OutgoingMail(purpose=purpose, recipient=recipient, details=dict(details))])


def keep(message: EmailMessage) -> None:
    """Store `message`, for each recipient on its own."""
    _insert(list(_rows_of(message)))


def message_of(mail: OutgoingMail) -> EmailMessage | None:
    """What is to be sent; None where nobody is there to get it."""
    if mail.purpose in _writers:
        written = _writers[mail.purpose](mail)
        if written is not None:
            written.subject = subject_of(str(written.subject))
            written.extra_headers |= mail.headers
        return written
    message = EmailMultiAlternatives(
        mail.subject, mail.body, mail.sender or None, [mail.recipient], headers=mail.headers
    )
    if mail.html:
        message.attach_alternative(mail.html, "text/html")
    return message


def take_back(about: UUID) -> None:
    """Take back what has not been sent about something that is over, such as an invitation."""
    unsent = (MailState.WAITING, MailState.FAILED, MailState.HELD_BACK)
    OutgoingMail.objects.filter(about=about, state__in=unsent).update(**over(MailState.WITHDRAWN))


def send_again(mail: OutgoingMail, *, by: User | None) -> None:
    """Try once more, for another day, to send what was given up.

    Raises:
        NotFound: it has been sent, withdrawn or forgotten since.
        Conflict: `too_many`, when as much as may be was sent already.
    """
    with transaction.atomic():
        failed = OutgoingMail.objects.failed().select_for_update().filter(pk=mail.pk).first()
        if failed is None or not failed.can_be_sent_again:
            raise NotFound("This mail can't be sent again. Start what it was about anew.")
        refusal = allowance.shortage(
            purpose=failed.purpose,
            recipient=failed.recipient,
            workspace=failed.workspace,
            requested_by=by,
        )
        if refusal:
            raise Conflict(refusal, code="too_many")
        again = OutgoingMail(
            requested_by=by, **{field: getattr(failed, field) for field in _SENT_AGAIN}
        )
        OutgoingMail.objects.filter(pk=failed.pk).update(**over(MailState.WITHDRAWN))
        _insert([again])


_SENT_AGAIN = (
    *("purpose", "recipient", "sender", "subject", "body", "html", "headers", "details"),
    *("workspace_id", "about"),
)


def over(state: MailState) -> dict[str, Any]:
    """What is written on a mail that is done with: what it said is forgotten."""
    return {"state": state, "ended_at": Now(), **FORGOTTEN}


def _rows_of(message: EmailMessage) -> Iterator[OutgoingMail]:
    label = message.__dict__.get("label") or Label()
    if message.attachments:
        raise ValueError("The outbox takes no attachments.")
    if message.content_subtype != "plain":
        raise ValueError("The outbox takes plain text, with HTML as an alternative.")
    html = [str(part[0]) for part in getattr(message, "alternatives", ())]
    for recipient in message.recipients():
        yield OutgoingMail(
            purpose=label.purpose,
            recipient=parseaddr(recipient)[1] or recipient,
            sender=message.from_email,
            subject=subject_of(str(message.subject)),
            body=str(message.body),
            html=html[0] if html else "",
            headers=_headers_of(message),
            workspace=label.workspace,
            requested_by=label.requested_by,
            about=label.about,
        )


def _headers_of(message: EmailMessage) -> dict[str, str]:
    headers = {name: str(value) for name, value in message.extra_headers.items()}
    if message.reply_to:
        headers["Reply-To"] = ", ".join(map(str, message.reply_to))
    return headers


def _insert(rows: list[OutgoingMail]) -> None:
    for row in rows:
        # The same at every attempt, so that a recipient's server knows a mail that comes twice.
        row.headers.setdefault("Message-ID", make_msgid(domain=str(DNS_NAME)))
        row.headers.setdefault("Date", formatdate())
        if settings.DEMO:
            row.state = MailState.HELD_BACK
    OutgoingMail.objects.bulk_create(rows)
    for row in rows:
        if row.state == MailState.HELD_BACK:
            what = row.get_purpose_display()
            transaction.on_commit(
                partial(_log.info, "Mail held back, as the demo sends none: %s", what)
            )
