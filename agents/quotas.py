"""How many rows of a kind a workspace may hold. The numbers are in `limits`, here and in
`experiments`; who makes a row asks first, in the same transaction."""

from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from agents.models import Workspace
from glozr.errors import Conflict


def demand_room(workspace_id: UUID, rows: QuerySet[Any], limit: int, *, what_to_do: str) -> None:
    """Hold the workspace's row until the transaction ends, so that of several at once none is one
    too many, and count no further than the limit. Who holds an agent as well took that first.

    Raises:
        Conflict: `too_many`, when there are `limit` of `rows` already; says `what_to_do`.
    """
    Workspace.objects.select_for_update(no_key=True).get(pk=workspace_id)
    if rows.order_by()[:limit].count() >= limit:
        raise Conflict(what_to_do, code="too_many")
