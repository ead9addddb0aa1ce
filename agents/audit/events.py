"""Record what was done in a workspace, and read it again."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from agents.audit import texts
from agents.audit.notices import tell_owners
from agents.models import Agent, User, Workspace, WorkspaceAction, WorkspaceEvent
from agents.roles import Caller
from glozr.errors import NotFound

NO_SUCH_STEP = "This history has no such step. Check the address."


def record_event(
    workspace: Workspace,
    action: WorkspaceAction,
    *,
    by: Caller | None,
    subject: object = "",
    agent: Agent | None = None,
    changes: Mapping[str, object] | None = None,
) -> WorkspaceEvent:
    """Note what was done, in the history of `agent` too if there is one, and tell Owners who want
    to know; `by` is None for the system itself. Call it in the transaction of what it is about."""
    event = WorkspaceEvent.objects.create(
        workspace=workspace,
        action=action,
        **done_by(by),
        subject=str(subject)[:254],
        agent=agent,
        changes=texts.keep_texts(workspace.pk, changes or {}),
    )
    tell_owners(event)
    return event


def history_of(workspace: Workspace) -> QuerySet[WorkspaceEvent]:
    """The newest first."""
    return workspace.events.order_by("-created_at", "-id")


def history_of_agent(agent: Agent) -> QuerySet[WorkspaceEvent]:
    """What was done to the agent itself, the newest first."""
    return WorkspaceEvent.objects.filter(agent=agent).order_by("-created_at", "-id")


def workspace_event(workspace: Workspace, event_id: UUID) -> WorkspaceEvent:
    """
    Raises:
        NotFound: the workspace's history has no such event.
    """
    found = workspace.events.filter(pk=event_id).first()
    if found is None:
        raise NotFound(NO_SUCH_STEP)
    return found


def differing(before: Mapping[str, object], after: Mapping[str, object]) -> dict[str, list[object]]:
    """For each field that differs, what it was and what it is."""
    return {
        field: [before.get(field), value]
        for field, value in after.items()
        if before.get(field) != value
    }


def done_by(caller: Caller | None) -> dict[str, Any]:
    """The columns of a step of a history that say who took it."""
    return {
        "actor": caller if isinstance(caller, User) else None,
        "actor_name": caller_name(caller),
    }


def caller_name(caller: Caller | None) -> str:
    """Who did something, for a history."""
    if caller is None:
        return "Glozr"
    if isinstance(caller, User):
        return str(caller)
    return f"API token {caller.token.name}"
