"""Connecting a chat runtime: the three calls to copy, a token for them, and whether one came."""

from datetime import datetime
from secrets import token_hex
from typing import Any
from uuid import UUID, uuid5

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe
from django.views.decorators.vary import vary_on_headers

from agents import access, limits
from agents.models import Ability, Agent
from agents.pages import frame
from agents.pages.frame import PageRequest
from agents.pages.proof import proof_required
from agents.roles import Permission
from agents.workspaces.tokens import Bounds, create_token
from experiments.visitors.hearing import heard_since

LANGUAGES = (
    ("curl", "curl", "experiments/trying/samples/curl.txt"),
    ("python", "Python", "experiments/trying/samples/python.txt"),
    ("typescript", "TypeScript", "experiments/trying/samples/typescript.txt"),
)


@require_http_methods(["GET", "HEAD", "POST"])
@proof_required
def connect(request: PageRequest, agent_id: UUID) -> HttpResponse:
    """A POST makes a token for this agent; its key is in the answer and nowhere else."""
    permission = Permission.MANAGE_TOKENS if request.method == "POST" else Permission.VIEW
    agent = access.agent_for(request.user, agent_id, permission)
    key = ""
    if request.method == "POST":
        _, key = create_token(
            workspace=agent.workspace,
            name=f"Runtime of {agent}"[: limits.TOKEN_NAME].strip(),
            abilities=[Ability.RUNTIME],
            created_by=request.user,
            bounds=Bounds(agent_ids=[agent.pk]),
        )
    # Another at each look, as the page waits for a conversation that begins.
    conversation = f"chat-{token_hex(3)}"
    context = {
        "conversation": conversation,
        "conversation_id": uuid5(agent.pk, conversation),
        "key": key,
        "languages": LANGUAGES,
        "address": request.build_absolute_uri("/").rstrip("/"),
        **_heard(request, agent),
    }
    return frame.agent_page(
        request, agent, "experiments/trying/connect.html", context, section="connect"
    )


@require_safe
@vary_on_headers("HX-Request")
def connect_heard(request: PageRequest, agent_id: UUID) -> HttpResponse:
    """The line that waits for the first call; the page, if opened."""
    agent = access.agent_for(request.user, agent_id, Permission.VIEW)
    if not request.htmx:
        query = f"?{request.GET.urlencode()}" if request.GET else ""
        return redirect(reverse("connect", args=[agent.pk]) + query)
    context = {"agent": agent, **_heard(request, agent)}
    return render(request, "experiments/trying/_heard.html", context)


def _heard(request: PageRequest, agent: Agent) -> dict[str, Any]:
    since = _since(request.GET.get("since", ""))
    return {"since": since, "heard": heard_since(agent.pk, since)}


def _since(text: str) -> datetime:
    """From when on somebody waits: now, unless the page has waited already."""
    try:
        since = datetime.fromisoformat(text)
    except ValueError:
        return timezone.now()
    return since if since.tzinfo else timezone.now()
