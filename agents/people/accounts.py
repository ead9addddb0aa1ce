"""Services on people who sign in."""

from allauth.account.models import EmailAddress
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError

from agents.models import User
from glozr.errors import FieldError, Invalid
from glozr.inputs.validation import invalid


def create_person(*, email: str, name: str = "", password: str | None = None) -> User:
    """A new person; without a password nobody can sign in until one is set by a mailed link.

    Raises:
        Invalid: a weak password, or an address or name that breaks rules.
    """
    user = User(email=User.objects.normalize_email(email), first_name=name.strip())
    if password is not None:
        try:
            validate_password(password, user)
        except ValidationError as error:
            raise Invalid([FieldError("password", "password", " ".join(error.messages))]) from error
    user.set_password(password)
    try:
        user.full_clean()
    except ValidationError as error:
        raise invalid(error, field_of_code={"email_taken": "email"}) from error
    user.save()
    return user


def confirm_email(user: User) -> None:
    """Note that the address is the person's own, which two-factor sign-in asks for."""
    address, _ = EmailAddress.objects.get_or_create(user=user, email=user.email.lower())
    address.set_verified()
    address.set_as_primary(conditional=True)
