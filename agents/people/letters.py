"""Mail to people, in words of ours."""

from collections.abc import Mapping
from typing import Any

from django.template.loader import render_to_string

from agents.mail import outbox


def send_letter(to: str, subject: str, template: str, context: Mapping[str, Any]) -> None:
    """Put a mail of words from a template into the outbox, in the present transaction."""
    body = render_to_string(template, dict(context))
    outbox.write(subject=subject, body=body, recipient=to, label=outbox.Label())
