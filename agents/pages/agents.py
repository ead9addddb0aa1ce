"""An agent's own pages: making one, and its settings."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from agents import access, roles
from agents.agents import prompt
from agents.agents.editing import create_agent, edit_agent
from agents.pages import frame
from agents.pages.forms import AgentForm
from agents.pages.frame import PageRequest
from agents.roles import Permission
from glozr.errors import Invalid


@require_http_methods(["GET", "HEAD", "POST"])
def agent_new(request: PageRequest, workspace_id: UUID) -> HttpResponse:
    workspace = access.workspace_for(request.user, workspace_id, Permission.EDIT_AGENTS)
    form = AgentForm(frame.posted(request), initial=AgentForm.initial_of(None))
    if form.is_valid():
        try:
            agent = create_agent(workspace=workspace, **form.fields_of_agent(), by=request.user)
        except Invalid as invalid:
            frame.add_errors(form, invalid)
        else:
            messages.success(request, f"{agent.name} is ready. Try a first experiment on it.")
            return redirect(agent)
    context = {"form": form, "prompt": _prompt(form)}
    return frame.workspace_page(
        request, workspace, "agents/agents/agent_new.html", context, section="agents"
    )


@require_http_methods(["GET", "HEAD", "POST"])
def agent_settings(request: PageRequest, agent_id: UUID) -> HttpResponse:
    needed = Permission.EDIT_AGENTS if request.method == "POST" else Permission.VIEW
    agent = access.agent_for(request.user, agent_id, needed)
    form = AgentForm(frame.posted(request), initial=AgentForm.initial_of(agent))
    if form.is_valid():
        try:
            edit_agent(agent, **form.fields_of_agent(), by=request.user)
        except Invalid as invalid:
            frame.add_errors(form, invalid)
        else:
            messages.success(request, "Saved.")
            return redirect("agent_settings", agent.pk)
    if Permission.EDIT_AGENTS not in roles.permissions_of(request.user, agent.workspace):
        for field in form.fields.values():
            field.widget.attrs["readonly"] = True
    context = {"form": form, "prompt": _prompt(form)}
    return frame.agent_page(
        request, agent, "agents/agents/agent_settings.html", context, section="settings"
    )


@require_POST
def prompt_preview(request: PageRequest, workspace_id: UUID) -> HttpResponse:
    """The system prompt that what has been typed so far would give."""
    access.workspace_for(request.user, workspace_id, Permission.VIEW)
    form = AgentForm(request.POST)
    return render(request, "agents/agents/_prompt.html", {"prompt": _prompt(form)})


def _prompt(form: AgentForm) -> str:
    return prompt.system_prompt(form.persona, str(form["system_prompt"].value() or ""))
