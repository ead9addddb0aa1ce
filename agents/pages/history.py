"""Who did what in a workspace, for who manages its members, and to an agent."""

from uuid import UUID

from django.http import HttpResponse, HttpResponseBase
from django.urls import reverse
from django.views.decorators.http import require_safe

from agents import access
from agents.audit import texts
from agents.audit.events import history_of, workspace_event
from agents.audit.export import agent_table, history_page, workspace_table
from agents.audit.narrative import workspace_step
from agents.pages import frame
from agents.pages.frame import PageRequest
from agents.roles import Permission
from glozr.edge.downloads import FileKind, download
from glozr.edge.replica import from_replica
from glozr.zones import zone

_SECTION = "history"


@require_safe
@from_replica
def workspace_history(request: PageRequest, workspace_id: UUID) -> HttpResponse:
    workspace = access.workspace_for(request.user, workspace_id, Permission.MANAGE_MEMBERS)
    page = history_page(
        history_of(workspace),
        cursor=request.GET.get("cursor", ""),
        per_page=frame.ROWS_A_PAGE,
    )
    context = {
        "page": page,
        "steps": [workspace_step(event) for event in page.rows],
        "history_url": reverse("workspace_history", args=[workspace.pk]),
    }
    return frame.workspace_page(
        request, workspace, "agents/audit/workspace_history.html", context, section=_SECTION
    )


@require_safe
def workspace_history_step(
    request: PageRequest, workspace_id: UUID, event_id: UUID
) -> HttpResponse:
    """One step with the whole texts that it is about."""
    workspace = access.workspace_for(request.user, workspace_id, Permission.MANAGE_MEMBERS)
    event = workspace_event(workspace, event_id)
    whole = texts.contents(workspace.pk, [event.changes])
    context = {
        "steps": [workspace_step(event, whole=whole)],
        "history_url": reverse("workspace_history", args=[workspace.pk]),
    }
    return frame.workspace_page(
        request, workspace, "agents/audit/workspace_history_step.html", context, section=_SECTION
    )


@require_safe
@from_replica
def workspace_history_file(
    request: PageRequest, workspace_id: UUID, kind: FileKind
) -> HttpResponseBase:
    workspace = access.workspace_for(request.user, workspace_id, Permission.MANAGE_MEMBERS)
    return download(
        workspace_table(workspace),
        kind=kind,
        name=f"history-{workspace.pk}",
        zone=zone(workspace.time_zone),
    )


@require_safe
@from_replica
def agent_history_file(request: PageRequest, agent_id: UUID, kind: FileKind) -> HttpResponseBase:
    """What was done to the agent itself, for everybody who sees it."""
    agent = access.agent_for(request.user, agent_id, Permission.VIEW)
    return download(
        agent_table(agent),
        kind=kind,
        name=f"history-{agent.pk}",
        zone=zone(agent.workspace.time_zone),
    )
