"""Whether an agent's runtime has called since a moment: for who is connecting one."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from agents.models import Conversation, Message


@dataclass(frozen=True, slots=True)
class Heard:
    """The newest conversation that a call began."""

    when: datetime
    visitor_id: str
    has_message: bool


def heard_since(agent_id: UUID, since: datetime) -> Heard | None:
    newest = Conversation.objects.of_agent(agent_id).between(since, None)
    conversation = newest.order_by("-started_at", "-id").first()
    if conversation is None:
        return None
    messages = Message.objects.filter(agent=agent_id, conversation=conversation)
    return Heard(conversation.started_at, conversation.visitor_id, messages.exists())
