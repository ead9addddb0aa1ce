"""Experiments and their variants."""

from __future__ import annotations

from uuid import UUID

from django.db import models
from django.db.models.functions import Lower
from django.urls import reverse
from django.utils.functional import cached_property

from agents.models import Agent
from experiments import limits
from experiments.models.schedule import Scheduled
from glozr.ids import new_id

WEIGHT_RULE = f"A weight is a whole number from 1 to {limits.MAX_WEIGHT:,}."
WINDOW_RULE = f"A window is whole days, from {limits.MIN_WINDOW_DAYS} to {limits.MAX_WINDOW_DAYS}."
LIFT_RULE = (
    f"A planned lift is a number from {limits.MIN_PLANNED_LIFT} to {limits.MAX_PLANNED_LIFT}: "
    "0.2 for +20%."
)
LOOKS_RULE = f"The most looks are a whole number from 1 to {limits.MAX_LOOKS}."
SHARE_RULE = f"A share of traffic is whole percents, from 1 to {limits.TRAFFIC_SHARE}."
NAME_TAKEN = "This agent has an experiment with this name. Choose another name."


class Kind(models.TextChoices):
    PERSONA = "persona", "Persona"
    CTA = "cta", "CTA"
    TRIGGER = "trigger", "Trigger"


class PrimaryMetric(models.TextChoices):
    """What a verdict may be about, by the keys of `experiments.results.metrics`: all but the
    guardrails, which decide nothing."""

    LEAD_CAPTURE = "lead_capture_rate", "Lead capture rate"
    MESSAGES = "messages_per_visitor", "Messages per visitor"
    SESSION_LENGTH = "session_length", "Session length"
    QUALIFIED_LEADS = "qualified_lead_rate", "Qualified lead rate"
    WON_LEADS = "won_lead_rate", "Won lead rate"

    @property
    def is_share(self) -> bool:
        """Whether its values are shares of visitors."""
        return self.value.endswith("_rate")


class Design(models.TextChoices):
    """When one may look: whenever one likes, or a few times that are planned."""

    WATCHED = "watched", "Watched"
    PLANNED = "planned", "Planned"


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


class Experiment(Scheduled):
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
    primary_metric = models.CharField(
        max_length=32,
        choices=PrimaryMetric.choices,
        default=PrimaryMetric.LEAD_CAPTURE,
        db_default=PrimaryMetric.LEAD_CAPTURE,
        help_text="What the verdict is about.",
    )
    design = models.CharField(
        max_length=16, choices=Design.choices, default=Design.WATCHED, db_default=Design.WATCHED
    )
    planned_lift = models.FloatField(
        null=True, blank=True, help_text="The lift to detect, 0.2 for +20%."
    )
    most_looks = models.PositiveSmallIntegerField(
        null=True, blank=True, help_text="Of the planned design, at most."
    )
    traffic_share = models.PositiveSmallIntegerField(
        default=limits.TRAFFIC_SHARE,
        db_default=limits.TRAFFIC_SHARE,
        help_text="Percent of new visitors who take part.",
    )
    expected_value = models.FloatField(
        null=True, blank=True, help_text="Of the primary metric, where none is measured to plan by."
    )
    expected_weekly = models.FloatField(
        null=True, blank=True, help_text="Visitors a week, where none are measured to plan by."
    )
    plan = models.JSONField(
        null=True, blank=True, editable=False, help_text="As it stood at the first start."
    )
    next_look_at = models.DateTimeField(null=True, blank=True, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)
    version = models.PositiveIntegerField(default=1, editable=False)
    preview_epoch = models.IntegerField(
        default=0, db_default=0, editable=False, help_text="Links of an earlier one are revoked."
    )

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
            *Scheduled.SCHEDULE_INDEXES,
            models.Index(
                fields=["next_look_at"],
                name="experiments_looks_due",
                condition=models.Q(next_look_at__isnull=False, deleted_at=None),
            ),
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
                condition=models.Q(primary_metric__in=PrimaryMetric.values),
                name="experiments_metric_known",
            ),
            models.CheckConstraint(
                condition=models.Q(design=Design.WATCHED)
                | models.Q(
                    design=Design.PLANNED, planned_lift__isnull=False, most_looks__isnull=False
                ),
                name="experiments_design_complete",
                violation_error_code="planned_lift",
                violation_error_message="A planned experiment has a lift and a number of looks.",
            ),
            models.CheckConstraint(
                condition=models.Q(planned_lift=None)
                | models.Q(planned_lift__range=(limits.MIN_PLANNED_LIFT, limits.MAX_PLANNED_LIFT)),
                name="experiments_lift_in_range",
                violation_error_code="planned_lift",
                violation_error_message=LIFT_RULE,
            ),
            models.CheckConstraint(
                condition=models.Q(most_looks=None)
                | models.Q(most_looks__range=(1, limits.MAX_LOOKS)),
                name="experiments_looks_in_range",
                violation_error_code="most_looks",
                violation_error_message=LOOKS_RULE,
            ),
            models.CheckConstraint(
                condition=models.Q(traffic_share__range=(1, limits.TRAFFIC_SHARE)),
                name="experiments_share_in_range",
                violation_error_code="traffic_share",
                violation_error_message=SHARE_RULE,
            ),
            models.CheckConstraint(
                condition=models.Q(deleted_at=None) | ~models.Q(status="running"),
                name="experiments_deleted_is_idle",
                violation_error_message="A deleted experiment does not run.",
            ),
            *Scheduled.SCHEDULE_CONSTRAINTS,
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
    def is_planned(self) -> bool:
        return self.design == Design.PLANNED

    @property
    def has_started(self) -> bool:
        """Whether it ever ran: from then on its design is what it is."""
        return self.started_at is not None

    @property
    def is_deleted(self) -> bool:
        return self.deleted_at is not None

    def is_frozen(self) -> bool:
        """Whether kind and variants may no longer change: it runs, or has any assignment."""
        return self.is_running or self.assignments.exists()


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
