"""Resolve a conversation to a variant: sticky, once, whatever happens beside it.

One statement answers in a conversation that is decided (rule 1): it reads, and writes nothing but
a message. In one that begins with the call, another does where the visitor has a variant or no
experiment runs (rules 2 and 4). A visitor to be bucketed, or to be kept out by the share of
traffic, takes one more (rule 3), which writes only if the agent is as it was read and no change
of it is under way, and assigns nobody once the experiment's end has come. If it wrote nothing, the
call starts again behind the change. `_attempt` tells the steps in order.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from django.db import transaction

from agents.agents.editing import assignment_lock
from agents.models import ClientKind, Conversation, Message, MessageRole
from agents.workspaces.tokens import Credentials
from experiments.models import AssignedCount
from experiments.runtime.admission import admit, conversation_taken, shown
from experiments.runtime.answers import (
    ActiveExperiment,
    AgentSetup,
    Answer,
    answer_at,
    preview_at,
    setup_at,
)
from experiments.runtime.preview_links import choice_of, keep_choice, variant_of_link
from experiments.runtime.statements import (
    ASSIGN,
    ASSIGN_AND_RECORD,
    LOOK,
    RECORD,
    RESOLVE,
    RESOLVE_AND_RECORD,
    WAIT_FOR_CHANGES,
    Assigned,
    CameUpon,
    Found,
    Waited,
)
from glozr.errors import Conflict, DomainError, NotFound
from glozr.ids import new_id
from glozr.postgres.statements import fetch_one

MOST_ATTEMPTS = 4


class Source(StrEnum):
    """Which rule answered."""

    CONVERSATION = "conversation"
    VISITOR = "visitor"
    NEW = "new"
    NONE = "none"
    PREVIEW = "preview"


@dataclass(frozen=True, slots=True)
class Call:
    """Who asks, about which conversation."""

    credentials: Credentials
    agent_id: UUID
    conversation_id: UUID
    visitor_id: str
    playground: bool = False
    client_kind: ClientKind = ClientKind.PERSON
    chosen: UUID | None = None
    """The variant that a preview link chose: the conversation is a playground one."""
    begins: bool = False
    """The conversation's id was made for this call: it can't be known."""


@dataclass(frozen=True, slots=True)
class Utterance:
    """A message to be recorded with the call. `id` makes it safe to send again."""

    id: UUID
    role: str
    content: str
    sent_at: datetime | None
    by_visitor: bool


@dataclass(frozen=True, slots=True)
class Resolution:
    conversation_id: UUID
    visitor_id: str
    source: Source
    answer: Answer
    version: int
    """Of the agent, when the call read it."""


@dataclass(frozen=True, slots=True)
class Recorded:
    """A stored message, or the earlier one with its id, and how its conversation is resolved."""

    is_new: bool
    role: str
    content: str
    sent_at: datetime
    resolution: Resolution | None


@dataclass(frozen=True, slots=True)
class _Decision:
    """What the conversation answers with: a revision of the agent, under a variant or none."""

    source: Source
    version: int
    revision: int
    variant_id: UUID | None


@dataclass(frozen=True, slots=True)
class _Outcome:
    """`said_at` is None for a call without a message, and for a message that was sent before."""

    decision: _Decision | None
    found: Found | CameUpon
    said_at: datetime | None


def previewed(call: Call, code: str) -> Call:
    """`call` with the variant that a preview link's `code` chooses.

    Raises:
        NotSignedIn, NotFound: the token, the agent.
        Forbidden, Conflict: as `preview_links.variant_of_link` says.
    """
    variant_id = variant_of_link(
        code,
        credentials=call.credentials,
        agent_id=call.agent_id,
        conversation_id=call.conversation_id,
    )
    return replace(call, playground=True, chosen=variant_id)


def resolve(call: Call) -> Resolution:
    """The variant of the conversation, decided now if this is its first message.

    Raises:
        NotSignedIn, Forbidden, NotFound: the token, its abilities, the agent.
        Conflict: `conversation_taken`, the conversation is another visitor's.
    """
    outcome = _settle(call, None)
    if call.chosen:
        keep_choice(call.agent_id, call.conversation_id, call.chosen)
    assert outcome.decision is not None
    return _answered(call, outcome.decision, outcome.found)


def record_message(call: Call, utterance: Utterance) -> Recorded:
    """Store a message once, resolving its conversation if it is the visitor's first.

    Raises:
        NotSignedIn, Forbidden, NotFound: the token, its abilities, the agent.
        Conflict: `conversation_taken`, or `message_id_taken` by another conversation.
    """
    outcome = _settle(call, utterance)
    if call.chosen:
        keep_choice(call.agent_id, call.conversation_id, call.chosen)
    resolution = _answered(call, outcome.decision, outcome.found) if outcome.decision else None
    if outcome.said_at is not None:
        said = (utterance.role, utterance.content, outcome.said_at)
        return Recorded(True, *said, resolution)
    earlier = outcome.found
    assert earlier.earlier_sent_at is not None
    said = (earlier.earlier_role, earlier.earlier_content, earlier.earlier_sent_at)
    return Recorded(False, *said, resolution)


def _answered(call: Call, decision: _Decision, found: Found | CameUpon) -> Resolution:
    """Once everything is stored: what an answer reads and notes holds no lock of the call."""
    at = (call.agent_id, decision.version, decision.revision)
    source, answer = decision.source, None
    if call.chosen or found.playground:
        variant_id = choice_of(call.agent_id, call.conversation_id)
        if variant_id is not None:
            source, answer = Source.PREVIEW, preview_at(*at, variant_id)
    if answer is None:
        answer = answer_at(*at, decision.variant_id)
    return Resolution(call.conversation_id, call.visitor_id, source, answer, decision.version)


def _settle(call: Call, utterance: Utterance | None) -> _Outcome:
    outcome = _attempt(call, utterance)
    for _ in range(MOST_ATTEMPTS - 1):
        if outcome is not None:
            return outcome
        # Somebody changed the agent or decided this conversation meanwhile. Wait for changes
        # under way to end and keep new ones out: what is read next then stays true.
        with transaction.atomic():
            fetch_one(WAIT_FOR_CHANGES, {"lock": assignment_lock(call.agent_id)}, Waited)
            outcome = _attempt(call, utterance)
    if outcome is None:
        raise _taken_by_another_agent(call)
    return outcome


def _attempt(call: Call, utterance: Utterance | None) -> _Outcome | None:
    """The steps of a call, in order; None where something changed meanwhile."""
    parameters = _parameters(call, utterance)
    if not call.begins:
        seen = admit(
            fetch_one(RECORD if utterance else LOOK, parameters, CameUpon), call.credentials
        )
        _refuse_what_is_taken(seen)
        if seen.is_settled:
            return _as_seen(call, seen, utterance)
        if seen.is_newcomer and parameters["decides"] and not _is_playground(call, seen):
            setup = setup_at(call.agent_id, seen.version)
            if setup.active is not None and setup.version == seen.version:
                return _assign(call, utterance, parameters, setup, seen, call.visitor_id)
    sql = RESOLVE_AND_RECORD if utterance else RESOLVE
    found = admit(fetch_one(sql, parameters, Found), call.credentials)
    _refuse_what_is_taken(found)
    if not found.is_due or found.written:
        if not _is_settled(found, utterance):
            return None
        return _Outcome(_decision(call, found, parameters["decides"]), found, found.said_at)
    setup = setup_at(call.agent_id, found.version)
    if setup.active is None:
        return None
    return _assign(call, utterance, parameters, setup, found, found.person or call.visitor_id)


def _as_seen(call: Call, seen: CameUpon, utterance: Utterance | None) -> _Outcome | None:
    """What a call comes to in a conversation that nothing is to be decided of."""
    if utterance and seen.said_at is None and seen.earlier_is_same is None:
        return None  # another message has taken the id meanwhile
    decides = utterance is None or utterance.by_visitor
    return _Outcome(_decision(call, seen, decides), seen, seen.said_at)


def _assign(
    call: Call,
    utterance: Utterance | None,
    parameters: dict[str, Any],
    setup: AgentSetup,
    found: Found | CameUpon,
    person: str,
) -> _Outcome | None:
    assert setup.active is not None
    parameters |= _assignment(call, setup.active, person=person, version=setup.version)
    assigned = fetch_one(ASSIGN_AND_RECORD if utterance else ASSIGN, parameters, Assigned)
    if assigned is None or (utterance and assigned.said_at is None):
        return None
    decision = _Decision(_source(assigned), found.version, assigned.revision, assigned.variant_id)
    return _Outcome(decision, found, assigned.said_at)


def _refuse_what_is_taken(found: Found | CameUpon) -> None:
    if found.own is False:
        raise conversation_taken()
    if found.earlier_is_same is False:
        raise _message_id_taken()


def _is_playground(call: Call, seen: CameUpon) -> bool:
    return call.playground if seen.playground is None else seen.playground


def _source(assigned: Assigned) -> Source:
    if assigned.variant_id is None:
        return Source.NONE
    return Source.NEW if assigned.is_new else Source.VISITOR


def _is_settled(found: Found, utterance: Utterance | None) -> bool:
    """Whether the first statement did all that was to do: the conversation is there, and so is
    the message."""
    is_there = found.own is not None or found.written
    is_said = found.said_at is not None or found.earlier_is_same is not None
    return is_there and (utterance is None or is_said)


def _decision(call: Call, found: Found | CameUpon, decides: bool) -> _Decision | None:
    """By rules 1, 2 and 4; None before the visitor's first message."""
    if found.kept_revision is not None:
        return _Decision(Source.CONVERSATION, found.version, found.kept_revision, found.variant_id)
    if isinstance(found, Found) and found.is_due:
        source = Source.VISITOR if found.held_variant else Source.NONE
        return _Decision(source, found.version, found.revision, found.held_variant)
    if decides or (found.playground and _visitor_has_spoken(call)):
        return _Decision(Source.NONE, found.version, found.revision, None)
    return None


def _parameters(call: Call, utterance: Utterance | None) -> dict[str, Any]:
    parameters: dict[str, Any] = {
        **shown(call.credentials),
        "agent": call.agent_id,
        "conversation": call.conversation_id,
        "visitor": call.visitor_id,
        "playground": call.playground,
        "client_kind": call.client_kind,
        "decides": utterance is None or utterance.by_visitor,
    }
    if utterance is not None:
        parameters |= {
            "message": utterance.id,
            "role": utterance.role,
            "content": utterance.content,
            "sent_at": utterance.sent_at,
        }
    return parameters


def _assignment(
    call: Call, active: ActiveExperiment, *, person: str, version: int
) -> dict[str, Any]:
    assignment = new_id()
    return {
        "version": version,
        "lock": assignment_lock(call.agent_id),
        "assignment": assignment,
        "experiment": active.id,
        "variant": active.variant_for(person),
        "person": person,
        "ends_at": active.ends_at,
        "most": active.ends_at_visitors,
        "slot": assignment.int % AssignedCount.SLOTS,
    }


def _visitor_has_spoken(call: Call) -> bool:
    return Message.objects.filter(
        agent_id=call.agent_id, conversation_id=call.conversation_id, role=MessageRole.VISITOR
    ).exists()


def _message_id_taken() -> Conflict:
    return Conflict(
        "This id belongs to a message of another conversation. Send a new id.",
        code="message_id_taken",
    )


def _taken_by_another_agent(call: Call) -> DomainError:
    """Nothing could be stored and nothing found: another agent has the conversation's id, or
    the message's."""
    conversations = Conversation.objects.of_agent(call.agent_id)
    if conversations.filter(pk=call.conversation_id).exists():
        return _message_id_taken()
    return NotFound("This agent has no such conversation. Conversation ids are never shared.")
