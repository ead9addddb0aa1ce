"""Erase a visitor: everything said and left, and the id itself, wherever it stands.

What the visitor counted for stays: the assignment loses its name and keeps its figures, which are
folded before and never worked out again (`Assignment.is_settled`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final, LiteralString

from django.db import connection, transaction
from django.db.models import QuerySet
from django.utils import timezone

from agents.audit.events import record_event
from agents.models import Agent, Conversation, Lead, Workspace, WorkspaceAction
from agents.roles import Caller
from experiments import history
from experiments.models import Action, PendingCount
from experiments.results import rollup
from experiments.visitors.merging import experiments_of, ids_of
from glozr.background import IsStopping, never
from glozr.postgres.sql import statement

_FOLDER = Path(__file__).parent / "sql"
HAND_OVER: Final = statement(_FOLDER, "hand_over_leads")
_WITHOUT_NAME: Final[LiteralString] = (
    "UPDATE experiment_assignments"
    " SET visitor_id = 'erased:' || gen_random_uuid(), is_settled = true"
    " WHERE agent_id = %(agent)s AND visitor_id = ANY (%(ids)s)"
)
_FORGET: Final[Sequence[LiteralString]] = (
    "DELETE FROM lead_status_changes WHERE agent_id = %(agent)s AND lead_id IN"
    " (SELECT id FROM leads WHERE agent_id = %(agent)s AND visitor_id = ANY (%(ids)s))",
    "DELETE FROM leads WHERE agent_id = %(agent)s AND visitor_id = ANY (%(ids)s)",
    "DELETE FROM pending_counts WHERE agent_id = %(agent)s AND visitor_id = ANY (%(ids)s)",
    "DELETE FROM visitor_merges WHERE agent_id = %(agent)s"
    " AND (visitor_id = ANY (%(ids)s) OR into_id = ANY (%(ids)s))",
    "DELETE FROM left_out_rules WHERE workspace_id = %(workspace)s AND kind = 'visitor'"
    " AND value = ANY (%(ids)s)",
)
_CONVERSATIONS: Final[LiteralString] = (
    "SELECT id FROM conversations WHERE agent_id = %(agent)s AND visitor_id = ANY (%(ids)s)"
    " AND started_at < %(before)s"
)
_TALKS: Final[Sequence[LiteralString]] = (
    f"DELETE FROM messages WHERE agent_id = %(agent)s AND conversation_id IN ({_CONVERSATIONS})",
    "UPDATE leads SET conversation_id = NULL"
    f" WHERE agent_id = %(agent)s AND conversation_id IN ({_CONVERSATIONS})",
    f"DELETE FROM conversations WHERE agent_id = %(agent)s AND id IN ({_CONVERSATIONS})",
)
_SETTLE: Final[LiteralString] = (
    "UPDATE experiment_assignments SET is_settled = true"
    " WHERE agent_id = %(agent)s AND visitor_id = ANY (%(ids)s) AND assigned_at < %(before)s"
)
ERASED_AT_ONCE = 500
"""Of a workspace, in one step of the background process."""
DAYS_OF_A_MONTH = 30.4375


@dataclass(frozen=True, slots=True)
class Erased:
    """How much was held of the visitor."""

    ids: int
    conversations: int
    leads: int


def held_of(agent: Agent, visitor_id: str) -> Erased:
    """How much is held of the visitor, under every id."""
    ids = ids_of(agent, visitor_id)
    conversations = Conversation.objects.of_agent(agent.pk).filter(visitor_id__in=ids)
    leads = Lead.objects.of_agent(agent.pk).filter(visitor_id__in=ids)
    return Erased(len(ids), conversations.count(), leads.count())


def erase_visitor(agent: Agent, visitor_id: str, *, by: Caller | None) -> Erased:
    """Remove all that is held of the visitor, under every id; nothing where nothing is held."""
    with transaction.atomic():
        ids = ids_of(agent, visitor_id)
        _fold_first(agent, ids)
        named = _named(agent, ids, before=timezone.now() + timedelta(days=1))
        erased = held_of(agent, visitor_id)
        history.add_visitor(experiments_of(agent, ids), Action.ERASED, by=by)
        _run([HAND_OVER, *_TALKS, *_FORGET, _WITHOUT_NAME], named)
        record_event(
            agent.workspace,
            WorkspaceAction.VISITOR_ERASED,
            by=by,
            subject=agent,
        )
    return erased


def erase_old(is_stopping: IsStopping = never) -> bool:
    """Erase what is older than its workspace keeps it; whether there was anything.

    A visitor without a visit since is erased; of one who still comes, the old conversations.
    """
    was_any = False
    for workspace in Workspace.objects.exclude(retention_months=None).iterator():
        days = (workspace.retention_months or 0) * DAYS_OF_A_MONTH
        before = timezone.now() - timedelta(days=days)
        for agent in workspace.agents.all():
            if is_stopping():
                return was_any
            was_any = _erase_before(agent, before) or was_any
    return was_any


def _erase_before(agent: Agent, before: datetime) -> bool:
    old = Conversation.objects.of_agent(agent.pk).between(None, before).order_by("started_at")
    visitors = dict.fromkeys(old.values_list("visitor_id", flat=True)[:ERASED_AT_ONCE])
    for visitor_id in visitors:
        ids = ids_of(agent, visitor_id)
        if _came_since(agent, ids, before):
            with transaction.atomic():
                _fold_first(agent, ids)
                _run([_SETTLE, *_TALKS], _named(agent, ids, before=before))
        else:
            erase_visitor(agent, visitor_id, by=None)
    return bool(visitors)


def _came_since(agent: Agent, ids: Sequence[str], moment: datetime) -> bool:
    rows: list[QuerySet[Any]] = [
        Conversation.objects.of_agent(agent.pk).between(moment, None),
        Lead.objects.of_agent(agent.pk).between(moment, None),
    ]
    return any(found.filter(visitor_id__in=ids).exists() for found in rows)


def _fold_first(agent: Agent, ids: Sequence[str]) -> None:
    """Have the visitor counted as things stand, with nobody else folding the agent."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT lock_fold(%s, true)", [agent.pk])
    waiting = PendingCount.objects.filter(agent=agent)
    PendingCount.objects.bulk_create(
        PendingCount(agent=agent, visitor_id=visitor_id) for visitor_id in ids
    )
    while waiting.filter(visitor_id__in=ids).exists():
        rollup.fold(agent.pk)


def _named(agent: Agent, ids: Sequence[str], *, before: datetime) -> Mapping[str, Any]:
    return {
        "agent": agent.pk,
        "workspace": agent.workspace_id,
        "ids": list(ids),
        "before": before,
    }


def _run(statements: Sequence[LiteralString], parameters: Mapping[str, Any]) -> None:
    with connection.cursor() as cursor:
        for each in statements:
            cursor.execute(each, parameters)
