"""What visitors do: conversations, their messages, and the leads they leave.

These tables are the large ones. Each carries `agent_id`, so that they can be distributed by
agent. `variant_id` is a plain column: it outlives the experiment it points at.
"""

from datetime import datetime
from uuid import UUID

from django.contrib.postgres.fields import ArrayField
from django.core.validators import MinLengthValidator
from django.db import models
from django.db.models.functions import Lower, Now

from agents import limits
from agents.models.agent import Agent
from glozr.addresses import normalised
from glozr.ids import new_id
from glozr.text import EMAIL_LENGTH


def visitor_id_field() -> "models.CharField[str, str]":
    """An opaque name of a visitor, compared byte for byte."""
    return models.CharField(max_length=limits.VISITOR_ID, db_collation="C")


class ConversationQuerySet(models.QuerySet["Conversation"]):
    def of_agent(self, agent_id: UUID) -> "ConversationQuerySet":
        return self.filter(agent_id=agent_id)

    def of_variant(self, variant_id: UUID) -> "ConversationQuerySet":
        return self.filter(variant_id=variant_id)

    def of_visitor(self, visitor_id: str) -> "ConversationQuerySet":
        return self.filter(visitor_id=visitor_id)

    def visitor_begins(self, text: str) -> "ConversationQuerySet":
        return self.filter(visitor_id__startswith=text)

    def real(self) -> "ConversationQuerySet":
        """Without try-outs by the team."""
        return self.filter(playground=False)

    def between(self, since: datetime | None, until: datetime | None) -> "ConversationQuerySet":
        """Started at `since` or later, and before `until`."""
        found = self if since is None else self.filter(started_at__gte=since)
        return found if until is None else found.filter(started_at__lt=until)


class ClientKind(models.TextChoices):
    """What wrote first in a conversation, by its user agent."""

    PERSON = "", "A person's browser, or not said"
    BOT = "bot", "Bot"
    ASSISTANT = "assistant", "Assistant acting for a person"


class Conversation(models.Model):
    """One chat of one visitor with one agent."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    agent = models.ForeignKey(
        Agent, on_delete=models.PROTECT, related_name="conversations", db_index=False
    )
    visitor_id = visitor_id_field()
    variant_id = models.UUIDField(null=True, blank=True)
    decided_at = models.DateTimeField(
        null=True,
        blank=True,
        help_text="When the visitor's first message settled the variant, or that there is none.",
    )
    revision = models.IntegerField(
        null=True,
        blank=True,
        help_text="Of the agent, when the conversation was decided; not noted by earlier releases.",
    )
    reached_by = ArrayField(
        models.IntegerField(),
        null=True,
        blank=True,
        help_text="Urgent revisions that have answered in it since, in order.",
    )
    playground = models.BooleanField(
        default=False, help_text="A try-out by the team: never assigned, stamped or counted."
    )
    client_kind = models.CharField(
        max_length=16,
        choices=ClientKind.choices,
        blank=True,
        default="",
        db_default="",
        help_text="Judged by the user agent of the first message, which is not kept.",
    )
    started_at = models.DateTimeField(db_default=Now())

    objects = ConversationQuerySet.as_manager()

    class Meta:
        db_table = "conversations"
        indexes = [
            models.Index(fields=["agent", "-started_at", "-id"], name="conversations_by_start"),
            models.Index(fields=["agent", "visitor_id"], name="conversations_by_visitor"),
            models.Index(
                fields=["variant_id", "-started_at", "-id"],
                name="conversations_by_variant",
                condition=models.Q(variant_id__isnull=False),
            ),
            models.Index(
                fields=["agent", "variant_id", "revision"],
                name="conversations_by_prompt",
                condition=models.Q(variant_id__isnull=False),
            ),
            models.Index(
                fields=["agent", "variant_id"],
                name="conversations_reached",
                condition=models.Q(reached_by__isnull=False),
            ),
            # Few are: whoever folds a person's visit finds nothing here.
            models.Index(
                fields=["agent", "visitor_id"],
                name="conversations_marked",
                condition=~models.Q(client_kind=""),
            ),
        ]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(variant_id=None) | models.Q(decided_at__isnull=False),
                name="conversations_stamp_is_decided",
                violation_error_message="A variant is stamped when the conversation is decided.",
            ),
            models.CheckConstraint(
                condition=models.Q(playground=False) | models.Q(decided_at=None),
                name="conversations_playground_free",
                violation_error_message="A playground conversation is never stamped.",
            ),
            models.CheckConstraint(
                condition=~models.Q(visitor_id=""), name="conversations_have_a_visitor"
            ),
            models.CheckConstraint(
                condition=models.Q(client_kind__in=ClientKind.values),
                name="conversations_client_known",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.visitor_id}, {self.started_at:%Y-%m-%d %H:%M}"


class MessageRole(models.TextChoices):
    VISITOR = "visitor", "Visitor"
    AGENT = "agent", "Agent"
    HUMAN_AGENT = "human_agent", "Human agent"


class Message(models.Model):
    """One turn of a conversation."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    agent = models.ForeignKey(
        Agent,
        on_delete=models.PROTECT,
        related_name="+",
        db_index=False,
        db_constraint=False,  # the conversation's own key proves it
    )
    conversation = models.ForeignKey(
        Conversation, on_delete=models.PROTECT, related_name="messages", db_index=False
    )
    role = models.CharField(max_length=16, choices=MessageRole.choices)
    content = models.TextField(validators=[MinLengthValidator(1)])
    sent_at = models.DateTimeField(db_default=Now())
    received_at = models.DateTimeField(
        db_default=Now(),
        editable=False,
        help_text="Tells apart what was sent at one moment; in 2000 for what came before it was "
        "noted.",
    )

    class Meta:
        db_table = "messages"
        indexes = [
            models.Index(
                fields=["conversation", "sent_at", "received_at", "id"],
                name="messages_as_they_came",
            ),
        ]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(role__in=MessageRole.values), name="messages_role_known"
            ),
            models.CheckConstraint(condition=~models.Q(content=""), name="messages_say_something"),
        ]

    def __str__(self) -> str:
        return f"{self.get_role_display()}: {self.content[:60]}"


class LeadStatus(models.TextChoices):
    NEW = "new", "New"
    QUALIFIED = "qualified", "Qualified"
    CONTACTED = "contacted", "Contacted"
    WON = "won", "Won"
    LOST = "lost", "Lost"


class LeadQuerySet(models.QuerySet["Lead"]):
    def of_agent(self, agent_id: UUID) -> "LeadQuerySet":
        return self.filter(agent_id=agent_id)

    def of_visitor(self, visitor_id: str) -> "LeadQuerySet":
        return self.filter(visitor_id=visitor_id)

    def visitor_begins(self, text: str) -> "LeadQuerySet":
        return self.filter(visitor_id__startswith=text)

    def with_status(self, status: str) -> "LeadQuerySet":
        return self.filter(status=status)

    def between(self, since: datetime | None, until: datetime | None) -> "LeadQuerySet":
        """Left at `since` or later, and before `until`."""
        found = self if since is None else self.filter(created_at__gte=since)
        return found if until is None else found.filter(created_at__lt=until)

    def with_email(self, email: str) -> "LeadQuerySet":
        """Those with this address, however it is written; served by `leads_one_per_email`."""
        return self.alias(lower_email=Lower("email")).filter(lower_email=normalised(email))


class Lead(models.Model):
    """Contact details that a visitor left; they stay with the visitor who left them first."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    agent = models.ForeignKey(Agent, on_delete=models.PROTECT, related_name="leads", db_index=False)
    visitor_id = visitor_id_field()
    conversation = models.ForeignKey(
        Conversation, on_delete=models.PROTECT, null=True, blank=True, related_name="leads"
    )
    email = models.EmailField(max_length=EMAIL_LENGTH)
    name = models.CharField(max_length=limits.LEAD_NAME, blank=True)
    phone = models.CharField(max_length=limits.LEAD_PHONE, blank=True)
    company = models.CharField(max_length=limits.LEAD_COMPANY, blank=True)
    status = models.CharField(
        max_length=16, choices=LeadStatus.choices, default=LeadStatus.NEW, db_default=LeadStatus.NEW
    )
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    updated_at = models.DateTimeField(db_default=Now(), editable=False)

    objects = LeadQuerySet.as_manager()

    class Meta:
        db_table = "leads"
        indexes = [
            models.Index(fields=["agent", "-created_at", "-id"], name="leads_by_time"),
            # Few of many leads are won: without it, finding them reads all the others.
            models.Index(fields=["agent", "status", "-created_at", "-id"], name="leads_by_status"),
            models.Index(fields=["agent", "visitor_id"], name="leads_by_visitor"),
        ]
        constraints = [
            models.UniqueConstraint(
                "agent",
                Lower("email"),
                name="leads_one_per_email",
                violation_error_code="email_taken",
                violation_error_message="This agent has a lead with this e-mail address.",
            ),
            models.CheckConstraint(
                condition=models.Q(status__in=LeadStatus.values), name="leads_status_known"
            ),
            models.CheckConstraint(condition=~models.Q(visitor_id=""), name="leads_have_a_visitor"),
        ]

    def __str__(self) -> str:
        return self.email


class LeadRepeat(models.Model):
    """Contact details that were known already, left again: by the lead's visitor or by another."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    agent = models.ForeignKey(
        Agent, on_delete=models.PROTECT, related_name="+", db_index=False, db_constraint=False
    )
    lead = models.ForeignKey(Lead, on_delete=models.CASCADE, related_name="repeats")
    visitor_id = visitor_id_field()
    conversation_id = models.UUIDField(null=True, blank=True)
    left_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        db_table = "lead_repeats"
        indexes = [models.Index(fields=["agent", "visitor_id"], name="lead_repeats_by_visitor")]

    def __str__(self) -> str:
        return f"{self.lead_id} by {self.visitor_id}"


class LeadStatusChange(models.Model):
    """A step of a lead, so that figures can say how far it had come at a moment."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    agent = models.ForeignKey(
        Agent, on_delete=models.PROTECT, related_name="+", db_index=False, db_constraint=False
    )
    lead = models.ForeignKey(
        Lead, on_delete=models.CASCADE, related_name="status_changes", db_index=False
    )
    was = models.CharField(max_length=16, choices=LeadStatus.choices)
    became = models.CharField(max_length=16, choices=LeadStatus.choices)
    changed_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        db_table = "lead_status_changes"
        indexes = [models.Index(fields=["lead", "changed_at", "id"], name="lead_steps_in_order")]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(became__in=LeadStatus.values, was__in=LeadStatus.values),
                name="lead_steps_known",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.lead_id}: {self.was} → {self.became}"
