"""Services on workspaces."""

from django.core.exceptions import ValidationError
from django.db import transaction

from agents import roles
from agents.audit.events import differing, record_event
from agents.models import Role, User, Workspace, WorkspaceAction
from agents.roles import Caller
from agents.second_factor import has_second_factor
from agents.workspaces import members
from glozr.errors import Conflict
from glozr.inputs.validation import invalid


def create_workspace(
    *, name: str, owner: User, time_zone: str = "UTC", retention_months: int | None = None
) -> Workspace:
    """A new workspace with its role groups and its first Owner.

    Raises:
        Invalid: with every broken rule.
    """
    workspace = Workspace(name=name.strip(), time_zone=time_zone, retention_months=retention_months)
    _check(workspace)
    with transaction.atomic():
        workspace.save()
        roles.install(workspace)
        record_event(workspace, WorkspaceAction.WORKSPACE_CREATED, by=owner)
        members.add(workspace=workspace, user=owner, role=Role.OWNER, by=None)
    return workspace


def edit_workspace(
    workspace: Workspace,
    *,
    name: str,
    time_zone: str,
    retention_months: int | None,
    by: Caller | None,
) -> None:
    """Change the workspace's name, where its days begin and how long it keeps visitors.

    Raises:
        Invalid: with every broken rule.
    """
    before = _settings(Workspace.objects.get(pk=workspace.pk))
    workspace.name = name.strip()
    workspace.time_zone = time_zone
    workspace.retention_months = retention_months
    _check(workspace)
    with transaction.atomic():
        workspace.save(update_fields=["name", "time_zone", "retention_months"])
        if changes := differing(before, _settings(workspace)):
            record_event(workspace, WorkspaceAction.WORKSPACE_EDITED, by=by, changes=changes)


def _settings(workspace: Workspace) -> dict[str, object]:
    fields = ("name", "time_zone", "retention_months")
    return {field: getattr(workspace, field) for field in fields}


def require_second_factor(workspace: Workspace, *, is_required: bool, by: User) -> None:
    """Ask the members for a second factor, or no longer.

    Raises:
        Forbidden: `by` is no Owner.
        Conflict: `no_second_factor`, when `by` has none and would be shut out first.
    """
    with transaction.atomic():
        members.lock(workspace)
        members.demand_right_over(workspace, by=by, concerned=(Role.OWNER,))
        if is_required and not has_second_factor(by):
            raise Conflict(
                "Set up a second factor of your own first, or you would see the workspace no more.",
                code="no_second_factor",
            )
        workspace.second_factor_required = is_required
        workspace.save(update_fields=["second_factor_required"])


def _check(workspace: Workspace) -> None:
    try:
        workspace.full_clean()
    except ValidationError as error:
        raise invalid(error) from error
