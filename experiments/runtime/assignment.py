"""Resolve a conversation to a variant: sticky, once, whatever happens beside it.

One statement answers whenever the conversation is decided, the visitor has a variant, or no
experiment runs (rules 1, 2 and 4). A visitor to be bucketed takes a second one (rule 3), which
writes only if the agent is as it was read and no change of it is under way. If it wrote nothing,
the call starts again behind the change.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, NamedTuple
from uuid import UUID

from django.db import transaction

from agents.access import NO_SUCH_AGENT
from agents.agents.editing import assignment_lock
from agents.models import Ability, Conversation, Message, MessageRole
from agents.workspaces.tokens import touch
from experiments.bucketing import bucket
from experiments.runtime import statements
from experiments.runtime.answers import Answer, answer_at, setup_at
from glozr.errors import Conflict, DomainError, Forbidden, NotFound, NotSignedIn
from glozr.ids import new_id
from glozr.postgres.statements import fetch_one

RETRIES = 3


class Source(StrEnum):
    """Which rule answered."""

    CONVERSATION = "conversation"
    VISITOR = "visitor"
    NEW = "new"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Call:
    """Who asks, about which conversation."""

    token_digest: str
    agent_id: UUID
    conversation_id: UUID
    visitor_id: str
    playground: bool = False


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


@dataclass(frozen=True, slots=True)
class Recorded:
    """A stored message, or the earlier one with its id, and how its conversation is resolved."""

    is_new: bool
    role: str
    content: str
    sent_at: datetime
    resolution: Resolution | None


class _Row(NamedTuple):
    """What a statement of `runtime_sql` read and did; the message's part only when it has one."""

    token_id: UUID
    able: bool
    unnoted: bool
    agent_id: UUID | None
    version: int
    own: bool | None
    playground: bool | None
    decided: bool | None
    variant_id: UUID | None
    stamped: bool
    held_variant: UUID | None
    said_at: datetime | None = None
    same: bool | None = None
    earlier_role: str = ""
    earlier_content: str = ""
    earlier_sent_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class _Outcome:
    resolution: Resolution | None
    row: _Row
    said_at: datetime | None


def resolve(call: Call) -> Resolution:
    """The variant of the conversation, decided now if this is its first message.

    Raises:
        NotSignedIn, Forbidden, NotFound: the token, its abilities, the agent.
        Conflict: `conversation_taken`, the conversation is another visitor's.
    """
    outcome = _settle(call, {**_parameters(call), "decides": True}, with_message=False)
    assert outcome.resolution is not None
    return outcome.resolution


def record_message(call: Call, utterance: Utterance) -> Recorded:
    """Store a message once, resolving its conversation if it is the visitor's first.

    Raises:
        NotSignedIn, Forbidden, NotFound: the token, its abilities, the agent.
        Conflict: `conversation_taken`, or `message_id_taken` by another conversation.
    """
    parameters = {
        **_parameters(call),
        "decides": utterance.by_visitor,
        "message": utterance.id,
        "role": utterance.role,
        "content": utterance.content,
        "sent_at": utterance.sent_at,
    }
    outcome = _settle(call, parameters, with_message=True)
    row = outcome.row
    if outcome.said_at is None:
        assert row.earlier_sent_at is not None
        return Recorded(
            False, row.earlier_role, row.earlier_content, row.earlier_sent_at, outcome.resolution
        )
    return Recorded(True, utterance.role, utterance.content, outcome.said_at, outcome.resolution)


def authorise(token_digest: str, agent_id: UUID) -> None:
    """Check the token and the agent alone, for a call whose body is refused.

    Raises:
        NotSignedIn, Forbidden, NotFound: the token, its abilities, the agent.
    """
    row = fetch_one(statements.AUTHORISE, {"digest": token_digest, "agent": agent_id})
    admit(row)


def admit(row: Sequence[Any] | None) -> Sequence[Any]:
    """The row of a statement that begins with the gate's columns, if the gate let it pass."""
    if row is None:
        raise NotSignedIn
    token_id, able, unnoted, agent_id, *_ = row
    if not able:
        raise Forbidden(
            f"This token lacks the ability {Ability.RUNTIME.value}. Make a token that has it."
        )
    if agent_id is None:
        raise NotFound(NO_SUCH_AGENT)
    if unnoted:
        touch(token_id)
    return row


def taken() -> Conflict:
    return Conflict(
        "This conversation belongs to another visitor. Start a new one for this visitor.",
        code="conversation_taken",
    )


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


def _parameters(call: Call) -> dict[str, Any]:
    return {
        "digest": call.token_digest,
        "agent": call.agent_id,
        "conversation": call.conversation_id,
        "visitor": call.visitor_id,
        "playground": call.playground,
    }


def _settle(call: Call, parameters: Mapping[str, Any], *, with_message: bool) -> _Outcome:
    outcome = _attempt(call, parameters, with_message=with_message)
    for _ in range(RETRIES):
        if outcome is not None:
            return outcome
        # Somebody changed the agent or decided this conversation meanwhile. Wait for changes
        # under way to end and keep new ones out: what is read next then stays true.
        with transaction.atomic():
            fetch_one(statements.WAIT_FOR_CHANGES, {"lock": assignment_lock(call.agent_id)})
            outcome = _attempt(call, parameters, with_message=with_message)
    if outcome is None:
        raise _taken_by_another_agent(call)
    return outcome


def _attempt(call: Call, parameters: Mapping[str, Any], *, with_message: bool) -> _Outcome | None:
    """One reading of the database and what follows from it; None to read again."""
    sql = statements.RESOLVE_AND_RECORD if with_message else statements.RESOLVE
    row = _Row(*admit(fetch_one(sql, parameters)))
    if row.own is False:
        raise taken()
    if row.same is False:
        raise _message_id_taken()
    if (row.own is None and not row.stamped) or (_is_due(row, parameters) and not row.stamped):
        return _assign(call, row, parameters, with_message=with_message)
    if with_message and row.said_at is None and row.same is None:
        return None
    return _Outcome(_resolution(call, row, parameters), row, row.said_at)


def _is_due(row: _Row, parameters: Mapping[str, Any]) -> bool:
    """Whether this call has to decide the conversation."""
    playground = parameters["playground"] if row.playground is None else row.playground
    return parameters["decides"] and not playground and not row.decided


def _resolution(call: Call, row: _Row, parameters: Mapping[str, Any]) -> Resolution | None:
    if row.decided:
        source, variant_id = Source.CONVERSATION, row.variant_id
    elif _is_due(row, parameters):
        source = Source.VISITOR if row.held_variant else Source.NONE
        variant_id = row.held_variant
    elif parameters["decides"] or (row.playground and _visitor_has_spoken(call)):
        source, variant_id = Source.NONE, None
    else:
        return None
    return _answered(call, row, source, variant_id)


def _assign(
    call: Call, row: _Row, parameters: Mapping[str, Any], *, with_message: bool
) -> _Outcome | None:
    """Rule 3, if it applies: bucket the visitor, store the assignment, stamp the conversation."""
    assert row.agent_id is not None
    setup = setup_at(row.agent_id, row.version)
    active = setup.active
    if active is None or not _is_due(row, parameters):
        return None
    variant_id = active.variant_ids[bucket(active.id, call.visitor_id, active.weights)]
    written = fetch_one(
        statements.ASSIGN_AND_RECORD if with_message else statements.ASSIGN,
        {
            **parameters,
            "version": setup.version,
            "lock": assignment_lock(row.agent_id),
            "assignment": new_id(),
            "experiment": active.id,
            "variant": variant_id,
        },
    )
    if written is None or (with_message and written[2] is None):
        return None
    assigned_variant, is_new, *said = written
    source = Source.NEW if is_new else Source.VISITOR
    return _Outcome(_answered(call, row, source, assigned_variant), row, said[0] if said else None)


def _answered(call: Call, row: _Row, source: Source, variant_id: UUID | None) -> Resolution:
    return Resolution(
        call.conversation_id,
        call.visitor_id,
        source,
        answer_at(call.agent_id, row.version, variant_id),
    )


def _visitor_has_spoken(call: Call) -> bool:
    return Message.objects.filter(
        agent_id=call.agent_id, conversation_id=call.conversation_id, role=MessageRole.VISITOR
    ).exists()
