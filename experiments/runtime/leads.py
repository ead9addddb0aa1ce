"""Record the contact details that a visitor leaves."""

from dataclasses import dataclass
from uuid import UUID

from agents.workspaces.tokens import Credentials
from experiments.runtime.admission import admit, conversation_taken, shown
from experiments.runtime.statements import RECORD_LEAD, KeptLead
from glozr.errors import NotFound
from glozr.ids import new_id
from glozr.postgres.statements import fetch_one


@dataclass(frozen=True, slots=True)
class LeadCall:
    """Contact details; what is None is left as it was."""

    credentials: Credentials
    agent_id: UUID
    visitor_id: str
    email: str
    conversation_id: UUID | None = None
    name: str | None = None
    phone: str | None = None
    company: str | None = None


@dataclass(frozen=True, slots=True)
class RecordedLead:
    """The lead as it is stored, and whether this call made it."""

    is_new: bool
    lead: KeptLead


def record_lead(call: LeadCall) -> RecordedLead:
    """Store a lead, or update the details of the one with this e-mail.

    The lead stays with the visitor, and in the conversation, that it was first left in.

    Raises:
        NotSignedIn, Forbidden, NotFound: the token, its abilities, the agent, the conversation.
        Conflict: `conversation_taken`, the conversation is another visitor's.
    """
    lead_id = new_id()
    parameters = {
        **shown(call.credentials),
        "agent": call.agent_id,
        "visitor": call.visitor_id,
        "conversation": call.conversation_id,
        "lead": lead_id,
        "email": call.email,
        "name": call.name,
        "phone": call.phone,
        "company": call.company,
    }
    kept = admit(fetch_one(RECORD_LEAD, parameters, KeptLead), call.credentials)
    if kept.own is False:
        raise conversation_taken()
    if kept.id is None:
        raise NotFound("This agent has no such conversation. Record its first message first.")
    return RecordedLead(kept.id == lead_id, kept)
