"""Services on workspaces."""

from django.core.exceptions import ValidationError
from django.db import transaction

from agents import roles
from agents.models import Role, User, Workspace
from agents.workspaces import members
from glozr.inputs.validation import invalid


def create_workspace(*, name: str, owner: User, time_zone: str = "UTC") -> Workspace:
    """A new workspace with its role groups and its first Owner.

    Raises:
        Invalid: with every broken rule.
    """
    workspace = Workspace(name=name.strip(), time_zone=time_zone)
    _check(workspace)
    with transaction.atomic():
        workspace.save()
        roles.install(workspace)
        members.add(workspace=workspace, user=owner, role=Role.OWNER)
    return workspace


def edit_workspace(workspace: Workspace, *, name: str, time_zone: str) -> None:
    """Change the workspace's name and where its days begin.

    Raises:
        Invalid: with every broken rule.
    """
    workspace.name = name.strip()
    workspace.time_zone = time_zone
    _check(workspace)
    workspace.save(update_fields=["name", "time_zone"])


def _check(workspace: Workspace) -> None:
    try:
        workspace.full_clean()
    except ValidationError as error:
        raise invalid(error) from error
