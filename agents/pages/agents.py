"""An agent's own pages: making one, its settings, and what it said before."""

from http import HTTPStatus
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from agents import access, roles
from agents.agents import prompt, revisions
from agents.agents.dependents import dependents_of, source_of_persona
from agents.agents.editing import create_agent, edit_agent
from agents.agents.overlap import overlap_of
from agents.audit.narrative import told_differences
from agents.models import Agent
from agents.pages import frame
from agents.pages.forms import AgentEditForm, AgentForm
from agents.pages.frame import PageRequest
from agents.roles import Permission
from glozr.edge.replica import from_replica
from glozr.errors import Invalid, OutOfDate

_SECTION = "settings"


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
    if request.method != "POST":
        return _settings_page(request, agent, AgentEditForm.of(agent))
    form = AgentEditForm(request.POST)
    if form.is_valid():
        try:
            edit_agent(
                agent,
                **form.fields_of_agent(),
                by=request.user,
                seen=form.seen(),
                urgent=form.cleaned_data["urgent"],
            )
        except Invalid as invalid:
            frame.add_errors(form, invalid)
        except OutOfDate:
            return _out_of_date_page(request, agent_id, form)
        else:
            messages.success(request, "Saved.")
            return redirect("agent_settings", agent.pk)
    return _settings_page(request, agent, form)


def _settings_page(
    request: PageRequest,
    agent: Agent,
    form: AgentEditForm,
    *,
    status: int = HTTPStatus.OK,
    **context: object,
) -> HttpResponse:
    may_edit = Permission.EDIT_AGENTS in roles.permissions_of(request.user, agent.workspace)
    if not may_edit:
        del form.fields["urgent"]
        for field in form.fields.values():
            field.widget.attrs["readonly"] = True
    shown = {
        "form": form,
        "prompt": _prompt(form),
        "dependents": dependents_of(agent) if may_edit else [],
        "source": source_of_persona(agent),
        **context,
    }
    return frame.agent_page(
        request,
        agent,
        "agents/agents/agent_settings.html",
        shown,
        section=_SECTION,
        status=status,
    )


def _out_of_date_page(request: PageRequest, agent_id: UUID, form: AgentEditForm) -> HttpResponse:
    """What both have typed, put together where it does not overlap, to be looked at and saved.

    From here on the person has seen what is stored, and may put their own in its place.
    """
    current = access.agent_for(request.user, agent_id, Permission.EDIT_AGENTS)
    found = overlap_of(current, seen=form.seen(), typed=form.typed())
    together = AgentEditForm.of(current, **found.together, urgent=form.cleaned_data["urgent"])
    return _settings_page(
        request,
        current,
        together,
        status=HTTPStatus.CONFLICT,
        overlap=found,
        theirs=told_differences(found.theirs),
        ours=told_differences(found.ours),
    )


@require_safe
@from_replica
def agent_revisions(request: PageRequest, agent_id: UUID) -> HttpResponse:
    agent = access.agent_for(request.user, agent_id, Permission.VIEW)
    context = {"page": frame.paged(request, revisions.revisions_of(agent))}
    return frame.agent_page(
        request, agent, "agents/agents/agent_revisions.html", context, section=_SECTION
    )


@require_safe
def agent_revision(request: PageRequest, agent_id: UUID, number: int) -> HttpResponse:
    """What the agent said at a revision, and how that differed from the one before."""
    agent = access.agent_for(request.user, agent_id, Permission.VIEW)
    revision = revisions.revision_of(agent, number)
    before = revisions.revision_before(agent, revision)
    context = {
        "revision": revision,
        "before": before,
        "changes": revisions.changes_between(before, revision) if before else [],
        "prompt": prompt.system_prompt(revision.persona, revision.system_prompt),
    }
    return frame.agent_page(
        request, agent, "agents/agents/agent_revision.html", context, section=_SECTION
    )


@require_POST
def prompt_preview(request: PageRequest, workspace_id: UUID) -> HttpResponse:
    """The system prompt that what has been typed so far would give."""
    access.workspace_for(request.user, workspace_id, Permission.VIEW)
    form = AgentForm(request.POST)
    return render(request, "agents/agents/_prompt.html", {"prompt": _prompt(form)})


def _prompt(form: AgentForm) -> str:
    return prompt.system_prompt(form.persona, str(form["system_prompt"].value() or ""))
