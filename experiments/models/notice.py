"""What people are told of experiments, who has seen it, and who wants it by mail."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models.functions import Now

from agents.models import Workspace
from experiments.models.experiment import Experiment
from glozr.ids import new_id


class NoticeKind(models.TextChoices):
    STARTED = "started", "Started"
    ENDED = "ended", "Ended"
    LOOK_DUE = "look_due", "Look due"
    DECIDED = "decided", "Decided"
    FUTILE = "futile", "Futile"
    SPLIT_ALARM = "split_alarm", "Split alarm"
    AGENT_EDITED = "agent_edited", "Agent edited"
    QUIET = "quiet", "No visitors"
    START_FAILED = "start_failed", "Start failed"
    CONCLUDED = "concluded", "Concluded"


class NoticeQuerySet(models.QuerySet["Notice"]):
    def newest(self) -> NoticeQuerySet:
        return self.order_by("-created_at", "-id")

    def to_be_passed_on(self) -> NoticeQuerySet:
        return self.filter(passed_on_at=None)


class Notice(models.Model):
    """Something that an experiment came to, once: `key` tells one time from another of the same
    kind. It is written with what it is about; mail and webhooks come of it afterwards."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    workspace = models.ForeignKey(
        Workspace, on_delete=models.CASCADE, related_name="notices", db_index=False
    )
    experiment = models.ForeignKey(
        Experiment, on_delete=models.CASCADE, related_name="notices", db_index=False
    )
    kind = models.CharField(max_length=16, choices=NoticeKind.choices)
    key = models.CharField(max_length=64, help_text="A step's id, a run's start, a look's number.")
    text = models.TextField(help_text="A sentence or two.")
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    created_at = models.DateTimeField(db_default=Now())
    passed_on_at = models.DateTimeField(null=True, help_text="To mail and webhooks.")

    objects = NoticeQuerySet.as_manager()

    class Meta:
        db_table = "notices"
        indexes = [
            models.Index(fields=["workspace", "-created_at", "-id"], name="notices_newest"),
            models.Index(
                fields=["created_at"],
                condition=models.Q(passed_on_at=None),
                name="notices_to_be_passed_on",
            ),
        ]
        constraints = [
            models.UniqueConstraint(fields=["experiment", "kind", "key"], name="notices_once"),
            models.CheckConstraint(
                condition=models.Q(kind__in=NoticeKind.values), name="notices_kind_known"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.experiment}: {self.get_kind_display()}"


class NoticeSeen(models.Model):
    """Somebody has had this notice on a page."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    notice = models.ForeignKey(
        Notice, on_delete=models.CASCADE, related_name="seen", db_index=False
    )
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")

    class Meta:
        db_table = "notices_seen"
        constraints = [models.UniqueConstraint(fields=["notice", "user"], name="notices_seen_once")]

    def __str__(self) -> str:
        return f"{self.user}: {self.notice_id}"


class NoticeMail(models.Model):
    """Whether somebody wants a workspace's notices by mail. Who never chose has no row."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    workspace = models.ForeignKey(
        Workspace, on_delete=models.CASCADE, related_name="+", db_index=False
    )
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    is_wanted = models.BooleanField()

    class Meta:
        db_table = "notice_mail"
        constraints = [
            models.UniqueConstraint(fields=["workspace", "user"], name="notice_mail_once")
        ]

    def __str__(self) -> str:
        return f"{self.user}: {'on' if self.is_wanted else 'off'}"


class NoticeWatch(models.Model):
    """When a running experiment is looked at next for what no step tells of."""

    experiment = models.OneToOneField(Experiment, on_delete=models.CASCADE, primary_key=True)
    due_at = models.DateTimeField(db_default=Now())

    class Meta:
        db_table = "notice_watches"
        indexes = [models.Index(fields=["due_at"], name="notice_watches_due")]

    def __str__(self) -> str:
        return f"{self.experiment_id}: {self.due_at}"
