"""Webhooks of a workspace, and how what was sent to them fared."""

from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from agents import access
from agents.pages import frame
from agents.pages.frame import PageRequest
from agents.pages.proof import proof_required
from agents.roles import Permission
from experiments import limits
from experiments.access import delivery_for, webhook_for
from experiments.models import Webhook, WebhookForm
from experiments.notices import webhooks as services
from experiments.notices.words import title_of
from glozr.errors import Conflict, Invalid
from glozr.inputs.form_fields import LineField

_SECTION = "notices"


class NewWebhookForm(forms.Form):
    name = LineField(
        label="Name", max_length=limits.WEBHOOK_NAME, help_text="Such as “Data team” or “#growth”."
    )
    form = forms.ChoiceField(
        label="Format",
        choices=WebhookForm.choices,
        initial=WebhookForm.STANDARD,
        widget=forms.RadioSelect,
    )
    url = forms.CharField(
        label="Address",
        max_length=limits.WEBHOOK_URL,
        help_text="Where notices are posted to. It is not shown again, as it may hold a secret.",
        widget=forms.URLInput(attrs={"autocomplete": "off", "placeholder": "https://"}),
    )


@require_http_methods(["GET", "HEAD", "POST"])
@proof_required
def webhook_list(request: PageRequest, workspace_id: UUID) -> HttpResponse:
    """The webhooks. The secret of a new one is in the answer to the POST and nowhere else."""
    workspace = access.workspace_for(request.user, workspace_id, Permission.MANAGE_TOKENS)
    form = NewWebhookForm(frame.posted(request))
    if form.is_valid():
        try:
            webhook, secret = services.add_webhook(workspace, **form.cleaned_data, by=request.user)
        except Invalid as invalid:
            frame.add_errors(form, invalid)
        except Conflict as conflict:
            form.add_error(None, conflict.detail)
        else:
            if secret:
                return _secret_page(request, webhook, secret)
            messages.success(request, f"Notices are sent to {webhook} from now.")
            return redirect("webhook", workspace.pk, webhook.pk)
    found = workspace.webhooks.all()[: limits.WEBHOOKS]
    context = {
        "form": form,
        "rows": [(webhook, services.shown_address(webhook)) for webhook in found],
    }
    return frame.workspace_page(
        request, workspace, "experiments/notices/webhooks.html", context, section=_SECTION
    )


@require_safe
def webhook_page(request: PageRequest, workspace_id: UUID, webhook_id: UUID) -> HttpResponse:
    """What was sent to it, the newest first, and how that fared."""
    webhook = webhook_for(request.user, workspace_id, webhook_id)
    page = frame.paged(request, services.deliveries_of(webhook))
    rows = [(delivery, title_of(delivery.notice)) for delivery in page]
    context = {
        "webhook": webhook,
        "address": services.shown_address(webhook),
        "page": page,
        "rows": rows,
    }
    return frame.workspace_page(
        request, webhook.workspace, "experiments/notices/webhook.html", context, section=_SECTION
    )


@require_POST
def webhook_switch(request: PageRequest, workspace_id: UUID, webhook_id: UUID) -> HttpResponse:
    webhook = webhook_for(request.user, workspace_id, webhook_id)
    is_enabled = request.POST.get("enabled") == "yes"
    services.switch_webhook(webhook, is_enabled=is_enabled, by=request.user)
    what = "is on: notices are sent to it" if is_enabled else "is off: nothing is sent to it"
    messages.success(request, f"{webhook} {what} from now.")
    return redirect("webhook", workspace_id, webhook_id)


@require_http_methods(["GET", "HEAD", "POST"])
@proof_required
def webhook_secret(request: PageRequest, workspace_id: UUID, webhook_id: UUID) -> HttpResponse:
    """A new secret for the webhook, in the answer to the POST and nowhere else."""
    webhook = webhook_for(request.user, workspace_id, webhook_id)
    if request.method == "POST":
        return _secret_page(request, webhook, services.renew_secret(webhook, by=request.user))
    return _page_of(request, webhook, "experiments/notices/webhook_secret.html")


@require_http_methods(["GET", "HEAD", "POST"])
@proof_required
def webhook_remove(request: PageRequest, workspace_id: UUID, webhook_id: UUID) -> HttpResponse:
    webhook = webhook_for(request.user, workspace_id, webhook_id)
    if request.method == "POST":
        services.remove_webhook(webhook, by=request.user)
        messages.success(request, f"{webhook} is removed. Nothing more is sent to it.")
        return redirect("webhooks", workspace_id)
    return _page_of(request, webhook, "experiments/notices/webhook_remove.html")


@require_POST
def delivery_again(
    request: PageRequest, workspace_id: UUID, webhook_id: UUID, delivery_id: UUID
) -> HttpResponse:
    delivery = delivery_for(request.user, workspace_id, webhook_id, delivery_id)
    try:
        services.deliver_again(delivery)
    except Conflict as conflict:
        messages.info(request, conflict.detail)
    else:
        messages.success(request, "It is sent again, and tried for another day if need be.")
    return redirect("webhook", workspace_id, webhook_id)


def _secret_page(request: PageRequest, webhook: Webhook, secret: str) -> HttpResponse:
    template = "experiments/notices/webhook_secret_shown.html"
    return _page_of(request, webhook, template, secret=secret)


def _page_of(
    request: PageRequest, webhook: Webhook, template: str, **context: object
) -> HttpResponse:
    shown = {"webhook": webhook, **context}
    return frame.workspace_page(request, webhook.workspace, template, shown, section=_SECTION)
