"""The cast: one person a role, all of one workspace, and two who have no business there."""

from dataclasses import dataclass

from django.test import Client

from agents.models import Agent, Role, User, Workspace
from tests.factories import AgentFactory, MembershipFactory, UserFactory, WorkspaceFactory
from tests.harness.pictures import Picture, is_empty, take


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


_pictured: list[tuple[Cast, Picture]] = []
"""A cast of this process and its picture, once there is one."""


def make_cast() -> Cast:
    """A new cast; where this process has made one already, from a picture of it."""
    for cast, picture in _pictured:
        if picture.still_fits:
            return _copy_of(cast, picture)
    was_empty = is_empty()
    cast = _make_cast()
    if was_empty:
        _pictured[:] = [(cast, take())]
    return cast


def _copy_of(cast: Cast, picture: Picture) -> Cast:
    ids = picture.store()
    people = User.objects.in_bulk()
    workspace = Workspace.objects.get(pk=ids[str(cast.workspace.pk)])
    agent = Agent.objects.get(pk=ids[str(cast.agent.pk)])
    agent.workspace = workspace
    return Cast(
        workspace=workspace,
        agent=agent,
        owner=people[cast.owner.pk],
        admin=people[cast.admin.pk],
        editor=people[cast.editor.pk],
        outsider=people[cast.outsider.pk],
        superuser=people[cast.superuser.pk],
    )


def _make_cast() -> Cast:
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
