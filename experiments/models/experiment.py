"""Experiments and their variants."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

from django.db import models
from django.db.models.functions import Lower
from django.urls import reverse
from django.utils.functional import cached_property

from agents.models import Agent
from experiments import limits
from glozr.ids import new_id

if TYPE_CHECKING:
    from experiments.models.conclusion import Conclusion

WEIGHT_RULE = f"A weight is a whole number from 1 to {limits.MAX_WEIGHT:,}."
WINDOW_RULE = f"A window is whole days, from {limits.MIN_WINDOW_DAYS} to {limits.MAX_WINDOW_DAYS}."
NAME_TAKEN = "This agent has an experiment with this name. Choose another name."


class Kind(models.TextChoices):
    PERSONA = "persona", "Persona"
    CTA = "cta", "CTA"
    TRIGGER = "trigger", "Trigger"


class Status(models.TextChoices):
    DRAFT = "draft", "Draft"
    RUNNING = "running", "Running"
    STOPPED = "stopped", "Stopped"


class ExperimentQuerySet(models.QuerySet["Experiment"]):
    def visible(self) -> ExperimentQuerySet:
        return self.filter(deleted_at=None)

    def of_agent(self, agent_id: UUID) -> ExperimentQuerySet:
        return self.filter(agent_id=agent_id)

    def running(self) -> ExperimentQuerySet:
        return self.filter(status=Status.RUNNING)

    def with_status(self, status: str) -> ExperimentQuerySet:
        return self.filter(status=status)

    def named_like(self, text: str) -> ExperimentQuerySet:
        return self.filter(name__icontains=text)

    def latest_started(self) -> ExperimentQuerySet:
        return self.order_by("-started_at", "-id")

    def newest(self) -> ExperimentQuerySet:
        return self.order_by("-created_at", "-id")

    def running_first(self) -> ExperimentQuerySet:
        """Those that run before the others, the one started last at the top; then the newest."""
        runs = models.Q(status=Status.RUNNING)
        since = models.Case(models.When(runs, then="started_at"))
        return self.order_by(since.desc(nulls_last=True), "-created_at", "-id")

    def with_is_active(self) -> ExperimentQuerySet:
        """Annotate `is_active`: of its agent's running experiments, started most recently; and
        which one that is, as `active_id`."""
        active = (
            Experiment.objects.running().latest_started().filter(agent=models.OuterRef("agent"))
        )
        return self.annotate(  # type: ignore[no-redef]
            active_id=models.Subquery(active.values("id")[:1]),
            is_active=models.Case(
                models.When(id=models.F("active_id"), then=True),
                default=False,
                output_field=models.BooleanField(),
            ),
        )

    def with_active_name(self) -> ExperimentQuerySet:
        """Beside `with_is_active`: what that one is called, as `active_name`."""
        named = Experiment.with_tombstones.filter(pk=models.OuterRef("active_id"))
        return self.annotate(active_name=models.Subquery(named.values("name")[:1]))


class VisibleManager(models.Manager["Experiment"]):
    """Experiments that have not been deleted."""

    def get_queryset(self) -> ExperimentQuerySet:
        return ExperimentQuerySet(self.model, using=self._db).visible()


class Experiment(models.Model):
    """Variants of an agent set against each other.

    Deleting leaves the row behind as a tombstone, which only `with_tombstones` shows:
    conversations and assignments go on pointing at it.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    agent = models.ForeignKey(Agent, on_delete=models.PROTECT, related_name="experiments")
    name = models.CharField(max_length=limits.EXPERIMENT_NAME)
    hypothesis = models.TextField(blank=True, max_length=limits.HYPOTHESIS)
    kind = models.CharField(max_length=16, choices=Kind.choices)
    status = models.CharField(
        max_length=16, choices=Status.choices, default=Status.DRAFT, editable=False
    )
    started_at = models.DateTimeField(null=True, blank=True, editable=False)
    stopped_at = models.DateTimeField(null=True, blank=True, editable=False)
    deleted_at = models.DateTimeField(null=True, blank=True, editable=False)
    window_days = models.PositiveSmallIntegerField(
        default=limits.WINDOW_DAYS,
        db_default=limits.WINDOW_DAYS,
        help_text="How long after the assignment what a visitor does still counts.",
    )
    created_at = models.DateTimeField(auto_now_add=True)
    version = models.PositiveIntegerField(default=1, editable=False)

    objects = VisibleManager.from_queryset(ExperimentQuerySet)()
    with_tombstones = ExperimentQuerySet.as_manager()

    class Meta:
        db_table = "experiments"
        base_manager_name = "with_tombstones"
        default_manager_name = "objects"
        indexes = [
            models.Index(
                fields=["agent", "-started_at", "-id"],
                name="experiments_running",
                condition=models.Q(status="running"),
            ),
            models.Index(fields=["agent", "-created_at", "-id"], name="experiments_newest"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["agent", "name"],
                condition=models.Q(deleted_at=None),
                name="experiments_name_unique",
                violation_error_code="name_taken",
                violation_error_message=NAME_TAKEN,
            ),
            models.CheckConstraint(
                condition=~models.Q(name=""),
                name="experiments_named",
                violation_error_code="required",
                violation_error_message="Give the experiment a name.",
            ),
            models.CheckConstraint(
                condition=models.Q(kind__in=Kind.values), name="experiments_kind_known"
            ),
            models.CheckConstraint(
                condition=models.Q(status="draft", started_at=None, stopped_at=None)
                | models.Q(status="running", started_at__isnull=False, stopped_at=None)
                | models.Q(status="stopped", started_at__isnull=False, stopped_at__isnull=False),
                name="experiments_times_fit_status",
                violation_error_message="The times of start and stop must fit the status.",
            ),
            models.CheckConstraint(
                condition=models.Q(
                    window_days__range=(limits.MIN_WINDOW_DAYS, limits.MAX_WINDOW_DAYS)
                ),
                name="experiments_window_in_range",
                violation_error_code="window",
                violation_error_message=WINDOW_RULE,
            ),
            models.CheckConstraint(
                condition=models.Q(deleted_at=None) | ~models.Q(status="running"),
                name="experiments_deleted_is_idle",
                violation_error_message="A deleted experiment does not run.",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("experiment", args=[self.agent_id, self.pk])

    @cached_property
    def is_active(self) -> bool:
        """Whether it takes the agent's new visitors. Lists annotate it (`with_is_active`); where
        nobody has, the database is asked."""
        alone = Experiment.with_tombstones.filter(pk=self.pk)
        return alone.with_is_active().get().is_active

    @property
    def is_draft(self) -> bool:
        return self.status == Status.DRAFT

    @property
    def is_running(self) -> bool:
        return self.status == Status.RUNNING

    @property
    def is_stopped(self) -> bool:
        return self.status == Status.STOPPED

    @property
    def concluded(self) -> Conclusion | None:
        """What came of it, if it is concluded. Lists read it along (`select_related`)."""
        return getattr(self, "conclusion", None)

    @property
    def is_deleted(self) -> bool:
        return self.deleted_at is not None

    def is_frozen(self) -> bool:
        """Whether kind and variants may no longer change: it runs, is concluded, or has any
        assignment."""
        return self.is_running or self.concluded is not None or self.assignments.exists()


class Variant(models.Model):
    """One arm of an experiment; position 0 is the control."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    experiment = models.ForeignKey(Experiment, on_delete=models.CASCADE, related_name="variants")
    position = models.PositiveSmallIntegerField()
    name = models.CharField(max_length=limits.VARIANT_NAME)
    weight = models.PositiveIntegerField(default=50)
    config = models.JSONField(default=dict, blank=True)

    class Meta:
        db_table = "variants"
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(
                fields=["experiment", "position"], name="variants_position_unique"
            ),
            models.UniqueConstraint(
                "experiment",
                Lower("name"),
                name="variants_name_unique",
                violation_error_code="name_taken",
                violation_error_message="Two variants have this name. Names ignore case.",
            ),
            models.CheckConstraint(
                condition=models.Q(weight__range=(1, limits.MAX_WEIGHT)),
                name="variants_weight_in_range",
                violation_error_code="weight",
                violation_error_message=WEIGHT_RULE,
            ),
            models.CheckConstraint(
                condition=models.Q(position__lt=limits.MAX_VARIANTS),
                name="variants_at_most_ten",
                violation_error_message=(
                    f"An experiment has at most {limits.MAX_VARIANTS} variants."
                ),
            ),
            models.CheckConstraint(
                condition=~models.Q(name=""),
                name="variants_named",
                violation_error_code="required",
                violation_error_message="Give the variant a name.",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_control(self) -> bool:
        return self.position == 0
