"""Fetch for this caller, or refuse: nothing reaches a view by another way.

An outsider gets `NotFound`, as if the thing did not exist; a member whose role is too weak
gets `Forbidden`, and so does a token that lacks the ability.
"""

from uuid import UUID

from django.db.models import QuerySet

from agents.models import Agent, User, Workspace
from agents.roles import ABILITIES, Caller, Permission, TokenCaller, permissions_of, workspaces_for
from glozr.errors import Forbidden, NotFound

NO_SUCH_AGENT = "There is no such agent here. Check the id and whose workspace you are in."
NO_SUCH_WORKSPACE = "There is no such workspace here. Check the address."


def agent_for(caller: Caller, agent_id: UUID, permission: Permission) -> Agent:
    """The agent, with its workspace, for somebody who has `permission` there."""
    agent = Agent.objects.select_related("workspace").filter(pk=agent_id).first()
    if agent is None:
        _refuse_weak_token(caller, permission)
        raise NotFound(NO_SUCH_AGENT)
    demand(caller, agent.workspace, permission, missing=NO_SUCH_AGENT)
    return agent


def workspace_for(caller: Caller, workspace_id: UUID, permission: Permission) -> Workspace:
    """The workspace, for somebody who has `permission` in it."""
    workspace = Workspace.objects.filter(pk=workspace_id).first()
    if workspace is None:
        _refuse_weak_token(caller, permission)
        raise NotFound(NO_SUCH_WORKSPACE)
    demand(caller, workspace, permission, missing=NO_SUCH_WORKSPACE)
    return workspace


def agents_for(user: User) -> QuerySet[Agent]:
    """The agents that `user` may see."""
    return Agent.objects.filter(workspace__in=workspaces_for(user, Permission.VIEW))


def demand(
    caller: Caller, workspace: Workspace, permission: Permission, *, missing: str = ""
) -> None:
    """Raise unless `caller` has `permission` in `workspace`.

    Raises:
        NotFound: the caller has no business in the workspace; says `missing`.
        Forbidden: the caller's role or abilities do not allow this.
    """
    _refuse_weak_token(caller, permission)
    held = permissions_of(caller, workspace)
    if not held:
        raise NotFound(missing)
    if permission not in held:
        raise Forbidden


def _refuse_weak_token(caller: Caller, permission: Permission) -> None:
    """Refuse a token for its abilities before anything it names is looked at."""
    if isinstance(caller, TokenCaller):
        ability = ABILITIES.get(permission)
        if ability is None:
            raise Forbidden("An API token can't do this. Sign in as an Owner or Admin.")
        if ability not in caller.token.abilities:
            raise Forbidden(
                f"This token lacks the ability {ability.value}. Make a token that has it."
            )
