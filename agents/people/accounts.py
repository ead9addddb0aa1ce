"""Services on people who sign in: made, found for whoever operates the service, their passwords."""

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import transaction

from agents.models import User
from agents.people import addresses
from agents.people.sessions import end_sessions
from glozr.errors import Conflict, FieldError, Invalid
from glozr.inputs.validation import invalid


def create_person(*, email: str, name: str = "", password: str | None = None) -> User:
    """A new person, whose address is not proven, so that nobody can sign in yet.

    Raises:
        Invalid: a weak password, or an address or name that breaks rules.
    """
    user = User(email=addresses.checked(email), first_name=name.strip())
    if password is not None:
        _demand_good(password, user)
    user.set_password(password)
    try:
        user.full_clean()
    except ValidationError as error:
        raise invalid(error, field_of_code={"email_taken": "email"}) from error
    user.save()
    return user


def person_of(email: str) -> User:
    """Whose address this is, for an operator who gives them something; made if need be.

    An account that nobody has proven may be a stranger's who only claims the address. It is
    emptied before it is given anything, and its owner comes in by a mailed link.

    Raises:
        Invalid: no address.
    """
    address = addresses.checked(email)
    with transaction.atomic():
        user = User.objects.with_address(address).select_for_update(no_key=True).first()
        if user is None:
            return create_person(email=address)
        if not user.is_proven:
            addresses.clear(user)
        return user


def claim(user: User, *, name: str, password: str) -> None:
    """Give an account whose address has just been proven to who proved it.

    Raises:
        Invalid: a weak password, or a name that breaks rules.
        Conflict: `has_account`, it had been proven before.
    """
    with transaction.atomic():
        _demand_good(password, user)
        if not addresses.prove(user):
            raise Conflict(f"{user.email} has an account. Sign in to it.", code="has_account")
        user.first_name, user.last_name = name.strip(), ""
        user.set_password(password)
        try:
            user.full_clean()
        except ValidationError as error:
            raise invalid(error) from error
        user.save(update_fields=["first_name", "last_name", "password"])


def change_password(user: User, *, password: str, except_key: str | None = None) -> None:
    """Set a password that has been checked; other sessions end, and so do changes of address."""
    with transaction.atomic():
        user.set_password(password)
        user.save(update_fields=["password"])
        after_new_password(user, except_key=except_key)


def reset_password(user: User, *, password: str) -> None:
    """The same by a link that was mailed to the person's address, which proves it."""
    with transaction.atomic():
        addresses.prove(user)
        change_password(user, password=password)


def after_new_password(user: User, *, except_key: str | None = None) -> None:
    """What a new password ends, whoever set it."""
    with transaction.atomic():
        addresses.withdraw_changes(user)
        end_sessions(user, except_key)


def _demand_good(password: str, user: User) -> None:
    try:
        validate_password(password, user)
    except ValidationError as error:
        raise Invalid([FieldError("password", "password", " ".join(error.messages))]) from error
