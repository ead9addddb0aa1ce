"""Services on webhooks: added, changed, removed, each in the workspace's history; and what was not
delivered, sent again. An address may hold a secret, so no history, log or page repeats it whole."""

import secrets
from urllib.parse import urlsplit

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.db.models.functions import Now

from agents import quotas
from agents.audit.events import record_event
from agents.models import Workspace, WorkspaceAction
from agents.roles import Caller
from experiments import limits
from experiments.models import Delivery, DeliveryState, Webhook, WebhookForm
from experiments.notices.payloads import secret_of
from glozr.calling.reach import Reach, target_of
from glozr.errors import Conflict, FieldError, Invalid
from glozr.text import problem_of_line

SWITCHED_OFF = "The webhook was turned off."


def add_webhook(
    workspace: Workspace, *, name: str, url: str, form: str, by: Caller | None
) -> tuple[Webhook, str]:
    """A webhook and the secret that its requests are signed with, which is told this once; empty
    where nothing is signed.

    Raises:
        Invalid: with every broken rule.
        Conflict: `too_many`.
    """
    webhook = Webhook(
        workspace=workspace, name=name.strip(), url=url.strip(), form=form, seed=_new_seed()
    )
    _check(webhook)
    with transaction.atomic():
        quotas.demand_room(
            workspace.pk,
            Webhook.objects.filter(workspace=workspace),
            limits.WEBHOOKS,
            what_to_do=(
                f"This workspace has {limits.WEBHOOKS} webhooks, which is as many as it may. "
                "Remove one first."
            ),
        )
        webhook.save(force_insert=True)
        record_event(workspace, WorkspaceAction.WEBHOOK_ADDED, by=by, subject=webhook)
    return webhook, _told(webhook)


def renew_secret(webhook: Webhook, *, by: Caller | None) -> str:
    """A new secret, told this once; the one before signs nothing from now.

    Raises:
        Conflict: `not_signed`, for one that has no secret.
    """
    if webhook.is_slack:
        raise Conflict("Slack's webhooks have no secret to renew.", code="not_signed")
    with transaction.atomic():
        webhook.seed = _new_seed()
        webhook.save(update_fields=["seed"])
        _record_change(webhook, {"secret": ["the one before", "a new one"]}, by=by)
    return _told(webhook)


def switch_webhook(webhook: Webhook, *, is_enabled: bool, by: Caller | None) -> None:
    """Have it get what comes, or nothing from now. Switching to what it is changes nothing."""
    with transaction.atomic():
        current = Webhook.objects.select_for_update().get(pk=webhook.pk)
        if current.is_enabled == is_enabled:
            return
        Webhook.objects.filter(pk=webhook.pk).update(is_enabled=is_enabled)
        if not is_enabled:
            waiting = Delivery.objects.filter(webhook=webhook, state=DeliveryState.WAITING)
            waiting.update(state=DeliveryState.FAILED, problem=SWITCHED_OFF, ended_at=Now())
        before, after = ("off", "on") if is_enabled else ("on", "off")
        _record_change(webhook, {"sends": [before, after]}, by=by)


def remove_webhook(webhook: Webhook, *, by: Caller | None) -> None:
    with transaction.atomic():
        Webhook.objects.filter(pk=webhook.pk).delete()
        record_event(webhook.workspace, WorkspaceAction.WEBHOOK_REMOVED, by=by, subject=webhook)


def deliveries_of(webhook: Webhook) -> QuerySet[Delivery]:
    """The newest first."""
    found = webhook.deliveries.select_related("notice__experiment")
    return found.order_by("-created_at", "-id")


def deliver_again(delivery: Delivery) -> None:
    """Try once more, for another day; the receiver sees by its id that it is the same notice.

    Raises:
        Conflict: `waiting`, for what is being tried anyway; `off`, for a webhook that is off.
    """
    with transaction.atomic():
        webhook = Webhook.objects.select_for_update().get(pk=delivery.webhook_id)
        if not webhook.is_enabled:
            raise Conflict("This webhook is off. Turn it on first.", code="off")
        over = Delivery.objects.filter(pk=delivery.pk).exclude(state=DeliveryState.WAITING)
        again = over.update(
            state=DeliveryState.WAITING, attempts=0, since=Now(), due_at=Now(), ended_at=None
        )
        if not again:
            raise Conflict("This is being tried already.", code="waiting")


def shown_address(webhook: Webhook) -> str:
    """As much of it as tells one from another."""
    parts = urlsplit(webhook.url)
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
    port = f":{parts.port}" if parts.port else ""
    return f"{parts.scheme}://{host}{port}/…"


def _check(webhook: Webhook) -> None:
    errors = []
    if not webhook.name:
        errors.append(FieldError("name", "required", "Give the webhook a name."))
    elif len(webhook.name) > limits.WEBHOOK_NAME:
        most = f"A name has at most {limits.WEBHOOK_NAME} characters."
        errors.append(FieldError("name", "max_length", most))
    elif problem := problem_of_line(webhook.name):
        errors.append(FieldError("name", *problem))
    if webhook.form not in WebhookForm.values:
        errors.append(FieldError("form", "invalid_choice", "Choose one of the formats."))
    if len(webhook.url) > limits.WEBHOOK_URL:
        most = f"An address has at most {limits.WEBHOOK_URL} characters."
        errors.append(FieldError("url", "max_length", most))
    else:
        try:
            target_of(webhook.url, only_secure=settings.WEBHOOK_REACH == Reach.PUBLIC)
        except ValueError as error:
            errors.append(FieldError("url", "invalid", str(error)))
    if errors:
        raise Invalid(errors)


def _record_change(webhook: Webhook, changes: dict[str, object], *, by: Caller | None) -> None:
    record_event(
        webhook.workspace,
        WorkspaceAction.WEBHOOK_CHANGED,
        by=by,
        subject=webhook,
        changes=changes,
    )


def _told(webhook: Webhook) -> str:
    return "" if webhook.is_slack else secret_of(webhook)


def _new_seed() -> str:
    return secrets.token_hex(16)
