"""The cast: one person a role, all of one workspace, and two who have no business there."""

from dataclasses import dataclass

from django.test import Client

from agents.models import Agent, Role, User, Workspace
from tests.factories import AgentFactory, MembershipFactory, UserFactory, WorkspaceFactory


@dataclass(frozen=True)
class Cast:
    workspace: Workspace
    agent: Agent
    owner: User
    admin: User
    editor: User
    outsider: User
    """A member of another workspace."""
    superuser: User

    @property
    def members(self) -> tuple[User, User, User]:
        return (self.owner, self.admin, self.editor)


def make_cast() -> Cast:
    owner = UserFactory.create(email="owner@example.com")
    workspace = WorkspaceFactory.create(owner=owner)
    elsewhere = WorkspaceFactory.create()
    return Cast(
        workspace=workspace,
        agent=AgentFactory.create(workspace=workspace),
        owner=owner,
        admin=MembershipFactory.create(workspace=workspace, role=Role.ADMIN).user,
        editor=MembershipFactory.create(workspace=workspace, role=Role.EDITOR).user,
        outsider=elsewhere.memberships.get().user,
        superuser=User.objects.create_superuser("root@example.com"),
    )


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client
