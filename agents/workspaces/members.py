"""Services on the members of a workspace. A membership and its group change together.

Every change holds the workspace's row, so that two changes at the same moment follow one
another and each sees what the other left: the last Owner stays, whoever asks when.
"""

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet

from agents import limits, quotas, roles
from agents.audit.events import record_event
from agents.models import ApiToken, Invitation, Membership, Role, User, Workspace, WorkspaceAction
from agents.roles import GRANTS, Permission
from agents.workspaces import tokens
from glozr.errors import Conflict, Forbidden, NotFound

NO_SUCH_MEMBER = "This person is no longer a member here."
ONLY_OWNERS = "Only an Owner can make, change or remove an Owner. Ask one of them."


def add(*, workspace: Workspace, user: User, role: Role, by: User | None = None) -> Membership:
    """Make `user` a member with `role`, or give the member that role; `by` is the user where they
    took up an invitation.

    Raises:
        Conflict: `too_many`, when the workspace has `limits.MEMBERS`.
    """
    with transaction.atomic():
        before = _role_of(workspace, user)
        if before is None:
            demand_seat(workspace)
        membership, _ = Membership.objects.update_or_create(
            workspace=workspace, user=user, defaults={"role": role}
        )
        roles.put_into(user, workspace, role)
        if before != role:
            action = _what_happened(before, by=by, user=user)
            record_event(
                workspace, action, by=by, subject=user, changes={"role": [before, role.value]}
            )
    return membership


def _what_happened(before: Role | None, *, by: User | None, user: User) -> WorkspaceAction:
    if before is not None:
        return WorkspaceAction.ROLE_CHANGED
    return WorkspaceAction.MEMBER_JOINED if by == user else WorkspaceAction.MEMBER_ADDED


def add_without_invitation(*, workspace: Workspace, user: User, role: Role, by: User) -> Membership:
    """Make somebody who has an account a member, without an invitation.

    Raises:
        Forbidden: `by` manages no members here, or is an Admin and makes an Owner.
        Conflict: `already_member`; `unproven`, the account may be a stranger's.
    """
    with transaction.atomic():
        lock(workspace)
        demand_right_over(workspace, by=by, concerned=(role,))
        if _role_of(workspace, user) is not None:
            raise Conflict(
                f"{user} is a member already. Change the role instead.", code="already_member"
            )
        if not user.is_proven:
            raise Conflict(
                f"Nobody has shown yet that {user.email} is theirs. Invite them by mail instead.",
                code="unproven",
            )
        return add(workspace=workspace, user=user, role=role, by=by)


def change_role(
    membership: Membership, *, role: Role, by: User, keep: Collection[UUID] = ()
) -> Membership:
    """Give the member another role, and take what the old one let them do and this one does not:
    the invitations that they made, and their tokens but those to `keep`.

    Raises:
        Forbidden: `by` manages no members here, or is an Admin and an Owner is concerned.
        Conflict: `last_owner`.
        NotFound: the membership has ended.
    """
    with _alone(membership) as current:
        demand_right_over(current.workspace, by=by, concerned=(Role(current.role), role))
        if current.role == Role.OWNER and role != Role.OWNER:
            _demand_another_owner(current)
        _take_what_is_above(current, role, by=by, keep=keep)
        return add(workspace=current.workspace, user=current.user, role=role, by=by)


def remove(membership: Membership, *, by: User, keep: Collection[UUID] = ()) -> None:
    """End a membership, or one's own: everybody may leave. Open invitations that the person made
    end with it, and their tokens but those to `keep`.

    Raises:
        Forbidden: `by` manages no members here, or is an Admin and an Owner is concerned.
        Conflict: `last_owner`.
        NotFound: the membership has ended.
    """
    with _alone(membership) as current:
        if current.user != by:
            demand_right_over(current.workspace, by=by, concerned=(Role(current.role),))
        if current.role == Role.OWNER:
            _demand_another_owner(current)
        _take_what_is_above(current, None, by=by, keep=keep)
        current.delete()
        roles.take_out_of(current.user, current.workspace)
        is_own_doing = current.user == by
        record_event(
            current.workspace,
            WorkspaceAction.MEMBER_LEFT if is_own_doing else WorkspaceAction.MEMBER_REMOVED,
            by=by,
            subject=current.user,
            changes={"role": [current.role, None]},
        )


def demand_seat(workspace: Workspace) -> None:
    """Raise `Conflict` where one more member is one too many."""
    quotas.demand_room(
        workspace.pk,
        workspace.memberships.all(),
        limits.MEMBERS,
        what_to_do=(
            f"{workspace} has {limits.MEMBERS:,} members, which is as many as a workspace may. "
            "An Owner or Admin has to remove somebody first."
        ),
    )


def tokens_at_stake(membership: Membership, role: Role | None, *, by: User) -> QuerySet[ApiToken]:
    """The member's tokens that `change_role` to this role, or for None `remove`, would revoke.

    An Editor who leaves revokes none: that they may not do while they stay either.
    """
    stay = role == membership.role or _may_have_tokens(role)
    if stay or (by == membership.user and not _may_have_tokens(Role(membership.role))):
        return ApiToken.objects.none()
    return tokens.made_by(membership.user, membership.workspace)


def invitations_at_stake(membership: Membership, role: Role | None) -> QuerySet[Invitation]:
    """The invitations that the member made and with this role, or without one, could not make."""
    theirs = membership.workspace.invitations.filter(invited_by=membership.user)
    if membership.user.is_superuser or role == Role.OWNER:
        return theirs.none()
    if role is not None and Permission.MANAGE_MEMBERS in GRANTS[role]:
        return theirs.filter(role=Role.OWNER)
    return theirs


def assignable_roles(workspace: Workspace, *, by: User) -> list[Role]:
    """The roles that `by` may give to others, the strongest first."""
    return [role for role in Role if role != Role.OWNER or _acts_as_owner(workspace, by)]


def demand_right_over(workspace: Workspace, *, by: User, concerned: tuple[Role, ...]) -> None:
    """Raise `Forbidden` unless `by` may give and take the roles `concerned`, as of now."""
    if _acts_as_owner(workspace, by):
        return
    own = _role_of(workspace, by)
    if own is None or Permission.MANAGE_MEMBERS not in GRANTS[own]:
        raise Forbidden
    if Role.OWNER in concerned:
        raise Forbidden(ONLY_OWNERS)


def lock(workspace: Workspace) -> None:
    """Keep other changes of the members waiting until this transaction ends."""
    Workspace.objects.select_for_update(no_key=True).get(pk=workspace.pk)


@contextmanager
def _alone(membership: Membership) -> Iterator[Membership]:
    with transaction.atomic():
        lock(membership.workspace)
        current = (
            Membership.objects.select_related("user", "workspace").filter(pk=membership.pk).first()
        )
        if current is None:
            raise NotFound(NO_SUCH_MEMBER)
        yield current


def _take_what_is_above(
    membership: Membership, role: Role | None, *, by: User, keep: Collection[UUID]
) -> None:
    invitations_at_stake(membership, role).delete()
    tokens.revoke_all(tokens_at_stake(membership, role, by=by).exclude(pk__in=keep), by=by)


def _may_have_tokens(role: Role | None) -> bool:
    return role is not None and Permission.MANAGE_TOKENS in GRANTS[role]


def _acts_as_owner(workspace: Workspace, user: User) -> bool:
    return user.is_superuser or _role_of(workspace, user) == Role.OWNER


def _role_of(workspace: Workspace, user: User) -> Role | None:
    found = workspace.memberships.filter(user=user).values_list("role", flat=True).first()
    return Role(found) if found else None


def _demand_another_owner(membership: Membership) -> None:
    others = membership.workspace.memberships.filter(role=Role.OWNER).exclude(pk=membership.pk)
    if not others.exists():
        raise Conflict(
            f"{membership.user} is the only Owner of {membership.workspace}. "
            "Make somebody else an Owner first.",
            code="last_owner",
        )
