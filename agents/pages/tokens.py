"""A workspace's API tokens."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from agents import access
from agents.pages import frame
from agents.pages.forms import TokenForm
from agents.pages.frame import PageRequest
from agents.pages.proof import proof_required
from agents.roles import Permission
from agents.workspaces import tokens as services
from glozr.errors import Invalid


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@proof_required
def tokens(request: PageRequest, workspace_id: UUID) -> HttpResponse:
    """The tokens. The key of a new one is in the answer to the POST and nowhere else."""
    workspace = access.workspace_for(request.user, workspace_id, Permission.MANAGE_TOKENS)
    form = TokenForm(frame.posted(request))
    if form.is_valid():
        try:
            token, key = services.create_token(
                workspace=workspace, created_by=request.user, **form.cleaned_data
            )
        except Invalid as invalid:
            frame.add_errors(form, invalid)
        else:
            context = {"token": token, "key": key}
            return frame.workspace_page(
                request,
                workspace,
                "agents/workspaces/token_created.html",
                context,
                section="tokens",
            )
    found = workspace.tokens.select_related("created_by")
    context = {"form": form, "page": frame.paged(request, found)}
    return frame.workspace_page(
        request, workspace, "agents/workspaces/tokens.html", context, section="tokens"
    )


@require_http_methods(["GET", "HEAD", "POST"])
@proof_required
def token_revoke(request: PageRequest, workspace_id: UUID, token_id: UUID) -> HttpResponse:
    token = access.token_for(request.user, workspace_id, token_id)
    if request.method == "POST":
        services.revoke_token(token)
        messages.success(request, f"{token.name} is revoked: calls with it are refused from now.")
        return redirect("tokens", workspace_id)
    return frame.workspace_page(
        request,
        token.workspace,
        "agents/workspaces/token_revoke.html",
        {"token": token},
        section="tokens",
    )
