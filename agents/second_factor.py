"""Who has a second factor, and the workspaces that ask their members for one."""

from collections.abc import Iterable

from allauth.mfa.models import Authenticator
from django.db.models import Exists, OuterRef, Q

from agents.models import User, Workspace
from agents.models.user import UserQuerySet
from glozr.edge.request_memory import remembered
from glozr.errors import SecondFactorNeeded

FACTORS = (Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN)
"""Recovery codes are none by themselves: they stand in for one of these."""


def has_second_factor(user: User) -> bool:
    return remembered(("second factor", user.pk), lambda: bool(holders([user.pk])))


def holders(user_ids: Iterable[int]) -> set[int]:
    """Those of the people who have a second factor, in one query."""
    found = Authenticator.objects.filter(user__in=list(user_ids), type__in=FACTORS)
    return set(found.values_list("user_id", flat=True))


def demand_second_factor(user: User, workspace: Workspace) -> None:
    """Raise unless the workspace asks for no second factor, or the person has one.

    Raises:
        SecondFactorNeeded: they set one up first.
    """
    if workspace.second_factor_required and not has_second_factor(user):
        raise SecondFactorNeeded(
            f"{workspace} asks its members for a second factor. Set one up under your account, "
            "then come back."
        )


def open_to(user: User, workspace: str) -> Q:
    """Where `workspace`, a path of the query, asks for no second factor, or the person has one."""
    of_theirs = Authenticator.objects.filter(user=user, type__in=FACTORS)
    return Q(**{f"{workspace}__second_factor_required": False}) | Q(Exists(of_theirs))


def members_let_in(workspace: Workspace) -> UserQuerySet:
    """The members who have the second factor that the workspace asks for, if it asks for one."""
    members = User.objects.get_queryset().filter(memberships__workspace=workspace)
    if not workspace.second_factor_required:
        return members
    theirs = Authenticator.objects.filter(user=OuterRef("pk"), type__in=FACTORS)
    return members.filter(Exists(theirs))
