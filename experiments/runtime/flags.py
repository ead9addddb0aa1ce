"""A visitor's variant as programs ask for it that know no conversations: flags of OpenFeature.

They ask again and again, for every page and every poll. A conversation for each would be a row for
each; one for ever would keep a visitor, who came before an experiment, out of it. So a visitor has
one conversation for each set-up of the agent (its `config_version`): what is started, stopped or
edited answers at the next call, by the rules that hold for a new conversation.
"""

from dataclasses import replace
from typing import Final
from uuid import UUID, uuid5

from agents.workspaces.tokens import Credentials
from experiments.runtime.admission import authorise
from experiments.runtime.assignment import Call, Resolution, Source, previewed, resolve

AGENTS_KNOWN: Final = 4096
_versions: dict[UUID, int] = {}
"""Of the agents, as this process last saw them; one that is out of date costs a statement."""


def evaluate(
    credentials: Credentials,
    agent_id: UUID,
    visitor_id: str,
    *,
    conversation_id: UUID | None = None,
    playground: bool = False,
    preview: str | None = None,
) -> Resolution:
    """The visitor's answer, in `conversation_id` or in the conversation kept for such calls.

    Raises:
        NotSignedIn, Forbidden, NotFound: the token, its abilities, the agent.
        Conflict: `conversation_taken`, the conversation is another visitor's.
        Forbidden, Conflict: the `preview`, as `assignment.previewed` says.
    """
    if preview is not None and conversation_id is None:
        conversation_id = uuid5(agent_id, f"openfeature:preview:{preview}:{visitor_id}")
    if conversation_id is not None:
        call = Call(credentials, agent_id, conversation_id, visitor_id, playground)
        return resolve(previewed(call, preview) if preview is not None else call)
    version = _versions.get(agent_id) or authorise(credentials, agent_id).version or 0
    call = Call(credentials, agent_id, agent_id, visitor_id, playground)
    resolution = resolve(_at(call, version))
    is_outdated = resolution.version != version
    if is_outdated or agent_id not in _versions:
        _note(agent_id, resolution.version)
    if is_outdated and resolution.source is Source.CONVERSATION:
        return resolve(_at(call, resolution.version))
    return resolution


def _at(call: Call, version: int) -> Call:
    name = f"openfeature:{version}:{call.playground}:{call.visitor_id}"
    return replace(call, conversation_id=uuid5(call.agent_id, name))


def _note(agent_id: UUID, version: int) -> None:
    if len(_versions) >= AGENTS_KNOWN:
        _versions.clear()
    _versions[agent_id] = version
