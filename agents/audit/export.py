"""Histories whole: their entries with all texts, and tables of them, a batch at a time."""

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol, TypeVar
from uuid import UUID

from django.db.models import Model, QuerySet

from agents.audit import texts
from agents.audit.events import history_of, history_of_agent
from agents.audit.narrative import workspace_step
from agents.models import Agent, Workspace, WorkspaceEvent
from glozr.outputs.tables import Cell, Column, Table
from glozr.postgres.keyset import KeysetPage, Order, keyset_page, pages_of

_Event = TypeVar("_Event", bound=Model)

EVENTS_AT_ONCE = 100
LATEST_EVENT = Order("created_at")
HISTORY_COLUMNS = (
    Column("id", "Id", 38),
    Column("created_at", "When", 20),
    Column("who", "Who", 28),
    Column("action", "Step", 20),
    Column("subject", "About", 28),
    Column("what", "In words", 60),
    Column("changes", "What changed", 80),
)


@dataclass(frozen=True, slots=True)
class HistoryEntry:
    """`what` is the step in words; `changes` has, for each field, what it was and what it is."""

    id: UUID
    created_at: datetime
    who: str
    action: str
    subject: str
    what: str
    changes: dict[str, Any]


class Noted(Protocol):
    """A step of any history."""

    pk: Any
    created_at: datetime
    actor_name: str
    action: str
    changes: Any


_Noted = TypeVar("_Noted", bound=Noted)


def whole_entries(
    workspace_id: UUID, events: Sequence[_Noted], told: Callable[[_Noted], tuple[str, str]]
) -> list[HistoryEntry]:
    """With all texts; `told` gives what a step was about, and the sentence of it."""
    whole = texts.contents(workspace_id, (event.changes for event in events))
    return [
        HistoryEntry(
            id=event.pk,
            created_at=event.created_at,
            who=event.actor_name,
            action=event.action,
            subject=subject,
            what=what,
            changes=texts.restored(event.changes, whole),
        )
        for event in events
        for subject, what in [told(event)]
    ]


def workspace_entries(workspace_id: UUID, events: Sequence[WorkspaceEvent]) -> list[HistoryEntry]:
    return whole_entries(
        workspace_id, events, lambda event: (event.subject, workspace_step(event).what)
    )


def workspace_table(workspace: Workspace) -> Table:
    return history_table(
        history_of(workspace), lambda events: workspace_entries(workspace.pk, events)
    )


def agent_table(agent: Agent) -> Table:
    return history_table(
        history_of_agent(agent), lambda events: workspace_entries(agent.workspace_id, events)
    )


def history_table(
    events: QuerySet[_Event], entries: Callable[[list[_Event]], list[HistoryEntry]]
) -> Table:
    """The newest event first; changes as JSON."""
    return Table("History", HISTORY_COLUMNS, _rows(events, entries))


def history_page(events: QuerySet[_Event], *, cursor: str, per_page: int) -> KeysetPage[_Event]:
    """
    Raises:
        Invalid: the cursor is damaged.
    """
    return keyset_page([events], order=LATEST_EVENT, cursor=cursor, per_page=per_page)


def _rows(
    events: QuerySet[_Event], entries: Callable[[list[_Event]], list[HistoryEntry]]
) -> Iterator[Sequence[Cell]]:
    def read(cursor: str) -> KeysetPage[_Event]:
        return history_page(events, cursor=cursor, per_page=EVENTS_AT_ONCE)

    for page in pages_of(read):
        for each in entries(page.rows):
            changes = json.dumps(each.changes, ensure_ascii=False) if each.changes else None
            yield (
                *(each.id, each.created_at, each.who, each.action, each.subject, each.what),
                changes,
            )
