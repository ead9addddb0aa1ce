"""A workspace's API tokens."""

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_http_methods

from agents import access, limits
from agents.models import ApiToken, Workspace
from agents.pages import frame
from agents.pages.forms import RotateForm, TokenForm
from agents.pages.frame import PageRequest
from agents.pages.proof import proof_required
from agents.roles import Permission
from agents.workspaces import tokens as services
from glozr.errors import Invalid


@dataclass(frozen=True, slots=True)
class TokenRow:
    """A token of the list, with the names of the agents that it is for, if not for all."""

    token: ApiToken
    agents: list[str]


@require_http_methods(["GET", "HEAD", "POST"])
@proof_required
def tokens(request: PageRequest, workspace_id: UUID) -> HttpResponse:
    """The tokens. The key of a new one is in the answer to the POST and nowhere else."""
    workspace = access.workspace_for(request.user, workspace_id, Permission.MANAGE_TOKENS)
    agents = workspace.agents.order_by("name", "id")[: limits.TOKEN_AGENTS]
    form = TokenForm(frame.posted(request), agents=agents)
    if form.is_valid():
        try:
            token, key = services.create_token(
                workspace=workspace,
                created_by=request.user,
                name=form.cleaned_data["name"],
                abilities=form.cleaned_data["abilities"],
                bounds=form.bounds(),
            )
        except Invalid as invalid:
            frame.add_errors(form, invalid)
        else:
            return _key_page(request, workspace, token, key)
    page = frame.paged(request, workspace.tokens.select_related("created_by"))
    context = {"form": form, "page": page, "rows": _rows(workspace, page.object_list)}
    context["agents"] = agents
    return frame.workspace_page(
        request, workspace, "agents/workspaces/tokens.html", context, section="tokens"
    )


@require_http_methods(["GET", "HEAD", "POST"])
@proof_required
def token_rotate(request: PageRequest, workspace_id: UUID, token_id: UUID) -> HttpResponse:
    """A new key for the token, in the answer to the POST and nowhere else."""
    token = access.token_for(request.user, workspace_id, token_id)
    form = RotateForm(frame.posted(request), initial={"hint": token.hint, "hours": 24})
    if form.is_valid():
        try:
            rotated, key = services.rotate_token(
                token, overlap=form.overlap(), seen_hint=form.cleaned_data["hint"], by=request.user
            )
        except Invalid as invalid:
            frame.add_errors(form, invalid)
        else:
            return _key_page(request, token.workspace, rotated, key)
    return frame.workspace_page(
        request,
        token.workspace,
        "agents/workspaces/token_rotate.html",
        {"token": token, "form": form},
        section="tokens",
    )


@require_http_methods(["GET", "HEAD", "POST"])
@proof_required
def token_revoke(request: PageRequest, workspace_id: UUID, token_id: UUID) -> HttpResponse:
    token = access.token_for(request.user, workspace_id, token_id)
    if request.method == "POST":
        services.revoke_token(token, by=request.user)
        messages.success(request, f"{token.name} is revoked: calls with it are refused from now.")
        return redirect("tokens", workspace_id)
    return frame.workspace_page(
        request,
        token.workspace,
        "agents/workspaces/token_revoke.html",
        {"token": token},
        section="tokens",
    )


def _key_page(
    request: PageRequest, workspace: Workspace, token: ApiToken, key: str
) -> HttpResponse:
    return frame.workspace_page(
        request,
        workspace,
        "agents/workspaces/token_created.html",
        {"token": token, "key": key},
        section="tokens",
    )


def _rows(workspace: Workspace, tokens: Iterable[ApiToken]) -> list[TokenRow]:
    shown = list(tokens)
    ids = {agent_id for token in shown for agent_id in token.agent_ids or ()}
    names = dict(workspace.agents.filter(pk__in=ids).values_list("pk", "name")) if ids else {}
    return [
        TokenRow(token, [names.get(one, "an agent that is gone") for one in token.agent_ids or ()])
        for token in shown
    ]
