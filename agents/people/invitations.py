"""Services on invitations: a membership offered by e-mail, taken up through a secret link.

Whoever invites can see the link as well, so that holding it does not prove the address: who
signs up through it has an unconfirmed address, and who has an account must be signed in to it.
"""

import secrets
from collections.abc import Callable
from datetime import timedelta

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models.functions import Now
from django.template.loader import render_to_string

from agents import limits
from agents.mail import allowance, outbox
from agents.mail.words import looks_like_link, quoted
from agents.models import Invitation, Membership, Role, User, Workspace
from agents.people import accounts
from agents.workspaces import members
from glozr.errors import Conflict, FieldError, Forbidden, Invalid, NotFound
from glozr.inputs.validation import invalid
from glozr.secrets import digest_of

INVITATION = "invitation"
VALID_FOR = timedelta(days=7)
NO_SUCH_INVITATION = (
    "This invitation has been used, withdrawn or has expired. "
    "Ask whoever sent it to invite you again."
)


def invite(
    *,
    workspace: Workspace,
    email: str,
    role: Role,
    by: User,
    link_of: Callable[[str], str] | None = None,
) -> tuple[Invitation, str]:
    """An invitation and the secret of its link, which is not stored.

    With `link_of`, which makes the link of the secret, it is mailed as well.

    Raises:
        Invalid: not an address, a member's address, or one that is invited already.
        Forbidden: `by` manages no members here, or is an Admin and invites an Owner.
        Conflict: `too_many`, when `limits.OPEN_INVITATIONS` are open, no more members fit in, or
            as much has been mailed as may be.
    """
    with transaction.atomic():
        members.lock(workspace)
        members.demand_right_over(workspace, by=by, concerned=(role,))
        invitation = Invitation(
            workspace=workspace, email=email.strip(), role=role, invited_by=by, digest="-"
        )
        if workspace.memberships.filter(user__email__iexact=invitation.email).exists():
            detail = f"{invitation.email} is a member already. Change the role instead."
            raise Invalid([FieldError("email", "already_member", detail)])
        members.demand_seat(workspace)
        workspace.invitations.expired().filter(email__iexact=invitation.email).delete()
        if workspace.invitations.count() >= limits.OPEN_INVITATIONS:
            raise Conflict(
                f"{limits.OPEN_INVITATIONS} people are invited and have not joined. "
                "Withdraw some of those first.",
                code="too_many",
            )
        secret = _renew(invitation)
        try:
            invitation.full_clean(exclude=["expires_at"])
        except ValidationError as error:
            raise invalid(error, field_of_code={"already_invited": "email"}) from error
        invitation.save()
        if link_of is not None:
            _mail(invitation, link=link_of(secret), by=by)
    invitation.refresh_from_db(fields=["expires_at"])
    return invitation, secret


def resend(
    invitation: Invitation, *, by: User, link_of: Callable[[str], str] | None = None
) -> tuple[Invitation, str]:
    """The same invitation under a new secret; the old link stops working.

    Raises:
        Forbidden: `by` manages no members here, or is an Admin and an Owner is invited.
        NotFound: it has been used or withdrawn.
        Conflict: `too_many`, when as much has been mailed as may be.
    """
    with transaction.atomic():
        members.lock(invitation.workspace)
        current = Invitation.objects.filter(pk=invitation.pk).first()
        if current is None:
            raise NotFound("This invitation has been used or withdrawn.")
        members.demand_right_over(current.workspace, by=by, concerned=(Role(current.role),))
        secret = _renew(current)
        current.save(update_fields=["digest", "expires_at"])
        outbox.take_back(current.pk)  # a link that no longer works
        if link_of is not None:
            _mail(current, link=link_of(secret), by=by)
    current.refresh_from_db()
    return current, secret


def withdraw(invitation: Invitation, *, by: User) -> None:
    """Withdraw it. Withdrawing twice changes nothing.

    Raises:
        Forbidden: `by` manages no members here, or is an Admin and an Owner is invited.
    """
    with transaction.atomic():
        members.lock(invitation.workspace)
        concerned = (Role(invitation.role),)
        members.demand_right_over(invitation.workspace, by=by, concerned=concerned)
        Invitation.objects.filter(pk=invitation.pk).delete()
        outbox.take_back(invitation.pk)


def find(secret: str) -> Invitation:
    """The open invitation of this secret.

    Raises:
        NotFound: there is none, or it has expired.
    """
    invitation = (
        Invitation.objects.open()
        .select_related("workspace", "invited_by")
        .filter(digest=digest_of(secret))
        .first()
    )
    if invitation is None:
        raise NotFound(NO_SUCH_INVITATION)
    return invitation


def accept(secret: str, *, user: User) -> Membership:
    """Take up the invitation; it is used up by that. A member's role is left as it is.

    Raises:
        NotFound: there is none, or it has expired.
        Forbidden: it is for another address.
        Conflict: `too_many`, when the workspace has as many members as it may.
    """
    with transaction.atomic():
        members.lock(find(secret).workspace)
        invitation = find(secret)
        if invitation.email.lower() != user.email.lower():
            raise Forbidden(
                f"This invitation is for {invitation.email}, and you are signed in as "
                f"{user.email}. Sign out, then open the link again."
            )
        outbox.take_back(invitation.pk)
        invitation.delete()
        accounts.confirm_email(user)  # the link was mailed there
        existing = invitation.workspace.memberships.filter(user=user).first()
        return existing or members.add(
            workspace=invitation.workspace, user=user, role=Role(invitation.role)
        )


def sign_up(secret: str, *, name: str, password: str) -> User:
    """A new person, who takes up the invitation.

    Raises:
        NotFound: there is none, or it has expired.
        Conflict: `has_account`, when somebody has signed up with the address.
        Invalid: a name or password that breaks rules.
    """
    with transaction.atomic():
        email = User.objects.normalize_email(find(secret).email)
        if User.objects.filter(email__iexact=email).exists():
            raise Conflict(
                f"{email} has an account. Sign in to it, then open the link again.",
                code="has_account",
            )
        user = accounts.create_person(email=email, name=name, password=password)
        accept(secret, user=user)
    return user


def _mail(invitation: Invitation, *, link: str, by: User) -> None:
    """Put the link into the outbox, or raise `Conflict` where as much as may be was mailed."""
    workspace = invitation.workspace
    label = outbox.Label(INVITATION, workspace=workspace, requested_by=by, about=invitation.pk)
    refusal = allowance.shortage(
        purpose=INVITATION, recipient=invitation.email, workspace=workspace, requested_by=by
    )
    if refusal:
        raise Conflict(refusal, code="too_many")
    named = quoted(workspace.name, otherwise="a workspace")
    context = {"invitation": invitation, "link": link, "workspace": named, "by": _introduced(by)}
    outbox.write(
        subject=f"Join {named} on Glozr",
        body=render_to_string("agents/people/invitation_mail.txt", context),
        recipient=invitation.email,
        label=label,
    )


def _introduced(person: User) -> str:
    """Whoever invites, known by their address; a name that looks like a link is left out."""
    name = person.get_full_name()
    if not name or looks_like_link(name):
        return person.email
    return f"{quoted(name, otherwise='')} ({person.email})"


def _renew(invitation: Invitation) -> str:
    secret = secrets.token_urlsafe(32)
    invitation.digest = digest_of(secret)
    invitation.expires_at = Now() + VALID_FOR
    return secret
