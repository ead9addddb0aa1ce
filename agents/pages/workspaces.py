"""Where people come in: their workspaces, and the agents of the one they work in."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from agents import access
from agents.agents.dependents import active_at
from agents.conversations.weekly import MOST_LOOKED_AT, weekly_visitors
from agents.models import Role, Workspace
from agents.pages import frame
from agents.pages.forms import WorkspaceForm
from agents.pages.frame import PageRequest
from agents.pages.proof import proof_required
from agents.roles import Permission
from agents.second_factor import has_second_factor
from agents.workspaces.editing import edit_workspace, require_second_factor
from agents.workspaces.members import assignable_roles
from glozr.edge.replica import from_replica
from glozr.errors import Conflict, Invalid


@require_safe
def home(request: PageRequest) -> HttpResponse:
    return redirect("agent_list")


@require_safe
@from_replica
def agent_list(request: PageRequest) -> HttpResponse:
    workspace = frame.current_workspace(request)
    if workspace is None:
        return render(request, "agents/workspaces/no_workspace.html")
    access.demand(request.user, workspace, Permission.VIEW)
    search = frame.search_term(request)
    agents = access.agents_for(request.user).filter(workspace=workspace, name__icontains=search)
    page = frame.paged(request, agents)
    ids = [agent.pk for agent in page]
    active, visitors = active_at(ids), weekly_visitors(ids)
    context = {
        "page": page,
        "rows": [(agent, active.get(agent.pk), visitors[agent.pk]) for agent in page],
        "most": MOST_LOOKED_AT,
        "search": search,
    }
    return frame.workspace_page(
        request, workspace, "agents/agents/agent_list.html", context, section="agents"
    )


@require_safe
def workspace_list(request: PageRequest) -> HttpResponse:
    search = frame.search_term(request)
    found = frame.workspaces_of(request.user).filter(name__icontains=search)
    context = {"page": frame.paged(request, found), "search": search}
    return render(request, "agents/workspaces/workspace_list.html", context)


@require_safe
def workspace_open(request: PageRequest, workspace_id: UUID) -> HttpResponse:
    workspace = access.workspace_for(request.user, workspace_id, Permission.VIEW)
    frame.remember(request, workspace)
    return redirect("agent_list")


@require_http_methods(["GET", "HEAD", "POST"])
def workspace_settings(request: PageRequest, workspace_id: UUID) -> HttpResponse:
    workspace = access.workspace_for(request.user, workspace_id, Permission.MANAGE_MEMBERS)
    fields = ("name", "time_zone", "retention_months")
    initial = {field: getattr(workspace, field) for field in fields}
    form = WorkspaceForm(frame.posted(request), initial=initial)
    if form.is_valid():
        try:
            edit_workspace(workspace, **form.cleaned_data, by=request.user)
        except Invalid as invalid:
            frame.add_errors(form, invalid)
        else:
            messages.success(request, "Saved.")
            return redirect("workspace_settings", workspace.pk)
    return _settings_page(request, workspace, form)


@require_POST
@proof_required
def second_factor(request: PageRequest, workspace_id: UUID) -> HttpResponse:
    """Ask the members for a second factor, or no longer: for Owners."""
    workspace = access.workspace_for(request.user, workspace_id, Permission.MANAGE_MEMBERS)
    is_required = request.POST.get("required") == "yes"
    try:
        require_second_factor(workspace, is_required=is_required, by=request.user)
    except Conflict as conflict:
        messages.error(request, conflict.detail)
    else:
        told = "Members need a second factor from now on." if is_required else "Saved."
        messages.success(request, told)
    return redirect("workspace_settings", workspace.pk)


def _settings_page(request: PageRequest, workspace: Workspace, form: WorkspaceForm) -> HttpResponse:
    context = {
        "form": form,
        "is_owner": Role.OWNER in assignable_roles(workspace, by=request.user),
        "has_second_factor": has_second_factor(request.user),
    }
    return frame.workspace_page(
        request,
        workspace,
        "agents/workspaces/workspace_settings.html",
        context,
        section="settings",
    )
