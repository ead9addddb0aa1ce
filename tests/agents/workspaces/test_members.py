"""Who may change whose membership, and that the last Owner stays."""

import pytest

from agents import roles
from agents.models import Membership, Role, User
from agents.roles import Permission
from agents.workspaces import members
from glozr.errors import Conflict, DomainError, Forbidden, NotFound
from tests.factories import MembershipFactory
from tests.roles import Cast
from tests.threads import at_once

pytestmark = pytest.mark.django_db


def membership(cast: Cast, user: User) -> Membership:
    return Membership.objects.select_related("workspace").get(workspace=cast.workspace, user=user)


def role_of(cast: Cast, user: User) -> str | None:
    return cast.workspace.memberships.filter(user=user).values_list("role", flat=True).first()


def groups_of(user: User) -> list[str]:
    return [group.name.rsplit(":", 1)[1] for group in user.groups.all()]


def test_a_role_and_its_group_change_together(cast: Cast) -> None:
    members.change_role(membership(cast, cast.editor), role=Role.ADMIN, by=cast.owner)
    assert role_of(cast, cast.editor) == Role.ADMIN
    assert groups_of(cast.editor) == ["admin"]
    fresh = User.objects.get(pk=cast.editor.pk)
    assert Permission.RUN in roles.permissions_of(fresh, cast.workspace)


def test_removal_takes_the_permissions_away(cast: Cast) -> None:
    members.remove(membership(cast, cast.admin), by=cast.owner)
    assert role_of(cast, cast.admin) is None
    assert not roles.permissions_of(User.objects.get(pk=cast.admin.pk), cast.workspace)


def test_an_admin_manages_admins_and_editors(cast: Cast) -> None:
    members.change_role(membership(cast, cast.editor), role=Role.ADMIN, by=cast.admin)
    members.remove(membership(cast, cast.editor), by=cast.admin)
    assert role_of(cast, cast.editor) is None


def test_an_admin_cannot_make_an_owner(cast: Cast) -> None:
    for target in (cast.editor, cast.admin):
        with pytest.raises(Forbidden, match="Only an Owner"):
            members.change_role(membership(cast, target), role=Role.OWNER, by=cast.admin)
    assert role_of(cast, cast.admin) == Role.ADMIN


def test_an_admin_cannot_change_or_remove_an_owner(cast: Cast) -> None:
    MembershipFactory.create(workspace=cast.workspace, role=Role.OWNER)
    with pytest.raises(Forbidden, match="Only an Owner"):
        members.change_role(membership(cast, cast.owner), role=Role.EDITOR, by=cast.admin)
    with pytest.raises(Forbidden, match="Only an Owner"):
        members.remove(membership(cast, cast.owner), by=cast.admin)
    assert role_of(cast, cast.owner) == Role.OWNER


@pytest.mark.parametrize("who", ["editor", "outsider"])
def test_nobody_else_manages_members(cast: Cast, who: str) -> None:
    by = getattr(cast, who)
    with pytest.raises(Forbidden):
        members.change_role(membership(cast, cast.admin), role=Role.EDITOR, by=by)
    with pytest.raises(Forbidden):
        members.remove(membership(cast, cast.admin), by=by)
    assert role_of(cast, cast.admin) == Role.ADMIN


def test_a_superuser_may_do_what_an_owner_may(cast: Cast) -> None:
    members.change_role(membership(cast, cast.admin), role=Role.OWNER, by=cast.superuser)
    members.remove(membership(cast, cast.owner), by=cast.superuser)
    assert role_of(cast, cast.admin) == Role.OWNER


def test_the_last_owner_stays(cast: Cast) -> None:
    for by in (cast.owner, cast.superuser):
        with pytest.raises(Conflict, match="only Owner") as refused:
            members.remove(membership(cast, cast.owner), by=by)
        assert refused.value.code == "last_owner"
        with pytest.raises(Conflict, match="only Owner"):
            members.change_role(membership(cast, cast.owner), role=Role.ADMIN, by=by)
    assert role_of(cast, cast.owner) == Role.OWNER


def test_everybody_may_leave(cast: Cast) -> None:
    for user in (cast.admin, cast.editor):
        members.remove(membership(cast, user), by=user)
        assert role_of(cast, user) is None


def test_a_membership_that_has_ended_is_said_so(cast: Cast) -> None:
    stale = membership(cast, cast.editor)
    members.remove(membership(cast, cast.editor), by=cast.owner)
    with pytest.raises(NotFound):
        members.change_role(stale, role=Role.ADMIN, by=cast.owner)
    assert role_of(cast, cast.editor) is None


def test_somebody_demoted_meanwhile_manages_no_more(cast: Cast) -> None:
    """The role is read under the lock, not when the page was opened."""
    assert Permission.MANAGE_MEMBERS in roles.permissions_of(cast.admin, cast.workspace)
    members.change_role(membership(cast, cast.admin), role=Role.EDITOR, by=cast.owner)
    with pytest.raises(Forbidden):
        members.remove(membership(cast, cast.editor), by=cast.admin)


def test_what_an_admin_is_offered_holds_no_owner(cast: Cast) -> None:
    offered = members.assignable_roles(cast.workspace, by=cast.admin)
    assert offered == [Role.ADMIN, Role.EDITOR]
    assert members.assignable_roles(cast.workspace, by=cast.owner) == list(Role)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("step", ["remove", "demote"])
def test_of_two_last_owners_going_at_once_one_stays(cast: Cast, step: str) -> None:
    second = MembershipFactory.create(workspace=cast.workspace, role=Role.OWNER).user

    def go(user: User, by: User) -> str:
        target = membership(cast, user)
        try:
            if step == "remove":
                members.remove(target, by=by)
            else:
                members.change_role(target, role=Role.EDITOR, by=by)
        except DomainError as error:
            return error.code
        return "gone"

    for _ in range(5):
        for user in (cast.owner, second):
            members.add(workspace=cast.workspace, user=user, role=Role.OWNER)
        outcomes = at_once([lambda: go(cast.owner, cast.owner), lambda: go(second, second)])
        assert sorted(outcomes) == ["gone", "last_owner"]
        assert cast.workspace.memberships.filter(role=Role.OWNER).count() == 1
