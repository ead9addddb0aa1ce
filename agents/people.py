"""Services on people who sign in."""

from allauth.account.models import EmailAddress

from agents.models import User


def confirm_email(user: User) -> None:
    """Note that the address is the person's own, which two-factor sign-in asks for."""
    address, _ = EmailAddress.objects.get_or_create(user=user, email=user.email.lower())
    address.set_verified()
    address.set_as_primary(conditional=True)
