"""What two people who edit an agent at once would do to each other's words, field by field."""

from collections.abc import Mapping
from dataclasses import dataclass

from agents.agents.editing import Seen, decided
from agents.agents.revisions import revision_of, words_of
from agents.audit.events import differing
from agents.models import Agent, AgentRevision
from glozr.errors import NotFound


@dataclass(frozen=True, slots=True)
class Overlap:
    """An edit of something that somebody else has edited since it was read.

    Attributes:
        theirs: what was stored meanwhile, `{field: [as read, as stored]}`.
        together: every field: as typed where the person changed it, else as it is stored.
        ours: what storing that would change, `{field: [as stored, as typed]}`.
        is_contested: whether both changed the same field.
        latest: the revision that they made, if they changed more than the agent's name.
    """

    theirs: Mapping[str, list[object]]
    together: Mapping[str, str]
    ours: Mapping[str, list[object]]
    is_contested: bool
    latest: AgentRevision | None


def overlap_of(agent: Agent, *, seen: Seen, typed: Mapping[str, str]) -> Overlap:
    """`typed` holds every field of `editing.decided`, as the person wants it. Of what they had seen
    nothing is known should `seen` name no revision of the agent: then all of it is theirs."""
    stored = decided(agent)
    read = _read(agent, seen)
    theirs = {} if read is None else differing(read, stored)
    mine = {} if read is None else differing(read, typed)
    untouched = set() if read is None else typed.keys() - mine.keys()
    together = {
        field: str(stored[field]) if field in untouched else text for field, text in typed.items()
    }
    return Overlap(
        theirs=theirs,
        together=together,
        ours=differing(stored, together),
        is_contested=any(
            field in theirs and text != stored[field] for field, (_, text) in mine.items()
        ),
        latest=revision_of(agent, agent.revision) if seen.revision != agent.revision else None,
    )


def _read(agent: Agent, seen: Seen) -> dict[str, object] | None:
    try:
        words = words_of(revision_of(agent, seen.revision))
    except NotFound:
        return None
    return {**words, "name": seen.name}
