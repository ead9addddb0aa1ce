"""How many people wrote to agents lately."""

from collections.abc import Sequence
from pathlib import Path
from uuid import UUID

from django.db import connection

from glozr.postgres.sql import statement

MOST_LOOKED_AT = 5_000
"""Conversations of each agent, the newest; so many or more visitors aren't counted apart."""
WEEKLY_VISITORS = statement(Path(__file__).parent / "sql", "weekly_visitors")


def weekly_visitors(agent_ids: Sequence[UUID]) -> dict[UUID, int]:
    """Of each agent the visitors of the last seven days, try-outs apart."""
    with connection.cursor() as cursor:
        cursor.execute(WEEKLY_VISITORS, {"agents": list(agent_ids), "most": MOST_LOOKED_AT})
        return dict(cursor.fetchall())
