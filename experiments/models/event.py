"""What was done to experiments."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models.functions import Now

from experiments.models.experiment import Experiment
from glozr.ids import new_id


class Action(models.TextChoices):
    CREATED = "created", "Created"
    EDITED = "edited", "Edited"
    STARTED = "started", "Started"
    STOPPED = "stopped", "Stopped"
    DUPLICATED = "duplicated", "Duplicated"
    DELETED = "deleted", "Deleted"
    AGENT_EDITED = "agent_edited", "Agent edited"
    SCHEDULED = "scheduled", "Scheduled"
    START_FAILED = "start_failed", "Start failed"
    CONCLUDED = "concluded", "Concluded"
    PUT_INTO_USE = "put_into_use", "Put into use"
    TAKEN_BACK = "taken_back", "Taken back"
    LEARNED = "learned", "What was learned edited"
    SHARED = "shared", "Shared"
    UNSHARED = "unshared", "No longer shared"
    LEFT_OUT = "left_out", "Visitors left out"
    COUNTED_IN = "counted_in", "Visitors counted in"
    MERGED = "merged", "Visitors merged"
    ERASED = "erased", "Visitors erased"


class Event(models.Model):
    """A step in an experiment's history: who, when, what. Written by `experiments.history`."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    experiment = models.ForeignKey(
        Experiment, on_delete=models.CASCADE, related_name="events", db_index=False
    )
    action = models.CharField(max_length=16, choices=Action.choices)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    actor_name = models.CharField(max_length=254, help_text="Outlives the account or token.")
    changes = models.JSONField(default=dict, help_text="For each field: what it was, what it is.")
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        db_table = "experiment_events"
        ordering = ["-created_at", "-id"]
        indexes = [models.Index(fields=["experiment", "-created_at", "-id"], name="events_newest")]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(action__in=Action.values), name="events_action_known"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_action_display()} by {self.actor_name}"
