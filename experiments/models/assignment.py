"""Who was assigned to which variant, and the summaries of what they did."""

from __future__ import annotations

from decimal import Decimal

from django.db import models
from django.db.models.functions import Now

from agents.models import Agent, ClientKind
from agents.models.conversation import visitor_id_field
from experiments.models.experiment import Experiment, Variant
from experiments.models.visitor import LeftOut
from experiments.sums import SUMS, Sums
from glozr.ids import new_id


class Assignment(models.Model):
    """This visitor got that variant in this experiment, once and for all.

    The figures are a summary of what the visitor did within the span, kept by
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
    sessions = models.PositiveIntegerField(default=0, db_default=0)
    qualified = models.BooleanField(default=False, db_default=False)
    won = models.BooleanField(default=False, db_default=False)
    handed_over = models.BooleanField(default=False, db_default=False)
    is_capped = models.BooleanField(default=False, db_default=False)
    is_merged = models.BooleanField(default=False, db_default=False)
    is_crossed = models.BooleanField(default=False, db_default=False)
    left_out = models.CharField(
        max_length=16, choices=LeftOut.choices, blank=True, default="", db_default=""
    )
    client_kind = models.CharField(
        max_length=16, choices=ClientKind.choices, blank=True, default="", db_default=""
    )
    is_settled = models.BooleanField(
        default=False,
        db_default=False,
        help_text="What the figures came from has been erased: they stay what they are.",
    )
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


class AssignedCount(models.Model):
    """How many visitors were assigned to a variant of an experiment that ends at a number of them.

    Kept by the assigning statement itself, in rows by `slot`, so that visitors who come at one
    moment do not wait for each other; no others have any.
    """

    SLOTS = 8

    id = models.BigAutoField(primary_key=True)
    agent = models.ForeignKey(
        Agent, on_delete=models.CASCADE, related_name="+", db_index=False, db_constraint=False
    )
    experiment = models.ForeignKey(
        Experiment, on_delete=models.CASCADE, related_name="assigned_counts", db_index=False
    )
    variant_id = models.UUIDField()
    slot = models.PositiveSmallIntegerField()
    visitors = models.PositiveIntegerField()

    class Meta:
        db_table = "assigned_counts"
        constraints = [
            models.UniqueConstraint(
                fields=["agent", "experiment", "variant_id", "slot"], name="assigned_counts_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.visitors} in {self.variant_id}"


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
    last_assigned_at = models.DateTimeField(null=True)

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


class FoldState(models.Model):
    """Another one whenever any of an agent's totals has changed, whoever changed them: a trigger of
    `variant_totals` sees to it. What is worked out from totals is kept under it."""

    agent = models.OneToOneField(
        Agent,
        on_delete=models.CASCADE,
        primary_key=True,
        related_name="+",
        db_constraint=False,  # the totals' own keys prove it
    )
    state = models.UUIDField()

    class Meta:
        db_table = "fold_states"

    def __str__(self) -> str:
        return str(self.state)


for _name, _known in SUMS.items():
    _column = models.DecimalField if "max_digits" in _known else models.BigIntegerField
    VariantTotals.add_to_class(_name, _column(db_default=0, **_known))
