"""Revisions in time: edits at one moment, and agents from before there were any."""

import json
from functools import partial
from importlib import import_module

import pytest
from django.db import connection

from agents.agents import dependents
from agents.agents.dependents import AgentEdit
from agents.agents.editing import Seen, edit_agent
from agents.agents.revisions import words_at
from agents.models import Agent
from glozr.errors import NotFound, OutOfDate
from tests.agents.agents.edits import reword
from tests.factories import unused_id
from tests.roles import Cast
from tests.threads import at_once


@pytest.mark.django_db(transaction=True)
def test_of_edits_at_one_moment_one_is_stored_and_the_others_are_told(agent: Agent) -> None:
    seen = Seen(agent.revision, agent.name)

    def edit(number: int) -> bool:
        try:
            edit_agent(
                agent,
                name=agent.name,
                persona=agent.persona,
                system_prompt=f"Number {number}",
                by=None,
                seen=seen,
            )
        except OutOfDate:
            return False
        return True

    stored = at_once([partial(edit, number) for number in range(8)])
    assert stored.count(True) == 1
    numbered = agent.revisions.order_by("number").values_list("number", "system_prompt")
    assert list(numbered) == [(1, ""), (2, f"Number {stored.index(True)}")]


@pytest.mark.django_db
def test_agents_from_before_get_their_first_revision_by_migration(cast: Cast) -> None:
    (step,) = import_module("agents.migrations.0071_first_revisions").Migration.operations
    reword(cast.agent, prompt="Edited since.")
    earlier = unused_id()
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO agents (id, workspace_id, name, persona, system_prompt,"
            " config_version, created_at) VALUES (%s, %s, 'Earlier', %s, 'As it was.', 1, now())",
            [earlier, cast.workspace.pk, json.dumps(cast.agent.persona)],
        )
        cursor.execute(step.sql)
        cursor.execute(step.sql)
    (first,) = Agent.objects.get(pk=earlier).revisions.all()
    assert (first.number, first.system_prompt) == (1, "As it was.")
    assert (first.persona, first.actor_name) == (cast.agent.persona, "Glozr")
    assert cast.agent.revisions.count() == 2


@pytest.mark.django_db
def test_every_revision_says_what_it_said(agent: Agent) -> None:
    for number in range(2, 6):
        reword(agent, prompt=f"Number {number}", tone=f"Tone {number}")
    for number in range(2, 6):
        words = words_at(agent.pk, number)
        assert words.system_prompt == f"Number {number}"
        assert words.persona["tone"] == f"Tone {number}"
    with pytest.raises(NotFound):
        words_at(agent.workspace_id, 1)


@pytest.mark.django_db
def test_what_rests_on_an_agent_can_keep_an_edit_from_being_stored(
    agent: Agent, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Broken(Exception):
        pass

    def break_off(edit: AgentEdit) -> None:
        raise Broken

    monkeypatch.setattr(dependents, "_watchers", {})
    dependents.watch_agents("planted", dependents=lambda agent_id: [], note=break_off)
    with pytest.raises(Broken):
        reword(agent, prompt="Edited.")
    agent.refresh_from_db()
    assert (agent.revision, agent.system_prompt) == (1, "")
    assert not agent.revisions.filter(number=2).exists()
