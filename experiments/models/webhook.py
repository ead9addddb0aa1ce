"""Where notices are sent besides, and how each is faring on its way."""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Now

from agents.models import Workspace
from experiments import limits
from experiments.models.notice import Notice
from glozr.ids import new_id


class WebhookForm(models.TextChoices):
    STANDARD = "standard", "Standard Webhooks (JSON, signed)"
    SLACK = "slack", "Slack (incoming webhook)"


class Webhook(models.Model):
    """An address of another program that a workspace's notices are sent to. What signs them is
    worked out from the installation's key and `seed`, and is stored nowhere."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="webhooks")
    name = models.CharField(max_length=limits.WEBHOOK_NAME)
    url = models.CharField(max_length=limits.WEBHOOK_URL)
    form = models.CharField(max_length=16, choices=WebhookForm.choices)
    seed = models.CharField(max_length=64)
    is_enabled = models.BooleanField(default=True, db_default=True)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        db_table = "webhooks"
        ordering = ["created_at", "id"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(form__in=WebhookForm.values), name="webhooks_form_known"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_slack(self) -> bool:
        return self.form == WebhookForm.SLACK


class DeliveryState(models.TextChoices):
    WAITING = "waiting", "Waiting"
    DELIVERED = "delivered", "Delivered"
    FAILED = "failed", "Given up"


class DeliveryQuerySet(models.QuerySet["Delivery"]):
    def due(self) -> DeliveryQuerySet:
        return self.filter(state=DeliveryState.WAITING, due_at__lte=Now())


class Delivery(models.Model):
    """One notice on its way to one webhook."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    notice = models.ForeignKey(
        Notice, on_delete=models.CASCADE, related_name="deliveries", db_index=False
    )
    webhook = models.ForeignKey(
        Webhook, on_delete=models.CASCADE, related_name="deliveries", db_index=False
    )
    state = models.CharField(
        max_length=16,
        choices=DeliveryState.choices,
        default=DeliveryState.WAITING,
        db_default="waiting",
    )
    attempts = models.PositiveIntegerField(default=0, db_default=0, help_text="Since `since`.")
    turn = models.PositiveIntegerField(default=0, db_default=0, help_text="Of all attempts.")
    status = models.PositiveSmallIntegerField(null=True, help_text="What was answered last.")
    problem = models.CharField(max_length=200, blank=True, db_default="")
    created_at = models.DateTimeField(db_default=Now())
    since = models.DateTimeField(db_default=Now(), help_text="From when on it is tried for a day.")
    due_at = models.DateTimeField(db_default=Now())
    ended_at = models.DateTimeField(null=True)

    objects = DeliveryQuerySet.as_manager()

    class Meta:
        db_table = "deliveries"
        ordering = ["-created_at", "-id"]
        indexes = [
            models.Index(
                fields=["due_at"], condition=models.Q(state="waiting"), name="deliveries_due"
            ),
            models.Index(fields=["webhook", "-created_at", "-id"], name="deliveries_newest"),
            models.Index(fields=["created_at"], name="deliveries_by_age"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["notice", "webhook"], name="deliveries_once"),
            models.CheckConstraint(
                condition=models.Q(state__in=DeliveryState.values), name="deliveries_state_known"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.notice_id} to {self.webhook_id}: {self.get_state_display()}"

    @property
    def can_be_sent_again(self) -> bool:
        return self.state != DeliveryState.WAITING
