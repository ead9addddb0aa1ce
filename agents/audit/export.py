"""A workspace's history as CSV, a batch at a time: memory stays flat."""

import json
from collections.abc import Iterator

from agents.audit import texts
from agents.audit.events import history_of
from agents.models import Workspace, WorkspaceEvent
from glozr.postgres.keyset import Order, keyset_page
from glozr.text import csv_lines, harmless

EVENTS_AT_ONCE = 500
EVENT_COLUMNS = ("when", "who", "action", "subject", "changes")


def history_csv(workspace: Workspace) -> Iterator[str]:
    """Lines of CSV in pieces, the newest event first; times in UTC as ISO 8601, changes as JSON
    with their whole texts."""
    yield csv_lines([EVENT_COLUMNS])
    cursor = ""
    while True:
        page = keyset_page(
            [history_of(workspace)],
            order=Order("created_at"),
            cursor=cursor,
            per_page=EVENTS_AT_ONCE,
        )
        whole = texts.contents(workspace.pk, (event.changes for event in page.rows))
        yield csv_lines(_cells(event, whole) for event in page.rows)
        if not page.next:
            return
        cursor = page.next


def _cells(event: WorkspaceEvent, whole: dict[str, str]) -> tuple[str, ...]:
    changes = texts.restored(event.changes, whole)
    return (
        event.created_at.isoformat(),
        harmless(event.actor_name),
        event.action,
        harmless(event.subject),
        json.dumps(changes, ensure_ascii=False) if changes else "",
    )
