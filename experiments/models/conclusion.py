"""What came of an experiment in the end, and what of it is in use."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models.functions import Now

from agents.models import Agent
from experiments import limits
from experiments.models.experiment import Experiment, Kind, Variant
from glozr.ids import new_id


class Outcome(models.TextChoices):
    WON = "won", "A variant won"
    NO_DIFFERENCE = "no_difference", "No difference shown"
    ABANDONED = "abandoned", "Abandoned"


class ConclusionQuerySet(models.QuerySet["Conclusion"]):
    def of_undeleted(self) -> ConclusionQuerySet:
        return self.filter(experiment__deleted_at=None)

    def in_use(self) -> ConclusionQuerySet:
        return self.filter(revision_after__isnull=False, taken_back_at=None)

    def newest(self) -> ConclusionQuerySet:
        return self.order_by("-concluded_at", "-id")


class Conclusion(models.Model):
    """The end of a question: outcome, figures and verdict as they stood, and what was learned.

    Written by `experiments.outcomes`. `revision_before` and `revision_after` are the agent's, of a
    variant that was put into use.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    experiment = models.OneToOneField(
        Experiment, on_delete=models.CASCADE, related_name="conclusion"
    )
    agent = models.ForeignKey(Agent, on_delete=models.PROTECT, related_name="+", db_index=False)
    outcome = models.CharField(max_length=16, choices=Outcome.choices)
    variant = models.ForeignKey(
        Variant, on_delete=models.RESTRICT, null=True, related_name="+", help_text="That won."
    )
    learned = models.TextField(blank=True, max_length=limits.LEARNED)
    reason = models.TextField(
        blank=True, max_length=limits.REASON, help_text="For what the verdict did not support."
    )
    verdict = models.TextField(help_text="In words, as it stood.")
    figures = models.JSONField(help_text="Of the metric that the verdict is about, as they stood.")
    lift = models.FloatField(null=True, help_text="Relative, of the variant furthest ahead.")
    lift_error = models.FloatField(null=True, help_text="Its standard error.")
    concluded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    concluded_by_name = models.CharField(max_length=254, help_text="Outlives the account.")
    concluded_at = models.DateTimeField(db_default=Now(), editable=False)
    revision_before = models.PositiveIntegerField(null=True)
    revision_after = models.PositiveIntegerField(null=True)
    taken_back_at = models.DateTimeField(null=True)
    taken_back_by_name = models.CharField(max_length=254, blank=True, default="")

    objects = ConclusionQuerySet.as_manager()

    class Meta:
        db_table = "conclusions"
        indexes = [
            models.Index(fields=["agent", "-concluded_at", "-id"], name="conclusions_newest")
        ]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(outcome="won", variant__isnull=False)
                | models.Q(outcome__in=["no_difference", "abandoned"], variant=None),
                name="conclusions_winner_if_won",
            ),
            models.CheckConstraint(
                condition=models.Q(revision_before=None, revision_after=None)
                | models.Q(revision_before__isnull=False, revision_after__isnull=False),
                name="conclusions_both_revisions",
            ),
            models.CheckConstraint(
                condition=models.Q(taken_back_at=None) | models.Q(revision_after__isnull=False),
                name="conclusions_taken_back_of_use",
            ),
        ]

    def __str__(self) -> str:
        return self.in_words

    @property
    def in_words(self) -> str:
        """Such as "treatment won"."""
        if self.outcome == Outcome.WON:
            return f"{self.variant} won"
        return str(Outcome(self.outcome).label)

    @property
    def was_put_into_use(self) -> bool:
        return self.revision_after is not None

    @property
    def has_persona_to_use(self) -> bool:
        """Whether there is a variant that won, and what it is made of can become the agent's."""
        return self.outcome == Outcome.WON and self.experiment.kind == Kind.PERSONA

    @property
    def is_in_use(self) -> bool:
        return self.was_put_into_use and self.taken_back_at is None

    @property
    def shown(self) -> dict[str, Any] | None:
        """The figures of the variant that the lift is of."""
        number = self.figures["shown"]
        return None if number is None else dict(self.figures["variants"][number])
