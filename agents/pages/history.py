"""Who did what in a workspace, for who manages its members."""

from uuid import UUID

from django.http import HttpResponse, StreamingHttpResponse
from django.urls import reverse
from django.views.decorators.http import require_safe

from agents import access
from agents.audit import texts
from agents.audit.events import history_of, workspace_event
from agents.audit.export import history_csv
from agents.audit.narrative import workspace_step
from agents.pages import frame
from agents.pages.frame import PageRequest
from agents.roles import Permission
from glozr.postgres.keyset import Order, keyset_page

_SECTION = "history"


@require_safe
def workspace_history(request: PageRequest, workspace_id: UUID) -> HttpResponse:
    workspace = access.workspace_for(request.user, workspace_id, Permission.MANAGE_MEMBERS)
    page = keyset_page(
        [history_of(workspace)],
        order=Order("created_at"),
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
def workspace_history_csv(request: PageRequest, workspace_id: UUID) -> StreamingHttpResponse:
    workspace = access.workspace_for(request.user, workspace_id, Permission.MANAGE_MEMBERS)
    return StreamingHttpResponse(
        history_csv(workspace),
        content_type="text/csv; charset=utf-8",
        headers={
            "Content-Disposition": f'attachment; filename="history-{workspace.pk}.csv"',
        },
    )
