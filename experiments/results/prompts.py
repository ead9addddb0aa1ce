"""Which prompts the conversations of a variant got: so it shows whether B really got B."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from glozr.postgres.replica import connection_to_read
from glozr.postgres.sql import statement

MOST_COUNTED = 10_000
"""Counting the conversations of a prompt stops here, so that millions of them cost no more."""
MOST_PROMPTS = 20
"""Of a variant, the newest."""

PROMPTS = statement(Path(__file__).parent / "sql", "prompts")


@dataclass(frozen=True, slots=True)
class PromptCount:
    """How many conversations of a variant got its prompt at a revision of the agent.

    Attributes:
        revision: None for conversations that a release decided which noted none.
        digests: SHA-256 in hexadecimal. More than one where a release of ours worded the built-in
            part anew while conversations of the revision went on.
        conversations: at most MOST_COUNTED.
    """

    revision: int | None
    digests: tuple[str, ...]
    conversations: int

    @property
    def names(self) -> list[str]:
        """How people tell one digest from another."""
        return [digest[:8] for digest in self.digests]

    @property
    def has_more(self) -> bool:
        """Whether there may be more conversations than were counted."""
        return self.conversations == MOST_COUNTED


def prompts_of(agent_id: UUID, variant_ids: Sequence[UUID]) -> dict[UUID, tuple[PromptCount, ...]]:
    """Of each variant that any conversation was stamped with, the newest revision first."""
    found: dict[UUID, tuple[PromptCount, ...]] = {}
    with connection_to_read().cursor() as cursor:
        cursor.execute(
            PROMPTS,
            {
                "agent": agent_id,
                "variants": list(variant_ids),
                "most": MOST_COUNTED,
                "prompts": MOST_PROMPTS,
            },
        )
        for variant_id, revision, digests, conversations in cursor.fetchall():
            count = PromptCount(revision, tuple(digests), conversations)
            found[variant_id] = (*found.get(variant_id, ()), count)
    return found
