"""Services on people's e-mail addresses: what writes one, proves one, or takes a change back.

An address is proven once somebody has come by a link that was mailed to it: allauth's row of it,
its `EmailAddress`, is then verified. Until then the account may be anybody's. Nobody can sign in
to it, and the first proof takes from it all that a stranger may have put there.

A row of another address than the user's own is a change that was asked for and waits for the
link that was mailed to the new address. A link holds the number of its row, so that withdrawing
the row ends the link.
"""

import secrets
from datetime import timedelta

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import IntegrityError, transaction
from django.db.models.functions import Now

from agents.models import AddressChange, User
from agents.people.letters import send_letter
from agents.people.sessions import end_sessions
from glozr.addresses import normalised, problem_of_address
from glozr.errors import Conflict, FieldError, Forbidden, Invalid, NotFound
from glozr.secrets import digest_of

UNDO_FOR = timedelta(days=7)
TAKEN = "Somebody has signed up with this e-mail address."
NO_SUCH_CHANGE = (
    "This link has been used or is more than seven days old. If somebody else has your account, "
    "ask the people who run this service."
)


def checked(email: str) -> str:
    """The address as it is kept.

    Raises:
        Invalid: it is none, or one that can be taken for another.
    """
    if not email.strip():
        raise Invalid([FieldError("email", "blank", "Type an e-mail address.")])
    if problem := problem_of_address(email):
        raise Invalid([FieldError("email", *problem)])
    try:
        validate_email(address := normalised(email))
    except ValidationError as error:
        raise Invalid([FieldError("email", "invalid", " ".join(error.messages))]) from error
    return address


def checked_other(user: User, email: str) -> str:
    """The address as it is kept, for somebody who has another one.

    Raises:
        Invalid: it is no address, or the person's own.
    """
    address = checked(email)
    if address == normalised(user.email):
        raise Invalid([FieldError("email", "same", "This is your address already.")])
    return address


def ask_for_change(user: User, *, email: str) -> EmailAddress:
    """Note which address the person would rather have, in place of one asked for before.

    Nothing changes until the link that is mailed there is opened by the person, signed in.

    Raises:
        Invalid: it is no address, or the person's own.
    """
    address = checked_other(user, email)
    with transaction.atomic():
        _alone(user)
        withdraw_changes(user)
        return EmailAddress.objects.create(user=user, email=address)


def withdraw_changes(user: User) -> None:
    """Forget a change of address that was asked for; its link stops working."""
    EmailAddress.objects.filter(user=user).exclude(email=user.email.lower()).delete()


def confirm(row: EmailAddress, *, by: User | None, session: str | None) -> tuple[User, str]:
    """What the link does that was mailed to the address of `row`, opened by `by`.

    For an account's own address it is the proof. For another it is the change, and that only
    the person makes: a mistyped address may be somebody's who would have the account by it.
    Returns the person, and the secret of `change_address`.

    Raises:
        Forbidden: it is a change, and `by` is somebody else.
        NotFound: the change has been withdrawn.
        Invalid: somebody has signed up with the address meanwhile.
    """
    with transaction.atomic():
        user = _alone(row.user)
        if not EmailAddress.objects.filter(pk=row.pk).exists():
            raise NotFound("This link no longer works: the change of address was withdrawn.")
        if row.email == user.email.lower():
            prove(user)
            return user, ""
        if by is None or by.pk != user.pk:
            raise Forbidden(
                "Sign in to the account whose address is to change, then open the link again."
            )
        return user, change_address(user, email=row.email, is_proven=True, except_key=session)


def prove(user: User) -> bool:
    """Note that the address is the person's own; whether this is the first proof of it.

    With the first goes whatever a stranger may have left: password, sessions, second factor,
    changes asked for. The person then chooses a password, by a link that only they are given.
    """
    with transaction.atomic():
        current = _alone(user)
        if current.is_proven:
            return False
        clear(current)
        mark_proven(current)
        user.password = current.password
        return True


def mark_proven(user: User) -> None:
    """Take the address for the person's own without asking: for what nobody else has touched."""
    with transaction.atomic():
        EmailAddress.objects.filter(user=user, primary=True).update(primary=False)
        EmailAddress.objects.update_or_create(
            user=user, email=user.email.lower(), defaults={"verified": True, "primary": True}
        )


def clear(user: User) -> None:
    """Take every way in, and every change of address that was asked for, from the account."""
    with transaction.atomic():
        user.set_unusable_password()
        user.save(update_fields=["password"])
        Authenticator.objects.filter(user=user).delete()
        withdraw_changes(user)
        end_sessions(user)


def change_address(
    user: User, *, email: str, is_proven: bool, except_key: str | None = None
) -> str:
    """Give the person another address, at once: changes asked for are withdrawn and sessions
    ended, but for `except_key`. One that is not proven has no power until it is.

    Returns the secret of a link that takes this back, for whoever reads the old address's mail;
    empty if the old one was not proven, and so nobody's in particular, or nothing changed.

    Raises:
        Invalid: no address, or somebody else's.
    """
    address = checked(email)
    with transaction.atomic():
        current = _alone(user)
        old, was_proven = current.email, current.is_proven
        if address == normalised(old):
            return ""
        _write(current, address, is_proven=is_proven)
        end_sessions(current, except_key if is_proven else None)
        user.email = current.email
        if not was_proven:
            return ""
        secret = secrets.token_urlsafe(32)
        AddressChange.objects.create(
            user=current,
            old_email=old,
            new_email=address,
            digest=digest_of(secret),
            expires_at=Now() + UNDO_FOR,
        )
        return secret


def find_change(secret: str) -> AddressChange:
    """The change of address that a link with this secret takes back.

    Raises:
        NotFound: there is none, it was taken back, or is too old.
    """
    found = AddressChange.objects.open().select_related("user").filter(digest=digest_of(secret))
    if (change := found.first()) is None:
        raise NotFound(NO_SUCH_CHANGE)
    return change


def undo_change(secret: str) -> User:
    """Take a change of address back, with all that came after it: later changes and their links,
    second factors, sessions, and the password, which whoever made the change knew.

    Raises:
        NotFound: there is none, it was taken back, or is too old.
        Conflict: `email_taken`, somebody else has signed up with the old address.
    """
    with transaction.atomic():
        user = _alone(find_change(secret).user)
        change = find_change(secret)
        try:
            _write(user, change.old_email, is_proven=True)
        except Invalid as error:
            raise Conflict(error.detail, code="email_taken") from error
        user.set_unusable_password()
        user.save(update_fields=["password"])
        since = {"created_at__gte": change.created_at}
        Authenticator.objects.filter(user=user, **since).delete()
        user.address_changes.open().filter(**since).update(undone_at=Now())
        end_sessions(user)
        return user


def tell_old_address(email: str, *, user: User, link: str) -> None:
    """Tell the old address of a change, with the link that takes it back."""
    send_letter(
        email,
        "Glozr: Your e-mail address was changed",
        "agents/people/address_changed_mail.txt",
        {"user": user, "link": link},
    )


def _alone(user: User) -> User:
    """The person as of now; others who change the account wait until this transaction ends."""
    return User.objects.select_for_update(no_key=True).get(pk=user.pk)


def _write(user: User, address: str, *, is_proven: bool) -> None:
    """The only place where the address of somebody who exists is written."""
    taken = Invalid([FieldError("email", "email_taken", TAKEN)])
    if User.objects.with_address(address).exclude(pk=user.pk).exists():
        raise taken
    user.email = address
    try:
        with transaction.atomic():
            EmailAddress.objects.filter(user=user).delete()
            user.save(update_fields=["email"])
            EmailAddress.objects.create(
                user=user, email=address.lower(), verified=is_proven, primary=True
            )
    except IntegrityError as error:
        raise taken from error
