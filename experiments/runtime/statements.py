"""The statements of the runtime path, in the files of `sql/`, and the rows that they answer with.

Each call of the runtime API is one of these, or two where something is to be decided. Token,
agent and conversation are checked in the statement that acts on them, so nothing is decided on
what another server may have changed. All tables are read and written by `agent_id`.

Parameters: digest, client (the address of the caller), agent, conversation, visitor, playground,
client_kind, decides (whether the visitor speaks); for a message also message, role, content,
sent_at; for an assignment version, lock, assignment, experiment, variant, person, and the
experiment's end, which is ends_at, most (visitors of a variant) and slot (of the counts that `most`
is compared with).
"""

from datetime import datetime
from pathlib import Path
from typing import Final, LiteralString, NamedTuple
from uuid import UUID

from agents.workspaces.conditions import CONDITIONS
from glozr.postgres.sql import statement

_FOLDER = Path(__file__).parent / "sql"

_IS_TAKEN: Final[LiteralString] = "EXISTS (SELECT FROM earlier WHERE NOT same)"

AUTHORISE: Final = statement(_FOLDER, "authorise", **CONDITIONS)
LOOK: Final = statement(_FOLDER, "look", **CONDITIONS)
RECORD: Final = statement(_FOLDER, "record", unless=_IS_TAKEN, **CONDITIONS)
RESOLVE: Final = statement(_FOLDER, "resolve", unless="false", **CONDITIONS)
RESOLVE_AND_RECORD: Final = statement(
    _FOLDER,
    "resolve_and_record",
    unless=_IS_TAKEN,
    **CONDITIONS,
)
ASSIGN: Final = statement(_FOLDER, "assign")
ASSIGN_AND_RECORD: Final = statement(_FOLDER, "assign_and_record")
RECORD_LEAD: Final = statement(_FOLDER, "record_lead", **CONDITIONS)
SETUP: Final = statement(_FOLDER, "setup")
WAIT_FOR_CHANGES: Final[LiteralString] = (
    "SELECT pg_advisory_xact_lock_shared(%(lock)s) IS NULL AS waited"
)


class Admitted(NamedTuple):
    """The gate's part of a row: whose token it is and what it may do here."""

    token_id: UUID
    near: bool
    able: bool
    unnoted: bool
    agent_id: UUID | None
    version: int | None
    revision: int | None
    urgent_revision: int | None


class CameUpon(NamedTuple):
    """What a call in a conversation that may be known comes upon: `LOOK`, and `RECORD`, which
    stores a message where nothing is to be decided.

    Attributes:
        is_reached: whether it may be answered as it is: no urgent revision is yet to be noted.
        is_newcomer: whether only bucketing can tell the visitor's variant; None where nothing is
            to be decided.

    The others are as in `Found`.
    """

    token_id: UUID
    near: bool
    able: bool
    unnoted: bool
    agent_id: UUID | None
    version: int
    revision: int
    urgent_revision: int
    own: bool | None
    playground: bool | None
    decided: bool | None
    variant_id: UUID | None
    kept_revision: int | None
    is_reached: bool | None
    is_newcomer: bool | None
    said_at: datetime | None = None
    earlier_is_same: bool | None = None
    earlier_role: str = ""
    earlier_content: str = ""
    earlier_sent_at: datetime | None = None

    @property
    def is_settled(self) -> bool:
        """Whether nothing is to be decided, nor to be noted of the conversation."""
        return bool((self.decided or self.playground) and self.is_reached)


class Found(NamedTuple):
    """What a statement that decides read, and what it wrote.

    Attributes:
        revision: of the agent, in force.
        urgent_revision: the latest that conversations under way answer with too.
        own: whether the conversation is this visitor's; None for one that is not known.
        is_due: whether this call has to decide the conversation; None where it may not.
        kept_revision: the one that a decided conversation answers with.
        written: whether the conversation was opened or stamped by this statement.
        held_variant: the visitor's, in the running experiment started last.
        person: the id under which a visitor without a variant is assigned.
        said_at: when the message is stored as sent; None if it is not stored yet.
        earlier_is_same: whether the message of this id was sent before, in this conversation;
            None if there is none.
    """

    token_id: UUID
    near: bool
    able: bool
    unnoted: bool
    agent_id: UUID | None
    version: int
    revision: int
    urgent_revision: int
    own: bool | None
    playground: bool | None
    decided: bool | None
    variant_id: UUID | None
    kept_revision: int | None
    written: bool
    is_due: bool | None
    held_variant: UUID | None
    person: str | None
    said_at: datetime | None = None
    earlier_is_same: bool | None = None
    earlier_role: str = ""
    earlier_content: str = ""
    earlier_sent_at: datetime | None = None


class Assigned(NamedTuple):
    """The variant of the row that won, whether it is the one of this call, and the revision that
    the conversation was stamped with. Without a variant, the visitor takes no part: outside of the
    share of traffic, or the experiment's end had come."""

    variant_id: UUID | None
    is_new: bool
    revision: int
    said_at: datetime | None = None


class KeptLead(NamedTuple):
    """The gate's columns, whether the conversation is the visitor's own, and the lead as it is
    stored now; `id` is None where nothing could be."""

    token_id: UUID
    near: bool
    able: bool
    unnoted: bool
    agent_id: UUID | None
    version: int
    revision: int
    urgent_revision: int
    own: bool | None
    id: UUID | None
    visitor_id: str
    conversation_id: UUID | None
    email: str
    name: str
    phone: str
    company: str
    status: str
    created_at: datetime


class SetupRow(NamedTuple):
    """An agent's version and its active experiment, variants by position; None without one."""

    version: int
    experiment_id: UUID | None
    variant_ids: list[UUID] | None
    weights: list[int] | None
    traffic_share: int | None
    ends_at: datetime | None
    ends_at_visitors: int | None


class Waited(NamedTuple):
    waited: bool
