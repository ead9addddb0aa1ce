"""A new password for who has forgotten the old one: asked for by anybody, mailed to the address.

Asking writes one row, whether or not the address has an account, and nothing else is done before
the answer. Who is behind the address is looked up by the background process, so that neither the
answer nor the time it takes says who exists, and the secret of the link is stored nowhere.
"""

from allauth.account.adapter import get_adapter
from allauth.account.forms import default_token_generator
from allauth.account.utils import user_pk_to_url_str
from django.core.mail import EmailMessage
from django.db import transaction
from django.urls import reverse

from agents.mail import allowance, outbox
from agents.models import OutgoingMail, User

RESET = "password_reset_key"


def ask_for_reset(email: str, *, origin: str) -> None:
    """Have a link mailed to the address, if it has an account and was not mailed too often.

    `origin` is where the link leads, as in `https://glozr.example`.
    """
    with transaction.atomic():
        if not allowance.shortage(purpose=RESET, recipient=email):
            outbox.write_later(purpose=RESET, recipient=email, details={"origin": origin})


def new_password_url(user: User) -> str:
    """Where a password is chosen, once. Only for who reads the mail of the user's address."""
    key = default_token_generator.make_token(user)
    return reverse(
        "account_reset_password_from_key",
        kwargs={"uidb36": user_pk_to_url_str(user), "key": key},
    )


def write_reset(mail: OutgoingMail) -> EmailMessage | None:
    """The mail with a fresh link; None where the address has no account."""
    # By the address that they have: not by one that is only asked for, nor one that looks like it.
    user = User.objects.with_address(mail.recipient).filter(is_active=True).order_by("pk").first()
    if user is None:
        return None
    url = mail.details["origin"] + new_password_url(user)
    context = {"user": user, "password_reset_url": url}
    message: EmailMessage = get_adapter().render_mail(
        "account/email/password_reset_key", mail.recipient, context
    )
    return message
