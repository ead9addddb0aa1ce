"""Who may call: the part that every statement of the runtime begins with, and its refusals."""

from typing import Protocol, TypeVar
from uuid import UUID

from agents.access import NO_SUCH_AGENT
from agents.models import Ability
from agents.workspaces.tokens import touch
from experiments.runtime.statements import AUTHORISE, Admitted
from glozr.errors import Conflict, Forbidden, NotFound, NotSignedIn
from glozr.postgres.statements import fetch_one


class Gated(Protocol):
    """A row that begins with the gate's columns."""

    @property
    def token_id(self) -> UUID: ...
    @property
    def able(self) -> bool: ...
    @property
    def unnoted(self) -> bool: ...
    @property
    def agent_id(self) -> UUID | None: ...


GatedRow = TypeVar("GatedRow", bound=Gated)


def authorise(token_digest: str, agent_id: UUID) -> None:
    """Check the token and the agent alone, for a call whose body is refused.

    Raises:
        NotSignedIn, Forbidden, NotFound: the token, its abilities, the agent.
    """
    admit(fetch_one(AUTHORISE, {"digest": token_digest, "agent": agent_id}, Admitted))


def admit(row: GatedRow | None) -> GatedRow:
    """The row of a statement, if its gate let the call pass.

    Raises:
        NotSignedIn, Forbidden, NotFound: the token, its abilities, the agent.
    """
    if row is None:
        raise NotSignedIn
    if not row.able:
        raise Forbidden(
            f"This token lacks the ability {Ability.RUNTIME.value}. Make a token that has it."
        )
    if row.agent_id is None:
        raise NotFound(NO_SUCH_AGENT)
    if row.unnoted:
        touch(row.token_id)
    return row


def conversation_taken() -> Conflict:
    return Conflict(
        "This conversation belongs to another visitor. Start a new one for this visitor.",
        code="conversation_taken",
    )
