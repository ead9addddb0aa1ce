"""The model that a workspace tries its agents with."""

from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_http_methods, require_POST

from agents import access, limits
from agents.model_endpoints.keeping import endpoint_of, remove_endpoint, set_endpoint
from agents.pages import frame
from agents.pages.frame import PageRequest
from agents.pages.proof import proof_required
from agents.roles import Permission
from glozr.errors import Invalid
from glozr.inputs.form_fields import LineField


class ModelEndpointForm(forms.Form):
    url = LineField(
        label="Address",
        max_length=limits.ENDPOINT_URL,
        help_text="Of an OpenAI-compatible endpoint, as its makers write it for their clients.",
        widget=forms.URLInput(
            attrs={"autocomplete": "off", "placeholder": "https://models.example/v1"}
        ),
    )
    model = LineField(label="Model", max_length=limits.MODEL_NAME)
    key = forms.CharField(
        label="Key",
        required=False,
        max_length=limits.MODEL_KEY,
        widget=forms.PasswordInput(attrs={"autocomplete": "off"}),
    )
    calls_a_day = forms.IntegerField(
        label="Calls a day",
        min_value=1,
        max_value=limits.MOST_MODEL_CALLS,
        initial=limits.MODEL_CALLS,
        help_text="Of all members together; every answer in a column is one.",
        widget=forms.NumberInput(attrs={"class": "input-small"}),
    )


@require_http_methods(["GET", "HEAD", "POST"])
@proof_required
def model_endpoint(request: PageRequest, workspace_id: UUID) -> HttpResponse:
    """Set it or change it. The key is never shown again."""
    workspace = access.workspace_for(request.user, workspace_id, Permission.MANAGE_TOKENS)
    endpoint = endpoint_of(workspace)
    initial = {
        name: getattr(endpoint, name) for name in ("url", "model", "calls_a_day") if endpoint
    }
    form = ModelEndpointForm(frame.posted(request), initial=initial)
    form.fields["key"].help_text = (
        "It is encrypted and shown to nobody. Leave this empty to keep the one that is set."
        if endpoint and endpoint.sealed_key
        else "It is encrypted and shown to nobody. Empty, if the endpoint asks for none."
    )
    if form.is_valid():
        try:
            set_endpoint(workspace, **form.cleaned_data, by=request.user)
        except Invalid as invalid:
            frame.add_errors(form, invalid)
        else:
            messages.success(request, "Saved. Variants are tried with this model from now.")
            return redirect("model_endpoint", workspace.pk)
    return frame.workspace_page(
        request,
        workspace,
        "agents/workspaces/model_endpoint.html",
        {"form": form, "endpoint": endpoint},
        section="settings",
    )


@require_POST
@proof_required
def model_endpoint_remove(request: PageRequest, workspace_id: UUID) -> HttpResponse:
    workspace = access.workspace_for(request.user, workspace_id, Permission.MANAGE_TOKENS)
    remove_endpoint(workspace, by=request.user)
    messages.success(request, "The model and its key are forgotten.")
    return redirect("model_endpoint", workspace.pk)
