"""Calls that made a copy, so that one that is sent again makes no other."""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Now

from agents.models import Agent
from experiments import limits
from experiments.models.experiment import Experiment
from glozr.ids import new_id


class DuplicateCall(models.Model):
    """A caller's key for duplicating an experiment, and the copy that came of it.

    Kept for `limits.IDEMPOTENCY`.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    agent = models.ForeignKey(
        Agent,
        on_delete=models.PROTECT,
        related_name="+",
        db_index=False,
        db_constraint=False,  # the experiment's own key proves it
    )
    experiment = models.ForeignKey(
        Experiment, on_delete=models.CASCADE, related_name="+", db_index=False
    )
    caller = models.CharField(max_length=48, help_text="`user:` or `token:` and its id.")
    key = models.CharField(max_length=limits.IDEMPOTENCY_KEY_LENGTH, db_collation="C")
    asked = models.CharField(max_length=64, help_text="SHA-256 of what was sent, hexadecimal.")
    copy = models.ForeignKey(Experiment, on_delete=models.CASCADE, related_name="+")
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        db_table = "duplicate_calls"
        indexes = [models.Index(fields=["agent", "created_at"], name="duplicate_calls_by_time")]
        constraints = [
            models.UniqueConstraint(
                fields=["agent", "experiment", "caller", "key"], name="duplicate_calls_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.key} by {self.caller}"
