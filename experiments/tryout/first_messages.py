"""What the last visitors of an agent began with, to be said again to its variants."""

from pathlib import Path
from typing import Any, Final

from django.db import connection

from agents.models import Agent
from experiments import limits
from experiments.tryout.masking import masked
from glozr.postgres.sql import statement

_FIRST: Final = statement(Path(__file__).parent / "sql", "first_messages")


def first_messages_of(agent: Agent) -> list[str]:
    """Of so many visitors at most, the newest first; e-mail addresses and telephone numbers are
    masked, as they may go to a model elsewhere."""
    parameters: dict[str, Any] = {
        "agent": agent.pk,
        "among": limits.REPLAYED_AMONG,
        "longest": limits.TRIED_MESSAGE,
        "most": limits.REPLAYED_VISITORS,
    }
    with connection.cursor() as cursor:
        cursor.execute(_FIRST, parameters)
        return [masked(content)[: limits.TRIED_MESSAGE] for (content,) in cursor.fetchall()]
