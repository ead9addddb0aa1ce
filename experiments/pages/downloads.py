"""What the pages show, as files: CSV for programs, workbooks for people.

Who is signed out is led to sign in and back to the file, as to any page.
"""

from uuid import UUID

from django.http import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_safe

from agents import access
from agents.models import Agent
from agents.pages.frame import PageRequest
from agents.roles import Permission
from experiments.access import experiment_for
from experiments.lifecycle.export import steps_table
from experiments.models import Experiment
from experiments.pages import activity
from experiments.pages.activity_forms import ConversationFilter, LeadFilter
from experiments.results.daily import daily_table
from experiments.results.export import assignments_table
from experiments.visitors.tables import conversations_table, leads_table, messages_table
from glozr.edge.downloads import FileKind, download
from glozr.edge.replica import from_replica
from glozr.outputs.tables import Table
from glozr.zones import zone


@require_safe
@from_replica
def lead_file(request: PageRequest, agent_id: UUID, kind: FileKind) -> HttpResponseBase:
    agent = access.agent_for(request.user, agent_id, Permission.VIEW)
    filters = LeadFilter(request.GET, agent=agent)
    if not filters.is_valid():
        return activity.lead_list(request, agent_id)
    return _of_agent(agent, kind, "leads", leads_table(agent, filters.wanted()))


@require_safe
@from_replica
def conversation_file(request: PageRequest, agent_id: UUID, kind: FileKind) -> HttpResponseBase:
    """The conversations; a workbook has what was said in them on a second sheet."""
    agent = access.agent_for(request.user, agent_id, Permission.VIEW)
    filters = ConversationFilter(request.GET, agent=agent)
    if not filters.is_valid():
        return activity.conversation_list(request, agent_id)
    wanted = filters.wanted()
    tables = conversations_table(agent, wanted), messages_table(agent, wanted)
    return _of_agent(agent, kind, "conversations", *tables)


@require_safe
@from_replica
def message_file(request: PageRequest, agent_id: UUID, kind: FileKind) -> HttpResponseBase:
    """What was said in the conversations."""
    agent = access.agent_for(request.user, agent_id, Permission.VIEW)
    filters = ConversationFilter(request.GET, agent=agent)
    if not filters.is_valid():
        return activity.conversation_list(request, agent_id)
    return _of_agent(agent, kind, "messages", messages_table(agent, filters.wanted()))


@require_safe
@from_replica
def assignment_file(
    request: PageRequest, agent_id: UUID, experiment_id: UUID, kind: FileKind
) -> HttpResponseBase:
    found = experiment_for(request.user, agent_id, experiment_id, Permission.VIEW)
    return _of_experiment(found, kind, "assignments", assignments_table(found))


@require_safe
@from_replica
def result_file(
    request: PageRequest, agent_id: UUID, experiment_id: UUID, kind: FileKind
) -> HttpResponseBase:
    found = experiment_for(request.user, agent_id, experiment_id, Permission.VIEW)
    return _of_experiment(found, kind, "results", daily_table(found))


@require_safe
@from_replica
def experiment_history_file(
    request: PageRequest, agent_id: UUID, experiment_id: UUID, kind: FileKind
) -> HttpResponseBase:
    found = experiment_for(request.user, agent_id, experiment_id, Permission.VIEW)
    return _of_experiment(found, kind, "history", steps_table(found))


@require_safe
@from_replica
def figures(request: PageRequest, agent_id: UUID, experiment_id: UUID) -> HttpResponseBase:
    """On to the API's figures, which itself leads nobody to the sign-in."""
    found = experiment_for(request.user, agent_id, experiment_id, Permission.VIEW)
    address = reverse("api_results", args=[found.agent_id, found.pk])
    return redirect(f"{address}?{request.GET.urlencode()}")


def _of_agent(agent: Agent, kind: FileKind, what: str, *tables: Table) -> HttpResponseBase:
    zone_of_it = zone(agent.workspace.time_zone)
    return download(*tables, kind=kind, name=f"{what}-{agent.pk}", zone=zone_of_it)


def _of_experiment(found: Experiment, kind: FileKind, what: str, table: Table) -> HttpResponseBase:
    zone_of_it = zone(found.agent.workspace.time_zone)
    return download(table, kind=kind, name=f"{what}-{found.pk}", zone=zone_of_it)
