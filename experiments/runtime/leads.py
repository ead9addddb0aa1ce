"""Record the contact details that a visitor leaves."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from experiments.runtime import statements
from experiments.runtime.assignment import admit, taken
from glozr.errors import NotFound
from glozr.ids import new_id
from glozr.postgres.statements import fetch_one


@dataclass(frozen=True, slots=True)
class LeadCall:
    """Contact details; what is None is left as it was."""

    token_digest: str
    agent_id: UUID
    visitor_id: str
    email: str
    conversation_id: UUID | None = None
    name: str | None = None
    phone: str | None = None
    company: str | None = None


@dataclass(frozen=True, slots=True)
class KeptLead:
    is_new: bool
    id: UUID
    visitor_id: str
    conversation_id: UUID | None
    email: str
    name: str
    phone: str
    company: str
    status: str
    created_at: datetime


def record_lead(call: LeadCall) -> KeptLead:
    """Store a lead, or update the details of the one with this e-mail.

    The lead stays with the visitor, and in the conversation, that it was first left in.

    Raises:
        NotSignedIn, Forbidden, NotFound: the token, its abilities, the agent, the conversation.
        Conflict: `conversation_taken`, the conversation is another visitor's.
    """
    lead_id = new_id()
    row = admit(
        fetch_one(
            statements.RECORD_LEAD,
            {
                "digest": call.token_digest,
                "agent": call.agent_id,
                "visitor": call.visitor_id,
                "conversation": call.conversation_id,
                "lead": lead_id,
                "email": call.email,
                "name": call.name,
                "phone": call.phone,
                "company": call.company,
            },
        )
    )
    _token_id, _able, _unnoted, _agent_id, _version, own, *kept = row
    if own is False:
        raise taken()
    if kept[0] is None:
        raise NotFound("This agent has no such conversation. Record its first message first.")
    return KeptLead(kept[0] == lead_id, *kept)
