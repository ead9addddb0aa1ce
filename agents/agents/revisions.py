"""An agent's revisions: what it said, numbered from 1 for each agent, and never changed.

`Agent.revision` is the number in force, whose words stand on the agent itself. An agent that an
earlier release made has that number and no row of it; the row is written at its next edit.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Max, QuerySet

from agents.agents.prompt_diff import Piece, pieces
from agents.audit.events import differing, done_by
from agents.audit.narrative import LABELS_OF_WORKSPACE
from agents.models import Agent, AgentRevision
from agents.roles import Caller
from glozr.errors import NotFound

NO_SUCH_REVISION = "This agent has no such revision. Check the address."


@dataclass(frozen=True, slots=True)
class Words:
    """What an agent says of itself, before any variant."""

    persona: Mapping[str, str]
    system_prompt: str


@dataclass(frozen=True, slots=True)
class Change:
    """A field that says something else, before and after; the pieces that are new to the other side
    are marked."""

    label: str
    before: Sequence[Piece]
    after: Sequence[Piece]


def words_at(agent_id: UUID, number: int) -> Words:
    """What the agent said at its revision `number`.

    Raises:
        NotFound: there is no such agent.
    """
    # The agent first: whatever its number has passed by then has a row.
    in_force = Agent.objects.filter(pk=agent_id).values_list("revision", "persona", "system_prompt")
    for current, persona, system_prompt in in_force:
        if number < current and (found := _rows(agent_id, number).first()) is not None:
            return Words(found.persona, found.system_prompt)
        return Words(persona, system_prompt)
    raise NotFound(NO_SUCH_REVISION)


def revision_at(agent_id: UUID, moment: datetime) -> int:
    """The number in force at a moment; of one before all that is kept, the first."""
    then = AgentRevision.objects.filter(agent=agent_id, created_at__lte=moment)
    return then.aggregate(Max("number"))["number__max"] or 1


def words_of(spoken: Agent | AgentRevision) -> dict[str, object]:
    """What an agent says, or said, field by field as people edit it."""
    return {
        "persona_name": spoken.persona.get("name", ""),
        "persona_tone": spoken.persona.get("tone", ""),
        "system_prompt": spoken.system_prompt,
    }


def revisions_of(agent: Agent) -> QuerySet[AgentRevision]:
    """Those that are written down, the newest first."""
    return agent.revisions.order_by("-number")


def revision_of(agent: Agent, number: int) -> AgentRevision:
    """
    Raises:
        NotFound: the agent has no such revision.
    """
    found = _rows(agent.pk, number).first()
    if found is None and number == agent.revision:
        found = _written(agent, by=None)
        found.created_at = agent.created_at
    if found is None:
        raise NotFound(NO_SUCH_REVISION)
    return found


def revision_before(agent: Agent, revision: AgentRevision) -> AgentRevision | None:
    return _rows(agent.pk, revision.number - 1).first()


def changes_between(before: AgentRevision, after: AgentRevision) -> list[Change]:
    """What the later of two says in other words."""
    was, became = words_of(before), words_of(after)
    return [
        Change(
            LABELS_OF_WORKSPACE[field],
            pieces(str(old), compared_to=str(new)),
            pieces(str(new), compared_to=str(old)),
        )
        for field, (old, new) in differing(was, became).items()
    ]


def catch_up(agent: Agent) -> None:
    """Write down what the agent says, should its revision in force not say it: an earlier release
    made or edited it. Within `editing.changing`."""
    current = _rows(agent.pk, agent.revision).first()
    if current is None:
        _written(agent, by=None).save(force_insert=True)
    elif (current.persona, current.system_prompt) != (agent.persona, agent.system_prompt):
        add_revision(agent, by=None)


def add_revision(
    agent: Agent, *, by: Caller | None, reaches_back: bool = False, origin: str = ""
) -> AgentRevision:
    """What the agent says now as its next revision. Within `editing.changing`, which saves the
    agent's numbers."""
    agent.revision += 1
    if reaches_back:
        agent.urgent_revision = agent.revision
    revision = _written(agent, by=by, reaches_back=reaches_back, origin=origin)
    revision.save(force_insert=True)
    return revision


def first_revision(agent: Agent, *, by: Caller | None) -> None:
    """Of an agent that has just been made."""
    _written(agent, by=by).save(force_insert=True)


def _written(
    agent: Agent, *, by: Caller | None, reaches_back: bool = False, origin: str = ""
) -> AgentRevision:
    return AgentRevision(
        agent=agent,
        number=agent.revision,
        persona=agent.persona,
        system_prompt=agent.system_prompt,
        reaches_back=reaches_back,
        origin=origin[:254],
        **done_by(by),
    )


def _rows(agent_id: UUID, number: int) -> QuerySet[AgentRevision]:
    return AgentRevision.objects.filter(agent=agent_id, number=number)
