"""Experiments, their variants, who was assigned to which, and what was done to them."""

from __future__ import annotations

from decimal import Decimal
from uuid import UUID

from django.conf import settings
from django.db import models
from django.db.models.functions import Lower, Now
from django.urls import reverse
from django.utils.functional import cached_property

from agents.models import Agent
from agents.models.conversation import visitor_id_field
from experiments import limits
from experiments.sums import SUMS, Sums
from glozr.ids import new_id

WEIGHT_RULE = f"A weight is a whole number from 1 to {limits.MAX_WEIGHT:,}."
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
        """Annotate `is_active`: of its agent's running experiments, started most recently."""
        active = (
            Experiment.objects.running().latest_started().filter(agent=models.OuterRef("agent"))
        )
        return self.annotate(  # type: ignore[no-redef]
            is_active=models.Case(
                models.When(id=models.Subquery(active.values("id")[:1]), then=True),
                default=False,
                output_field=models.BooleanField(),
            )
        )


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


class Assignment(models.Model):
    """This visitor got that variant in this experiment, once and for all.

    The four sums are a summary of the visitor's conversations and leads, kept by
    `experiments.results.rollup` and rebuilt from the raw rows whenever those change.
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
        Experiment, on_delete=models.PROTECT, related_name="assignments", db_index=False
    )
    variant = models.ForeignKey(
        Variant, on_delete=models.PROTECT, related_name="assignments", db_index=False
    )
    visitor_id = visitor_id_field()
    assigned_at = models.DateTimeField(db_default=Now())
    conversations = models.PositiveIntegerField(default=0, db_default=0)
    messages = models.PositiveIntegerField(default=0, db_default=0)
    seconds = models.DecimalField(
        max_digits=20, decimal_places=6, default=Decimal(0), db_default=Decimal(0)
    )
    leads = models.PositiveIntegerField(default=0, db_default=0)
    counted = models.BooleanField(
        default=False, db_default=False, help_text="Whether the summaries include this row."
    )

    class Meta:
        db_table = "experiment_assignments"
        constraints = [
            models.UniqueConstraint(
                fields=["experiment", "visitor_id"],
                name="assignments_once_per_visitor",
                violation_error_message="This visitor has a variant in this experiment already.",
            ),
            models.CheckConstraint(
                condition=~models.Q(visitor_id=""), name="assignments_have_a_visitor"
            ),
        ]
        indexes = [models.Index(fields=["agent", "visitor_id"], name="assignments_by_visitor")]

    def __str__(self) -> str:
        return f"{self.visitor_id} in {self.variant_id}"


class Action(models.TextChoices):
    CREATED = "created", "Created"
    EDITED = "edited", "Edited"
    STARTED = "started", "Started"
    STOPPED = "stopped", "Stopped"
    DUPLICATED = "duplicated", "Duplicated"
    DELETED = "deleted", "Deleted"


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


class PendingCount(models.Model):
    """A visitor's figures changed and wait to be folded into the summaries.

    Rows are appended beside every assignment, stamped conversation, message and lead, in the
    same statement, and removed by `experiments.results.rollup`. Many rows may name one visitor; one
    without a variant means all the visitor's assignments at the agent.
    """

    agent = models.ForeignKey(
        Agent, on_delete=models.CASCADE, related_name="+", db_constraint=False
    )
    variant_id = models.UUIDField(null=True)
    visitor_id = visitor_id_field()

    class Meta:
        db_table = "pending_counts"

    def __str__(self) -> str:
        return f"{self.visitor_id} in {self.variant_id}"


class VariantTotals(models.Model):
    """Sums over the visitors whom a variant was assigned in one quarter of an hour.

    A quarter of an hour, because the midnights of all time zones fall on one. The sums are those
    of `experiments.sums`, a column each.
    """

    id = models.BigAutoField(primary_key=True)
    agent = models.ForeignKey(Agent, on_delete=models.PROTECT, related_name="+", db_index=False)
    variant = models.ForeignKey(
        Variant, on_delete=models.PROTECT, related_name="totals", db_index=False
    )
    assigned_from = models.DateTimeField()

    class Meta:
        db_table = "variant_totals"
        verbose_name_plural = "variant totals"
        constraints = [
            models.UniqueConstraint(fields=["variant", "assigned_from"], name="totals_one_per_slot")
        ]
        indexes = [models.Index(fields=["agent"], name="totals_by_agent")]

    def __str__(self) -> str:
        return f"{self.variant_id} from {self.assigned_from:%Y-%m-%d %H:%M}"

    @property
    def sums(self) -> Sums:
        return Sums(*(getattr(self, name) for name in SUMS))


for _name, _known in SUMS.items():
    _column = models.DecimalField if "max_digits" in _known else models.BigIntegerField
    VariantTotals.add_to_class(_name, _column(**_known))
