"""Everything that is held of one visitor, as JSON, a piece at a time."""

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from agents.audit.events import record_event
from agents.models import Agent, Conversation, Lead, LeadRepeat, Message, WorkspaceAction
from agents.roles import Caller
from experiments.models import Assignment
from experiments.visitors.merging import ids_of
from glozr.outputs.instants import written

_READ_AT_ONCE = 1_000


def everything_of(agent: Agent, visitor_id: str, *, by: Caller | None) -> Iterator[str]:
    """A JSON object in pieces: the visitor's ids, assignments, leads, and conversations with
    their messages; times in UTC. That it was asked for is in the workspace's history."""
    record_event(agent.workspace, WorkspaceAction.VISITOR_EXPORTED, by=by, subject=agent)
    return _pieces(agent, ids_of(agent, visitor_id))


def _pieces(agent: Agent, ids: list[str]) -> Iterator[str]:
    head = {"agent": str(agent.pk), "visitor_ids": ids}
    yield json.dumps(head)[:-1]
    yield from _member("assignments", map(_assignment, _assignments(agent, ids)))
    yield from _member("leads", map(_lead, _leads(agent, ids)))
    yield from _member("left_again", map(_repeat, _repeats(agent, ids)))
    yield from _member("conversations", map(_conversation, _conversations(agent, ids)))
    yield "}"


def _member(name: str, values: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    yield f', "{name}": ['
    for number, value in enumerate(values):
        yield ("," if number else "") + json.dumps(value, ensure_ascii=False)
    yield "]"


def _assignments(agent: Agent, ids: list[str]) -> Iterable[Assignment]:
    found = Assignment.objects.filter(agent=agent, visitor_id__in=ids)
    return found.select_related("experiment", "variant").order_by("assigned_at", "id")


def _leads(agent: Agent, ids: list[str]) -> Iterable[Lead]:
    return Lead.objects.of_agent(agent.pk).filter(visitor_id__in=ids).order_by("created_at", "id")


def _repeats(agent: Agent, ids: list[str]) -> Iterable[LeadRepeat]:
    found = LeadRepeat.objects.filter(agent=agent, visitor_id__in=ids).select_related("lead")
    return found.order_by("left_at", "id").iterator(_READ_AT_ONCE)


def _conversations(agent: Agent, ids: list[str]) -> Iterable[Conversation]:
    found = Conversation.objects.of_agent(agent.pk).filter(visitor_id__in=ids)
    return found.order_by("started_at", "id").iterator(_READ_AT_ONCE)


def _assignment(row: Assignment) -> dict[str, Any]:
    return {
        "visitor_id": row.visitor_id,
        "experiment": {"id": str(row.experiment_id), "name": row.experiment.name},
        "variant": {"id": str(row.variant_id), "name": row.variant.name},
        "assigned_at": written(row.assigned_at),
    }


def _lead(row: Lead) -> dict[str, Any]:
    texts = ("visitor_id", "email", "name", "phone", "company", "status")
    return {
        "id": str(row.pk),
        **{name: getattr(row, name) for name in texts},
        "conversation_id": str(row.conversation_id) if row.conversation_id else None,
        "created_at": written(row.created_at),
    }


def _repeat(row: LeadRepeat) -> dict[str, Any]:
    return {
        "visitor_id": row.visitor_id,
        "lead": str(row.lead_id),
        "email": row.lead.email,
        "left_at": written(row.left_at),
    }


def _conversation(row: Conversation) -> dict[str, Any]:
    messages = Message.objects.filter(agent=row.agent_id, conversation=row)
    in_order = messages.order_by("sent_at", "received_at", "id")
    return {
        "id": str(row.pk),
        "visitor_id": row.visitor_id,
        "started_at": written(row.started_at),
        "variant_id": str(row.variant_id) if row.variant_id else None,
        "playground": row.playground,
        "client_kind": row.client_kind,
        "messages": [
            {"role": said.role, "content": said.content, "sent_at": written(said.sent_at)}
            for said in in_order.iterator(_READ_AT_ONCE)
        ],
    }
