"""Services on agents: create, edit, and change what decides their answers."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import connection, transaction
from django.db.models import F

from agents import limits, quotas
from agents.agents import revisions
from agents.agents.dependents import AgentEdit, tell_dependents
from agents.audit.events import differing, record_event
from agents.models import Agent, Workspace, WorkspaceAction, default_persona
from agents.roles import Caller
from glozr.errors import FieldError, Invalid, OutOfDate
from glozr.inputs.validation import invalid
from glozr.text import (
    CONTROL_CHARACTERS,
    LINE_BREAKS,
    has_control_characters,
    problem_of_line,
)

SPOKEN = ("persona_name", "persona_tone", "system_prompt")
"""What makes a revision when it changes; the name is for the dashboard alone."""

AS_BEGUN, REACHED = "keep their revision", "get this one"
"""What becomes of conversations under way, in histories."""


@dataclass(frozen=True, slots=True)
class Seen:
    """An agent as somebody had it before them when they began to edit it."""

    revision: int
    name: str


@dataclass(frozen=True, slots=True)
class WordsOrigin:
    """Where words come from that nobody typed: `words` stand at the revision, `action` and
    `subject` in the history of the workspace."""

    words: str
    action: WorkspaceAction
    subject: str


def assignment_lock(agent_id: UUID) -> int:
    """The key of the advisory lock that orders assignments and changes of one agent."""
    return int.from_bytes(agent_id.bytes[8:], "big", signed=True)


@contextmanager
def changing(agent_id: UUID) -> Iterator[Agent]:
    """Change what decides the agent's answers, alone and in one transaction.

    New visitors are assigned under a shared lock on the same agent and only at the
    `config_version` they read, so that when this ends no assignment that rests on the old
    state can still be written. The advisory lock comes first because it is fair: row locks
    alone would let a stream of visitors keep a change waiting for ever.
    """
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [assignment_lock(agent_id)])
        agent = Agent.objects.select_for_update(no_key=True).get(pk=agent_id)
        yield agent
        Agent.objects.filter(pk=agent_id).update(config_version=F("config_version") + 1)


def create_agent(
    *,
    workspace: Workspace,
    name: str,
    persona: Mapping[str, str] | None = None,
    system_prompt: str = "",
    by: Caller | None,
) -> Agent:
    """A new agent of `workspace`.

    Raises:
        Invalid: with every broken rule.
        Conflict: `too_many`, when the workspace has `limits.AGENTS`.
    """
    agent = Agent(
        workspace=workspace,
        name=name.strip(),
        persona=dict(persona or default_persona()),
        system_prompt=system_prompt,
    )
    _check(agent)
    with transaction.atomic():
        quotas.demand_room(
            workspace.pk,
            workspace.agents.all(),
            limits.AGENTS,
            what_to_do=(
                f"{workspace} has {limits.AGENTS} agents, which is as many as a workspace may. "
                "Use one of those: its name, persona and prompt can be changed."
            ),
        )
        agent.save()
        revisions.first_revision(agent, by=by)
        record_event(
            workspace,
            WorkspaceAction.AGENT_CREATED,
            by=by,
            subject=agent,
            agent=agent,
            changes=differing({}, decided(agent)),
        )
    return agent


def edit_agent(
    agent: Agent,
    *,
    name: str,
    persona: Mapping[str, str],
    system_prompt: str,
    by: Caller | None,
    seen: Seen | None = None,
    urgent: bool = False,
    origin: WordsOrigin | None = None,
) -> Agent:
    """Change the agent's name, persona and prompt; what it says makes a new revision.

    Conversations under way keep theirs, unless the edit is `urgent`. What was edited before without
    that reaches them by an urgent edit that changes nothing else. `seen` is the agent that the
    change was made to.

    Raises:
        Invalid: with every broken rule.
        OutOfDate: the agent has changed since it was `seen`.
    """
    with changing(agent.pk) as current:
        if seen is not None and seen != Seen(current.revision, current.name):
            raise OutOfDate
        before = decided(current)
        revisions.catch_up(current)
        was = current.revision
        current.name = name.strip()
        current.persona = dict(persona)
        current.system_prompt = system_prompt
        _check(current)
        changes = differing(before, decided(current))
        is_spoken = not changes.keys().isdisjoint(SPOKEN)
        reaches_back = urgent and (is_spoken or max(current.urgent_revision, 1) < was)
        if is_spoken or reaches_back:
            said = origin.words if origin else ""
            revisions.add_revision(current, by=by, reaches_back=reaches_back, origin=said)
            changes["revision"] = [was, current.revision]
        if reaches_back:
            changes["under_way"] = [AS_BEGUN, REACHED]
        current.save(
            update_fields=["name", "persona", "system_prompt", "revision", "urgent_revision"]
        )
        _note_edit(current, changes, by=by, origin=origin)
    return current


def _note_edit(
    agent: Agent, changes: Mapping[str, object], *, by: Caller | None, origin: WordsOrigin | None
) -> None:
    """In the history of the workspace, and for what rests on what the agent says."""
    if changes:
        record_event(
            agent.workspace,
            origin.action if origin else WorkspaceAction.AGENT_EDITED,
            by=by,
            subject=origin.subject if origin else agent,
            agent=agent,
            changes=changes,
        )
    if "revision" in changes:
        tell_dependents(AgentEdit(agent, by, changes))


def decided(agent: Agent) -> dict[str, object]:
    """What people decide about an agent, for its history."""
    return {"name": agent.name, **revisions.words_of(agent)}


def _check(agent: Agent) -> None:
    errors = []
    for key, limit in (("name", limits.PERSONA_NAME), ("tone", limits.PERSONA_TONE)):
        text = agent.persona.get(key, "")
        if len(text) > limit:
            errors.append(
                FieldError(f"persona_{key}", "max_length", f"Use at most {limit} characters.")
            )
    if problem := problem_of_line(agent.persona.get("name", "")):
        errors.append(FieldError("persona_name", *problem))
    if has_control_characters(agent.persona.get("tone", ""), allowed=LINE_BREAKS):
        errors.append(FieldError("persona_tone", "control_characters", CONTROL_CHARACTERS))
    if not agent.persona.get("name"):
        errors.append(FieldError("persona_name", "required", "Give the persona a name."))
    if has_control_characters(agent.system_prompt, allowed=LINE_BREAKS + "\t"):
        errors.append(FieldError("system_prompt", "control_characters", CONTROL_CHARACTERS))
    try:
        agent.full_clean()
    except ValidationError as error:
        errors.extend(invalid(error).errors)
    if errors:
        raise Invalid(errors)
