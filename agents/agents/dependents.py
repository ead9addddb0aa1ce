"""What rests on an agent staying as it is. An app that has such things registers how to name them
and how to note an edit when Django starts it, so that nothing here has to know the app."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from agents.models import Agent
from agents.roles import Caller

SHOWN_DEPENDENTS = 10
"""As many a warning names."""


@dataclass(frozen=True, slots=True)
class Dependent:
    """Something that an edit of the agent would disturb, and its page."""

    name: str
    url: str


@dataclass(frozen=True, slots=True)
class AgentEdit:
    """An edit of what the agent says; `changes` are as its history keeps them."""

    agent: Agent
    by: Caller | None
    changes: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class PersonaSource:
    """What an agent's persona was taken from, its page, and since when the agent has it."""

    words: str
    url: str
    since: datetime


@dataclass(frozen=True, slots=True)
class _Watcher:
    dependents: Callable[[UUID], Sequence[Dependent]]
    note: Callable[[AgentEdit], None]
    source: Callable[[Agent], PersonaSource | None]
    active: Callable[[Collection[UUID]], Mapping[UUID, Dependent]]


_watchers: dict[str, _Watcher] = {}


def watch_agents(
    name: str,
    *,
    dependents: Callable[[UUID], Sequence[Dependent]],
    note: Callable[[AgentEdit], None],
    source: Callable[[Agent], PersonaSource | None] = lambda agent: None,
    active: Callable[[Collection[UUID]], Mapping[UUID, Dependent]] = lambda agent_ids: {},
) -> None:
    """From now on `note` is called in the transaction of every edit, whoever is about to edit an
    agent is warned of its `dependents`, and reads of the `source` of its persona, should it come
    from the app. `active` gives what goes on at each of a list of agents. `name` is the app's."""
    _watchers[name] = _Watcher(dependents, note, source, active)


def dependents_of(agent: Agent) -> list[Dependent]:
    return [each for watcher in _watchers.values() for each in watcher.dependents(agent.pk)]


def active_at(agent_ids: Collection[UUID]) -> dict[UUID, Dependent]:
    """What goes on at each of the agents; those without anything are absent."""
    found: dict[UUID, Dependent] = {}
    for watcher in _watchers.values():
        found |= watcher.active(agent_ids)
    return found


def source_of_persona(agent: Agent) -> PersonaSource | None:
    found = (watcher.source(agent) for watcher in _watchers.values())
    return next((source for source in found if source is not None), None)


def tell_dependents(edit: AgentEdit) -> None:
    for watcher in _watchers.values():
        watcher.note(edit)
