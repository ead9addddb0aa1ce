"""What an agent said of itself at a moment."""

from django.conf import settings
from django.db import models
from django.db.models.functions import Now

from agents.models.agent import Agent
from glozr.ids import new_id


class AgentRevision(models.Model):
    """An agent's persona and system prompt as an edit left them; a row never changes.

    Written by `agents.agents.revisions`. `Agent.revision` is the number of the one in force.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    agent = models.ForeignKey(
        Agent, on_delete=models.PROTECT, related_name="revisions", db_index=False
    )
    number = models.PositiveIntegerField(help_text="From 1, for each agent.")
    persona = models.JSONField()
    system_prompt = models.TextField(blank=True)
    reaches_back = models.BooleanField(
        default=False,
        db_default=False,
        help_text="Conversations that were under way answer with it too: it mends a mistake.",
    )
    origin = models.CharField(
        max_length=254,
        blank=True,
        default="",
        db_default="",
        help_text="Where the words come from, if nobody typed them.",
    )
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    actor_name = models.CharField(max_length=254, help_text="Outlives the account.")
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        db_table = "agent_revisions"
        ordering = ["-number"]
        constraints = [
            models.UniqueConstraint(fields=["agent", "number"], name="agent_revisions_numbered"),
        ]

    def __str__(self) -> str:
        return f"Revision {self.number}"
