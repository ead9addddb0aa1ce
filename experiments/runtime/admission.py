"""Who may call: the part that every statement of the runtime begins with, and its refusals."""

from typing import Protocol, TypeVar
from uuid import UUID

from agents.access import NO_SUCH_AGENT
from agents.models import Ability
from agents.workspaces.tokens import Credentials, far_away, touch
from experiments.runtime.statements import AUTHORISE, Admitted
from glozr.errors import Conflict, Forbidden, NotFound, NotSignedIn
from glozr.postgres.statements import fetch_one


class Gated(Protocol):
    """A row that begins with the gate's columns."""

    @property
    def token_id(self) -> UUID: ...
    @property
    def near(self) -> bool: ...
    @property
    def able(self) -> bool: ...
    @property
    def unnoted(self) -> bool: ...
    @property
    def agent_id(self) -> UUID | None: ...


GatedRow = TypeVar("GatedRow", bound=Gated)


def authorise(credentials: Credentials, agent_id: UUID) -> Admitted:
    """Check the token and the agent alone, for a call whose body is refused.

    Raises:
        NotSignedIn, Forbidden, NotFound: the token, its abilities, the agent.
    """
    parameters = {**shown(credentials), "agent": agent_id}
    return admit(fetch_one(AUTHORISE, parameters, Admitted), credentials)


def shown(credentials: Credentials) -> dict[str, str | None]:
    """The gate's parameters, but for the agent."""
    return {"digest": credentials.digest, "client": credentials.address}


def admit(row: GatedRow | None, credentials: Credentials) -> GatedRow:
    """The row of a statement, if its gate let the call pass.

    Raises:
        NotSignedIn, Forbidden, NotFound: the token, its networks and abilities, the agent.
    """
    if row is None:
        raise NotSignedIn
    if not row.near:
        raise far_away()
    if not row.able:
        raise Forbidden(
            f"This token lacks the ability {Ability.RUNTIME.value}. Make a token that has it."
        )
    if row.agent_id is None:
        raise NotFound(NO_SUCH_AGENT)
    if row.unnoted:
        touch(row.token_id, credentials.address)
    return row


def conversation_taken() -> Conflict:
    return Conflict(
        "This conversation belongs to another visitor. Start a new one for this visitor.",
        code="conversation_taken",
    )
