"""What django-allauth asks the product about."""

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from django.core.mail import EmailMessage
from django.db import transaction
from django.http import HttpRequest

from agents.mail import allowance, outbox
from agents.models import User

COUNTED = frozenset({"email_confirmation", "email_confirmation_signup"})
"""Mail that somebody can ask for again and again, to an address that need not be theirs."""


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Never by oneself: an invitation's own page signs people up."""
        return False

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """What is asked for too often is left out without a word, and the answer is the same."""
        purpose = _purpose_of(template_prefix)
        with transaction.atomic():
            if purpose in COUNTED and allowance.shortage(
                purpose=purpose, recipient=email, requested_by=self._person()
            ):
                return
            super().send_mail(template_prefix, email, context)

    def render_mail(
        self,
        template_prefix: str,
        email: str | list[str],
        context: dict[str, Any],
        headers: dict[str, str] | None = None,
    ) -> EmailMessage:
        message = super().render_mail(template_prefix, email, context, headers)
        purpose = _purpose_of(template_prefix)
        requested_by = self._person() if purpose in COUNTED else None
        return outbox.labelled(message, outbox.Label(purpose, requested_by=requested_by))

    def _person(self) -> User | None:
        user = getattr(self.request, "user", None)
        return user if isinstance(user, User) else None


def _purpose_of(template_prefix: str) -> str:
    return template_prefix.rpartition("/")[2]
