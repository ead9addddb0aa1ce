"""The table of roles, as PRODUCT.md has it."""

from collections.abc import Callable
from contextlib import AbstractContextManager

import pytest

from agents import roles
from agents.models import Role, User, WorkspaceGrant
from agents.roles import Permission
from agents.workspaces import members
from agents.workspaces.editing import create_workspace
from glozr.edge.request_memory import for_one_request
from tests.factories import UserFactory, WorkspaceFactory
from tests.roles import Cast

pytestmark = pytest.mark.django_db


def test_the_grants_of_a_workspace_are_exactly_the_table(cast: Cast) -> None:
    grants = WorkspaceGrant.objects.filter(content_object=cast.workspace)
    found = {(grant.group.name.rsplit(":", 1)[1], grant.permission.codename) for grant in grants}
    everything = {
        "view_experiments",
        "run_experiments",
        "edit_agents",
        "manage_members",
        "manage_tokens",
        "manage_visitors",
    }
    assert found == {
        *(("owner", name) for name in everything),
        *(("admin", name) for name in everything),
        ("editor", "view_experiments"),
    }


def test_who_may_do_what(cast: Cast) -> None:
    def held(user: object) -> frozenset[Permission]:
        return roles.permissions_of(user, cast.workspace)  # type: ignore[arg-type]

    assert held(cast.owner) == held(cast.admin) == held(cast.superuser) == set(Permission)
    assert held(cast.editor) == {Permission.VIEW}
    assert held(cast.outsider) == set()


def test_a_new_role_replaces_the_old_one(cast: Cast) -> None:
    members.add(workspace=cast.workspace, user=cast.admin, role=Role.EDITOR)
    assert roles.permissions_of(cast.admin, cast.workspace) == {Permission.VIEW}
    assert roles.permissions_by_role(cast.admin) == {cast.workspace.pk: {Permission.VIEW}}
    assert cast.admin.groups.count() == 1


def test_a_person_may_have_another_role_elsewhere(cast: Cast) -> None:
    second = create_workspace(name="Second", owner=cast.editor)
    assert roles.permissions_of(cast.editor, second) == set(Permission)
    assert roles.permissions_of(cast.editor, cast.workspace) == {Permission.VIEW}
    assert set(roles.workspaces_for(cast.editor, Permission.RUN)) == {second}
    assert set(roles.workspaces_for(cast.editor, Permission.VIEW)) == {second, cast.workspace}
    assert roles.permissions_by_role(cast.editor) == {
        second.pk: set(Permission),
        cast.workspace.pk: {Permission.VIEW},
    }
    assert roles.permissions_by_role(UserFactory.create()) == {}


def test_an_inactive_person_may_nothing(cast: Cast) -> None:
    for person in (cast.superuser, cast.owner):
        person.is_active = False
        person.save()
    assert roles.permissions_of(cast.owner, cast.workspace) == set()
    assert roles.permissions_of(cast.superuser, cast.workspace) == set()
    assert roles.permissions_by_role(cast.owner) == {}


def test_a_group_of_one_workspace_grants_nothing_in_another() -> None:
    user = UserFactory.create()
    WorkspaceFactory.create(owner=user)
    other = WorkspaceFactory.create()
    assert roles.permissions_of(user, other) == set()


def test_nothing_is_kept_on_a_person_beyond_a_request(cast: Cast) -> None:
    assert roles.permissions_of(cast.admin, cast.workspace) == set(Permission)
    elsewhere = User.objects.get(pk=cast.admin.pk)
    members.add(workspace=cast.workspace, user=elsewhere, role=Role.EDITOR)
    assert roles.permissions_of(cast.admin, cast.workspace) == {Permission.VIEW}
    assert not [name for name in vars(cast.admin) if "permissions" in name]


def test_one_request_asks_once_and_again_after_a_change(
    cast: Cast, django_assert_num_queries: Callable[[int], AbstractContextManager[object]]
) -> None:
    with for_one_request():
        assert roles.permissions_of(cast.admin, cast.workspace) == set(Permission)
        assert roles.permissions_by_role(cast.admin)
        with django_assert_num_queries(0):
            roles.permissions_of(cast.admin, cast.workspace)
            roles.permissions_by_role(cast.admin)
        members.add(workspace=cast.workspace, user=cast.admin, role=Role.EDITOR)
        assert roles.permissions_of(cast.admin, cast.workspace) == {Permission.VIEW}
        assert roles.permissions_by_role(cast.admin) == {cast.workspace.pk: {Permission.VIEW}}
