"""Services on invitations: a membership offered by e-mail.

An invitation's link holds a secret. Whoever invites sees it, so it proves nothing: it finds the
invitation, has the mail sent again, and lets somebody join who has proven the address before. The
mail alone holds a proof beside the secret. Nobody but the reader of that mail has it, and until
it comes back there is no account, password or session.
"""

import hmac
import secrets
from collections.abc import Callable
from datetime import timedelta

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import F, Q
from django.db.models.functions import Now
from django.template.loader import render_to_string
from django.utils.crypto import salted_hmac

from agents import limits
from agents.audit.events import record_event
from agents.mail import allowance, outbox
from agents.mail.words import looks_like_link, quoted
from agents.models import Invitation, Membership, Role, User, Workspace, WorkspaceAction
from agents.people import accounts, addresses
from agents.workspaces import members
from glozr.addresses import normalised
from glozr.errors import Conflict, FieldError, Forbidden, Invalid, NotFound
from glozr.inputs.validation import invalid
from glozr.secrets import digest_of

INVITATION = "invitation"
VALID_FOR = timedelta(days=7)
MAIL_AGAIN_AFTER = timedelta(minutes=1)
NO_SUCH_INVITATION = (
    "This invitation has been used, withdrawn or has expired. "
    "Ask whoever sent it to invite you again."
)
INVITER_GONE = (
    "Whoever sent this invitation may no longer invite you. "
    "Ask an Owner or Admin of the workspace for a new one."
)

MailedLink = Callable[[Invitation, str], str]
"""Makes the link that holds the proof, of an invitation and its secret."""


def invite(
    *, workspace: Workspace, email: str, role: Role, by: User, link_of: MailedLink | None = None
) -> tuple[Invitation, str]:
    """An invitation and the secret of its link, which is not stored.

    With `link_of`, which makes the link that only the mail holds, it is mailed as well.

    Raises:
        Invalid: not an address, a member's address, or one that is invited already.
        Forbidden: `by` manages no members here, or is an Admin and invites an Owner.
        Conflict: `too_many`, when `limits.OPEN_INVITATIONS` are open, no more members fit in, or
            as much has been mailed as may be.
    """
    with transaction.atomic():
        members.lock(workspace)
        members.demand_right_over(workspace, by=by, concerned=(role,))
        address = addresses.checked(email)
        _refuse_member(workspace, address)
        members.demand_seat(workspace)
        workspace.invitations.expired().filter(email__iexact=address).delete()
        if workspace.invitations.count() >= limits.OPEN_INVITATIONS:
            raise Conflict(
                f"{limits.OPEN_INVITATIONS} people are invited and have not joined. "
                "Withdraw some of those first.",
                code="too_many",
            )
        invitation = Invitation(
            workspace=workspace, email=address, role=role, invited_by=by, digest="-"
        )
        secret = _renew(invitation)
        try:
            invitation.full_clean(exclude=["expires_at"])
        except ValidationError as error:
            raise invalid(error, field_of_code={"already_invited": "email"}) from error
        invitation.save()
        _note(invitation, WorkspaceAction.INVITED, by=by)
        if link_of is not None:
            _mail(invitation, link=link_of(invitation, secret), by=by)
    invitation.refresh_from_db(fields=["expires_at"])
    return invitation, secret


def resend(
    invitation: Invitation, *, by: User, link_of: MailedLink | None = None
) -> tuple[Invitation, str]:
    """The same invitation under a new secret, from now on `by`'s; the old links stop working.

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
        current.invited_by = by
        secret = _renew(current)
        current.save(update_fields=["digest", "expires_at", "invited_by"])
        outbox.take_back(current.pk)  # a link that no longer works
        _note(current, WorkspaceAction.INVITED_AGAIN, by=by)
        if link_of is not None:
            _mail(current, link=link_of(current, secret), by=by)
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
        deleted, _ = Invitation.objects.filter(pk=invitation.pk).delete()
        outbox.take_back(invitation.pk)
        if deleted:
            _note(invitation, WorkspaceAction.INVITATION_WITHDRAWN, by=by)


def find(secret: str) -> Invitation:
    """The open invitation of this secret, which says nothing of who holds it.

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


def find_mailed(secret: str, proof: str) -> Invitation:
    """The open invitation of a link that was mailed: who holds it reads that address's mail.

    Raises:
        NotFound: there is none, it has expired, or this is not what was mailed.
    """
    invitation = find(secret)
    if not hmac.compare_digest(proof_of(invitation).encode(), proof.encode(errors="replace")):
        raise NotFound(NO_SUCH_INVITATION)
    return invitation


def proof_of(invitation: Invitation) -> str:
    """What the mailed link holds beside the secret; to be told to the mail alone.

    Computed rather than kept, so that the mail can be sent again with the link that it had.
    """
    said = f"{invitation.pk}:{invitation.digest}"
    return salted_hmac("agents.people.invitations", said, algorithm="sha256").hexdigest()


def is_for(invitation: Invitation, user: User) -> bool:
    """Whether the invited address is the one that the user has."""
    return normalised(invitation.email) == normalised(user.email)


def accept(secret: str, *, user: User) -> Membership:
    """Take up the invitation; it is used up by that. A member's role is left as it is.

    Raises:
        NotFound: there is none, it has expired, or its sender may not invite any more.
        Forbidden: it is for another address, or nobody has proven that this is the user's.
    """
    with transaction.atomic():
        invitation = _alone(secret)
        if not is_for(invitation, user):
            raise Forbidden(
                f"This invitation is for {invitation.email}, and you are signed in as "
                f"{user.email}. Sign out, then open the link again."
            )
        if not user.is_proven:
            raise Forbidden(f"First open the link that was mailed to {invitation.email}.")
        return _take_up(invitation, user)


def sign_up(secret: str, *, proof: str, name: str, password: str) -> User:
    """Whoever comes by the mailed link, new or with an account that nobody had proven, which
    loses all that was in it; they take up the invitation.

    Raises:
        NotFound: there is none, it has expired, this is not what was mailed, or its sender may
            not invite any more.
        Conflict: `has_account`, when the address has been proven; its account is signed in to.
        Invalid: a name or password that breaks rules.
    """
    with transaction.atomic():
        _alone(secret)
        invitation = find_mailed(secret, proof)
        user = User.objects.with_address(invitation.email).first()
        if user is not None and (user.is_proven or not user.is_active):
            raise Conflict(
                f"{invitation.email} has an account. Sign in to it, then open the link again.",
                code="has_account",
            )
        if user is None:
            user = accounts.create_person(email=invitation.email)
        accounts.claim(user, name=name, password=password)
        _take_up(invitation, user)
    return user


def mail_again(invitation: Invitation, *, link: str) -> None:
    """Mail the link, which holds the proof, for whoever has the invitation's own.

    Raises:
        Conflict: `too_soon`, it was mailed just now or very often; `too_many`, as much has been
            mailed as may be.
    """
    due = Q(mailed_at=None) | Q(mailed_at__lt=Now() - MAIL_AGAIN_AFTER)
    asked = Invitation.objects.filter(due, pk=invitation.pk, mails__lt=limits.INVITATION_MAILS)
    with transaction.atomic():
        if not asked.select_for_update().exists():
            raise Conflict(
                f"The link was mailed to {invitation.email} a moment ago or many times. Look into "
                "the spam folder too, wait a minute, or ask whoever invited you for a new "
                "invitation.",
                code="too_soon",
            )
        _mail(invitation, link=link, by=invitation.invited_by)


def _mail(invitation: Invitation, *, link: str, by: User | None) -> None:
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
    counted = {"mailed_at": Now(), "mails": F("mails") + 1}
    Invitation.objects.filter(pk=invitation.pk).update(**counted)


def _introduced(person: User | None) -> str:
    """Whoever invites, known by their address; a name that looks like a link is left out."""
    if person is None:
        return "Somebody"
    name = person.get_full_name()
    if not name or looks_like_link(name):
        return person.email
    return f"{quoted(name, otherwise='')} ({person.email})"


def _alone(secret: str) -> Invitation:
    """The invitation as of now; others who use it or change the members wait."""
    members.lock(find(secret).workspace)
    return find(secret)


def _take_up(invitation: Invitation, user: User) -> Membership:
    """Make the user a member, if whoever invites may still do so."""
    by, role = invitation.invited_by, Role(invitation.role)
    if by is None or not by.is_active:
        raise NotFound(INVITER_GONE)
    try:
        members.demand_right_over(invitation.workspace, by=by, concerned=(role,))
    except Forbidden as error:
        raise NotFound(INVITER_GONE) from error
    outbox.take_back(invitation.pk)
    invitation.delete()
    existing = invitation.workspace.memberships.filter(user=user).first()
    return existing or members.add(workspace=invitation.workspace, user=user, role=role, by=user)


def _note(invitation: Invitation, action: WorkspaceAction, *, by: User) -> None:
    record_event(
        invitation.workspace,
        action,
        by=by,
        subject=invitation.email,
        changes={"role": [None, invitation.role]},
    )


def _refuse_member(workspace: Workspace, address: str) -> None:
    who = User.objects.with_address(address).filter(memberships__workspace=workspace)
    if who.exists():
        detail = f"{address} is a member already. Change the role instead."
        raise Invalid([FieldError("email", "already_member", detail)])


def _renew(invitation: Invitation) -> str:
    secret = secrets.token_urlsafe(32)
    invitation.digest = digest_of(secret)
    invitation.expires_at = Now() + VALID_FOR
    return secret
