"""Django's EMAIL_BACKEND: whatever is mailed, by whomever, is a row of the outbox first."""

from collections.abc import Sequence

from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend
from django.db import transaction

from agents.mail import outbox


class OutboxBackend(BaseEmailBackend):
    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        with transaction.atomic():
            for message in email_messages:
                outbox.keep(message)
        return len(email_messages)
