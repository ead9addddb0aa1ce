"""Who is left out of the figures, and which ids are one visitor."""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Now

from agents.models import Agent, Workspace
from agents.models.conversation import visitor_id_field
from experiments import limits
from glozr.ids import new_id


class RuleKind(models.TextChoices):
    VISITOR = "visitor", "Visitor id"
    BEGINNING = "beginning", "Beginning of visitor ids"
    DOMAIN = "domain", "E-mail domain"
    BOTS = "bots", "User agent of a bot"


class LeftOutRule(models.Model):
    """Visitors who get answers as anybody and do not count, in any experiment of the workspace."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    workspace = models.ForeignKey(
        Workspace, on_delete=models.CASCADE, related_name="left_out_rules", db_index=False
    )
    kind = models.CharField(max_length=16, choices=RuleKind.choices)
    value = models.CharField(max_length=limits.LEFT_OUT_VALUE, db_collation="C")
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        db_table = "left_out_rules"
        ordering = ["kind", "value"]
        constraints = [
            models.UniqueConstraint(
                fields=["workspace", "kind", "value"],
                name="left_out_rules_once",
                violation_error_code="rule_taken",
                violation_error_message="This is left out already.",
            ),
            models.CheckConstraint(
                condition=models.Q(kind__in=RuleKind.values), name="left_out_rules_kind_known"
            ),
            models.CheckConstraint(
                condition=~models.Q(value=""), name="left_out_rules_say_something"
            ),
        ]

    def __str__(self) -> str:
        if self.kind == RuleKind.BOTS:
            return "Bots"
        return f"{self.get_kind_display()} {self.value}"


class LeftOut(models.TextChoices):
    """Why an assignment counts in no figure."""

    NO = "", "Counts"
    TEAM = "team", "By a rule of the workspace"
    BOT = "bot", "A bot, by its user agent"
    MERGED = "merged", "Counts under another id of the visitor"


class VisitorMerge(models.Model):
    """`visitor_id` is another name of `into_id`, which is itself never another's."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    agent = models.ForeignKey(
        Agent, on_delete=models.CASCADE, related_name="+", db_index=False, db_constraint=False
    )
    visitor_id = visitor_id_field()
    into_id = visitor_id_field()
    merged_at = models.DateTimeField(db_default=Now())

    class Meta:
        db_table = "visitor_merges"
        indexes = [models.Index(fields=["agent", "into_id"], name="visitor_merges_by_person")]
        constraints = [
            models.UniqueConstraint(fields=["agent", "visitor_id"], name="visitor_merges_once"),
            models.CheckConstraint(
                condition=~models.Q(visitor_id=models.F("into_id")), name="visitor_merges_two_ids"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.visitor_id} is {self.into_id}"
