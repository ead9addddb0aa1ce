"""Mail in tests: as in production it goes into the outbox, and is sent when one looks for it."""

from collections.abc import Iterator
from typing import Any

from django.conf import settings
from django.core import mail

from agents.mail import sending


class Delivered(list[Any]):
    """`django.core.mail.outbox`: what has reached people once the background process, which runs
    in no test, has had its turn. Looking into it is that turn."""

    def __iter__(self) -> Iterator[Any]:
        sending.send_due()
        return super().__iter__()

    def __len__(self) -> int:
        sending.send_due()
        return super().__len__()

    def __getitem__(self, index: Any) -> Any:
        sending.send_due()
        return super().__getitem__(index)


def forget_mail() -> None:
    """Have everything arrive that is under way, and look at none of it."""
    sending.send_due()
    mail.outbox.clear()


def use_the_outbox() -> None:
    """Undo what Django does for tests: send mail to a list at once."""
    settings.EMAIL_BACKEND = "agents.mail.backend.OutboxBackend"
    settings.MAIL_DELIVERY_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
