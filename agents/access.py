"""Fetch for this caller, or refuse: nothing reaches a view by another way.

An outsider gets `NotFound`, as if the thing did not exist; a member whose role is too weak
gets `Forbidden`, and so does a token that lacks the ability.
"""

from uuid import UUID

from django.db.models import QuerySet

from agents.models import (
    Agent,
    ApiToken,
    Invitation,
    Membership,
    OutgoingMail,
    User,
    Workspace,
)
from agents.roles import ABILITIES, Caller, Permission, TokenCaller, permissions_of, workspaces_for
from agents.second_factor import demand_second_factor, open_to
from glozr.errors import Forbidden, NotFound

NO_SUCH_AGENT = "There is no such agent here. Check the id and whose workspace you are in."
NO_SUCH_WORKSPACE = "There is no such workspace here. Check the address."


def agent_for(caller: Caller, agent_id: UUID, permission: Permission) -> Agent:
    """The agent, with its workspace, for somebody who has `permission` there."""
    agent = Agent.objects.select_related("workspace").filter(pk=agent_id).first()
    if agent is None or not _is_for(caller, agent_id):
        _refuse_weak_token(caller, permission)
        raise NotFound(NO_SUCH_AGENT)
    demand(caller, agent.workspace, permission, missing=NO_SUCH_AGENT)
    return agent


def agent_for_runtime(caller: TokenCaller, agent_id: UUID) -> Agent:
    """The agent of a token that a chat runtime calls with."""
    agent = Agent.objects.select_related("workspace").filter(pk=agent_id).first()
    is_theirs = agent is not None and agent.workspace_id == caller.token.workspace_id
    if agent is None or not is_theirs or not _is_for(caller, agent_id):
        raise NotFound(NO_SUCH_AGENT)
    return agent


def workspace_for(caller: Caller, workspace_id: UUID, permission: Permission) -> Workspace:
    """The workspace, for somebody who has `permission` in it."""
    workspace = Workspace.objects.filter(pk=workspace_id).first()
    if workspace is None:
        _refuse_weak_token(caller, permission)
        raise NotFound(NO_SUCH_WORKSPACE)
    if isinstance(caller, TokenCaller) and caller.token.agent_ids is not None:
        raise Forbidden("This token is for some agents only. Use one for the whole workspace.")
    demand(caller, workspace, permission, missing=NO_SUCH_WORKSPACE)
    return workspace


def membership_for(user: User, workspace_id: UUID, membership_id: UUID) -> Membership:
    """A member of the workspace, with user and workspace, for who manages members there."""
    workspace = workspace_for(user, workspace_id, Permission.MANAGE_MEMBERS)
    found = workspace.memberships.select_related("user").filter(pk=membership_id).first()
    if found is None:
        raise NotFound("This person has left or been removed.")
    return found


def own_membership(user: User, workspace_id: UUID) -> Membership:
    """One's own, with its workspace; without a second factor too, for everybody may leave."""
    own = Membership.objects.filter(user=user, workspace=workspace_id)
    found = own.select_related("workspace").first()
    if found is None:
        raise NotFound(NO_SUCH_WORKSPACE)
    return found


def invitation_for(user: User, workspace_id: UUID, invitation_id: UUID) -> Invitation:
    """An invitation to the workspace, for who manages members there."""
    workspace = workspace_for(user, workspace_id, Permission.MANAGE_MEMBERS)
    found = workspace.invitations.filter(pk=invitation_id).first()
    if found is None:
        raise NotFound("There is no such invitation. It may have been used or withdrawn.")
    return found


def token_for(user: User, workspace_id: UUID, token_id: UUID) -> ApiToken:
    """A token of the workspace, for who manages tokens there."""
    workspace = workspace_for(user, workspace_id, Permission.MANAGE_TOKENS)
    found = workspace.tokens.filter(pk=token_id).first()
    if found is None:
        raise NotFound("There is no such token here.")
    return found


def mail_for(user: User, workspace_id: UUID, mail_id: UUID) -> OutgoingMail:
    """A mail about the workspace, for who manages members there."""
    workspace = workspace_for(user, workspace_id, Permission.MANAGE_MEMBERS)
    found = workspace.mail.filter(pk=mail_id).first()
    if found is None:
        raise NotFound("There is no such mail. It may have been deleted.")
    return found


def agents_for(user: User) -> QuerySet[Agent]:
    """The agents that `user` may see."""
    seen = workspaces_for(user, Permission.VIEW)
    return Agent.objects.filter(open_to(user, "workspace"), workspace__in=seen)


def demand(
    caller: Caller, workspace: Workspace, permission: Permission, *, missing: str = ""
) -> None:
    """Raise unless `caller` has `permission` in `workspace`.

    Raises:
        NotFound: the caller has no business in the workspace; says `missing`.
        Forbidden: the caller's role or abilities do not allow this.
        SecondFactorNeeded: the workspace asks for one that the person lacks.
    """
    _refuse_weak_token(caller, permission)
    held = permissions_of(caller, workspace)
    if not held:
        raise NotFound(missing)
    if permission not in held:
        raise Forbidden
    if isinstance(caller, User):
        demand_second_factor(caller, workspace)


def _is_for(caller: Caller, agent_id: UUID) -> bool:
    """Whether the agent is among those that a token is for; people are held by their roles."""
    if not isinstance(caller, TokenCaller) or caller.token.agent_ids is None:
        return True
    return agent_id in caller.token.agent_ids


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
