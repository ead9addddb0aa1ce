"""Conversations for which somebody chose the variant."""

from django.db import models
from django.db.models.functions import Now

from agents.models import Agent


class PreviewedConversation(models.Model):
    """The variant that a preview link chose for a playground conversation.

    Beside the conversation, which is never stamped: nothing that counts looks here. A variant that
    a draft's edit has replaced is gone, and the conversation goes on with the agent's own persona.
    """

    conversation_id = models.UUIDField(primary_key=True)
    agent = models.ForeignKey(
        Agent, on_delete=models.PROTECT, related_name="+", db_index=False, db_constraint=False
    )
    variant_id = models.UUIDField()
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        db_table = "previewed_conversations"

    def __str__(self) -> str:
        return f"{self.conversation_id} with {self.variant_id}"
