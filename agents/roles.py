"""Who may do what: the product's table of roles, and its only use of django-guardian.

Each workspace has one group per role. A group holds guardian object permissions on its
workspace; a membership puts its user into the group of its role.
"""

from collections import defaultdict
from collections.abc import Mapping, Set
from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar, TypeAlias
from uuid import UUID

from django.contrib.auth.models import Group
from django.db.models import QuerySet
from guardian.core import ObjectPermissionChecker
from guardian.shortcuts import assign_perm, get_objects_for_user

from agents.models import Ability, ApiToken, Role, User, Workspace, WorkspaceGrant
from agents.second_factor import open_to
from glozr.edge.request_memory import forget_all, remembered


class Permission(StrEnum):
    VIEW = "view_experiments"
    RUN = "run_experiments"
    EDIT_AGENTS = "edit_agents"
    MANAGE_MEMBERS = "manage_members"
    MANAGE_TOKENS = "manage_tokens"
    MANAGE_VISITORS = "manage_visitors"


EVERYTHING = frozenset(Permission)
GRANTS: Mapping[Role, frozenset[Permission]] = {
    Role.OWNER: EVERYTHING,
    Role.ADMIN: EVERYTHING,
    Role.EDITOR: frozenset({Permission.VIEW}),
}
ABILITIES: Mapping[Permission, Ability] = {
    Permission.VIEW: Ability.READ,
    Permission.RUN: Ability.WRITE,
    Permission.MANAGE_VISITORS: Ability.VISITORS,
}
"""What a token needs for a permission; what is not named here no token can do."""


@dataclass(frozen=True)
class TokenCaller:
    """A program calling with an API token, where a person would be a `User`."""

    token: ApiToken
    is_authenticated: ClassVar[bool] = True
    is_active: ClassVar[bool] = True


Caller: TypeAlias = User | TokenCaller


def permissions_of(caller: Caller, workspace: Workspace) -> frozenset[Permission]:
    """What `caller` may do in `workspace`; nothing for an outsider."""
    if isinstance(caller, TokenCaller):
        if caller.token.workspace_id != workspace.pk:
            return frozenset()
        return frozenset(
            permission
            for permission, ability in ABILITIES.items()
            if ability in caller.token.abilities
        )
    if caller.is_superuser and caller.is_active:
        return EVERYTHING
    return remembered(("permissions", caller.pk, workspace.pk), lambda: _held(caller, workspace))


def _held(user: User, workspace: Workspace) -> frozenset[Permission]:
    held = ObjectPermissionChecker(user).get_group_perms(workspace)
    return frozenset(Permission(name) for name in held)


def workspaces_for(user: User, permission: Permission) -> QuerySet[Workspace]:
    """The workspaces in which `user` has `permission`; all of them for a superuser."""
    return get_objects_for_user(user, permission.value, klass=Workspace, accept_global_perms=False)


def permissions_by_role(user: User) -> Mapping[UUID, Set[Permission]]:
    """What the user's roles allow in each of their workspaces, in one query; a superuser may do
    everything in the others as well."""
    return remembered(("permissions by role", user.pk), lambda: _held_by_role(user))


def _held_by_role(user: User) -> Mapping[UUID, Set[Permission]]:
    grants = WorkspaceGrant.objects.filter(
        open_to(user, "content_object"), group__user=user, group__user__is_active=True
    )
    held: dict[UUID, set[Permission]] = defaultdict(set)
    for workspace_id, name in grants.values_list("content_object", "permission__codename"):
        held[workspace_id].add(Permission(name))
    return held


def install(workspace: Workspace) -> None:
    """Make the groups of a new workspace and grant them what the table says."""
    for role, permissions in GRANTS.items():
        group, _ = Group.objects.get_or_create(name=_group_name(workspace, role))
        for permission in sorted(permissions):
            assign_perm(permission.value, group, workspace)


def put_into(user: User, workspace: Workspace, role: Role) -> None:
    """Make `role` the user's only role in `workspace`."""
    take_out_of(user, workspace)
    user.groups.add(Group.objects.get(name=_group_name(workspace, role)))
    forget_all()


def take_out_of(user: User, workspace: Workspace) -> None:
    names = [_group_name(workspace, role) for role in Role]
    user.groups.remove(*Group.objects.filter(name__in=names))
    forget_all()


def _group_name(workspace: Workspace, role: Role) -> str:
    return f"workspace:{workspace.pk}:{role.value}"
