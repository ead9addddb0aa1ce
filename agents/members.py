"""Services on the members of a workspace. A membership and its group change together."""

from django.db import transaction

from agents import roles
from agents.models import Membership, Role, User, Workspace


def add(*, workspace: Workspace, user: User, role: Role) -> Membership:
    """Make `user` a member with `role`, or give the member that role."""
    with transaction.atomic():
        membership, _ = Membership.objects.update_or_create(
            workspace=workspace, user=user, defaults={"role": role}
        )
        roles.put_into(user, workspace, role)
    return membership
