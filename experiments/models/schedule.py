"""When an experiment starts and ends by itself."""

from __future__ import annotations

from enum import StrEnum
from typing import ClassVar

from django.db import models

from experiments import limits

END_AFTER_START = "The end must come after the start."


class OnConflict(StrEnum):
    """What becomes of the experiment that runs while another is started."""

    STOP_CURRENT = "stop_current"
    KEEP_RUNNING = "keep_running"


class Scheduled(models.Model):
    """The schedule's columns of an experiment. Written by `experiments.lifecycle.scheduling` and
    cleared by the steps that it was for; all instants are the database's."""

    starts_at = models.DateTimeField(null=True, blank=True, editable=False)
    starts_on_conflict = models.CharField(
        max_length=16,
        choices=[(choice.value, choice.value) for choice in OnConflict],
        blank=True,
        default="",
        db_default="",
        editable=False,
        help_text="What becomes then of one that runs.",
    )
    ends_at = models.DateTimeField(null=True, blank=True, editable=False)
    ends_at_visitors = models.PositiveIntegerField(
        null=True, blank=True, editable=False, help_text="As soon as a variant has so many."
    )
    ends_when_decided = models.BooleanField(default=False, db_default=False, editable=False)
    decision_sought_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        abstract = True

    SCHEDULE_INDEXES: ClassVar = [
        models.Index(
            fields=["starts_at"],
            name="experiments_to_start",
            condition=models.Q(starts_at__isnull=False),
        ),
        models.Index(
            fields=["ends_at"],
            name="experiments_to_end",
            condition=models.Q(status="running", ends_at__isnull=False),
        ),
        models.Index(
            fields=["id"],
            name="experiments_to_fill",
            condition=models.Q(status="running", ends_at_visitors__isnull=False),
        ),
        models.Index(
            fields=["decision_sought_at"],
            name="experiments_to_decide",
            condition=models.Q(status="running", ends_when_decided=True),
        ),
    ]
    SCHEDULE_CONSTRAINTS: ClassVar = [
        models.CheckConstraint(
            condition=models.Q(starts_at=None)
            | models.Q(ends_at=None)
            | models.Q(ends_at__gt=models.F("starts_at")),
            name="experiments_end_after_start",
            violation_error_code="end_before_start",
            violation_error_message=END_AFTER_START,
        ),
        models.CheckConstraint(
            condition=models.Q(starts_on_conflict="")
            | models.Q(
                starts_on_conflict__in=[choice.value for choice in OnConflict],
                starts_at__isnull=False,
            ),
            name="experiments_conflict_known",
        ),
        models.CheckConstraint(
            condition=models.Q(ends_at_visitors=None)
            | models.Q(ends_at_visitors__range=(1, limits.MAX_ENDS_AT_VISITORS)),
            name="experiments_end_in_range",
        ),
    ]
