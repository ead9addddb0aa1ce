"""Conversations and leads of an agent."""

from http import HTTPStatus
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from agents import access
from agents.models import LeadStatus
from agents.pages.frame import PageRequest, agent_page
from agents.roles import Permission
from experiments.pages.activity_forms import ConversationFilter, LeadFilter
from experiments.visitors import activity
from experiments.visitors.lead_status import change_lead_status, change_lead_statuses
from glozr.edge.replica import from_replica
from glozr.ids import uuid_or_none


@require_safe
@from_replica
def conversation_list(request: PageRequest, agent_id: UUID) -> HttpResponse:
    agent = access.agent_for(request.user, agent_id, Permission.VIEW)
    filters = ConversationFilter(request.GET, agent=agent)
    context: dict[str, object] = {"filters": filters}
    if filters.is_valid():
        page = activity.conversations(agent, filters.wanted(), cursor=_cursor(request))
        context |= {
            "page": page,
            "rows": activity.described(page.rows, known=filters.arms.values()),
        }
    return agent_page(
        request,
        agent,
        "experiments/visitors/conversation_list.html",
        context,
        section="conversations",
        status=HTTPStatus.OK if filters.is_valid() else HTTPStatus.BAD_REQUEST,
    )


@require_safe
@from_replica
def conversation(request: PageRequest, agent_id: UUID, conversation_id: UUID) -> HttpResponse:
    agent = access.agent_for(request.user, agent_id, Permission.VIEW)
    transcript = activity.transcript(agent, conversation_id, cursor=_cursor(request))
    return agent_page(
        request,
        agent,
        "experiments/visitors/conversation.html",
        {"transcript": transcript, "page": transcript.messages},
        section="conversations",
    )


@require_safe
@from_replica
def lead_list(request: PageRequest, agent_id: UUID) -> HttpResponse:
    agent = access.agent_for(request.user, agent_id, Permission.VIEW)
    filters = LeadFilter(request.GET, agent=agent)
    context: dict[str, object] = {"filters": filters, "statuses": LeadStatus}
    if filters.is_valid():
        page = activity.leads(agent, filters.wanted(), cursor=_cursor(request))
        context |= {"page": page, "rows": activity.with_variants(agent, page.rows)}
    return agent_page(
        request,
        agent,
        "experiments/visitors/lead_list.html",
        context,
        section="leads",
        status=HTTPStatus.OK if filters.is_valid() else HTTPStatus.BAD_REQUEST,
    )


@require_POST
def lead_status(request: PageRequest, agent_id: UUID, lead_id: UUID) -> HttpResponse:
    """Change how far a lead has come; back to the list as it was narrowed."""
    agent = access.agent_for(request.user, agent_id, Permission.RUN)
    lead = activity.lead_for(agent, lead_id)
    change_lead_status(lead, status=request.POST.get("status", ""))
    query = QueryDict(request.POST.get("query", "")).urlencode()
    if request.htmx:
        (row,) = activity.with_variants(agent, [activity.lead_for(agent, lead_id)])
        context = {"agent": agent, "row": row, "statuses": LeadStatus, "query": query}
        return render(
            request, "experiments/visitors/_lead_saved.html", {**context, "may_change": True}
        )
    messages.success(request, f"{lead.email} is saved.")
    return redirect(f"{reverse('lead_list', args=[agent.pk])}?{query}")


@require_POST
def lead_statuses(request: PageRequest, agent_id: UUID) -> HttpResponse:
    """Change how far several leads have come, all of them or none."""
    agent = access.agent_for(request.user, agent_id, Permission.RUN)
    chosen = [found for text in request.POST.getlist("lead") if (found := uuid_or_none(text))]
    leads = activity.leads_for(agent, chosen[: activity.ROWS_PER_PAGE])
    if leads:
        status = request.POST.get("status", "")
        change_lead_statuses(leads, status=status)
        messages.success(request, f"{len(leads)} lead{'s' * (len(leads) > 1)} saved.")
    else:
        messages.info(request, "Choose the leads first, by the boxes beside them.")
    query = QueryDict(request.POST.get("query", "")).urlencode()
    return redirect(f"{reverse('lead_list', args=[agent.pk])}?{query}")


def _cursor(request: PageRequest) -> str:
    return request.GET.get("cursor", "")
