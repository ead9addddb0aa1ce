"""After erasing, nothing names the visitor, and every figure is what it was."""

import json
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from agents.models import Agent, Conversation, Lead, Message
from experiments import lifecycle
from experiments.models import Assignment, Experiment
from experiments.results import rollup
from experiments.visitors.erasing import erase_old, erase_visitor
from experiments.visitors.exporting import everything_of
from experiments.visitors.lead_status import change_lead_status
from experiments.visitors.leaving_out import leave_out
from experiments.visitors.merging import merge
from tests.experiments.visitors.counted import counted, everything_agrees
from tests.factories import ExperimentFactory, unused_id
from tests.roles import Cast
from tests.runtime import Runtime

pytestmark = pytest.mark.django_db

NAME = "visitor-7f3a91c2-to-be-forgotten"
OTHER_NAME = "device-5d20-to-be-forgotten"
ADDRESS = "forget.me@example.com"


@pytest.fixture
def experiment(agent: Agent) -> Experiment:
    return lifecycle.start(ExperimentFactory.create(agent=agent), by=None)


def visit(runtime: Runtime, name: str = NAME, address: str = ADDRESS) -> str:
    conversation = unused_id()
    runtime.say(name, conversation)
    runtime.say(name, conversation, role="human_agent")
    runtime.leave(name, address, conversation_id=conversation)
    return conversation


def whole_database() -> str:
    """Every row of every table, as text."""
    found = []
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f'SELECT t::text FROM "{table}" t')
            found += [row for (row,) in cursor]
    return "\n".join(found)


def test_no_row_names_the_visitor(
    cast: Cast, runtime: Runtime, agent: Agent, experiment: Experiment
) -> None:
    visit(runtime)
    visit(runtime, OTHER_NAME, "forget.me@work.example")
    runtime.leave(NAME, ADDRESS)
    merge(agent, visitor_id=OTHER_NAME, into=NAME)
    change_lead_status(Lead.objects.get(email=ADDRESS), status="won")
    leave_out(cast.workspace, kind="visitor", value=NAME, by=cast.owner)
    visit(runtime, "bob", "bob@example.com")
    assert NAME in whole_database()

    erased = erase_visitor(agent, OTHER_NAME, by=cast.owner)
    assert (erased.ids, erased.conversations, erased.leads) == (2, 2, 2)
    dump = whole_database()
    for trace in (NAME, OTHER_NAME, "forget.me"):
        assert trace not in dump
    assert "bob@example.com" in dump
    everything_agrees(agent)


def test_figures_stay(runtime: Runtime, agent: Agent, experiment: Experiment) -> None:
    for name in (NAME, "bob"):
        visit(runtime, name, f"{name}@example.com")
    before = counted(experiment)
    visit(runtime, "carol", "carol@example.com")  # still to be counted
    erase_visitor(agent, NAME, by=None)
    erase_visitor(agent, "carol", by=None)
    after = counted(experiment)

    assert (before.visitors, before.messages, before.handovers, before.leads) == (2, 2, 2, 2)
    assert (after.visitors, after.messages, after.handovers, after.leads) == (3, 3, 3, 3)
    assert Message.objects.count() == 2
    assert Lead.objects.count() == 1


def test_a_rebuild_keeps_what_was_erased(
    runtime: Runtime, agent: Agent, experiment: Experiment
) -> None:
    visit(runtime)
    visit(runtime, "bob", "bob@example.com")
    before = counted(experiment)
    erase_visitor(agent, NAME, by=None)
    rollup.rebuild(agent.pk, experiment.pk)

    assert counted(experiment) == before


def test_details_that_another_visitor_left_too_are_that_visitors(
    runtime: Runtime, agent: Agent, experiment: Experiment
) -> None:
    visit(runtime)
    runtime.resolve("bob")
    runtime.leave("bob", ADDRESS)
    before = counted(experiment)
    erase_visitor(agent, NAME, by=None)

    assert Lead.objects.get().visitor_id == "bob"
    assert counted(experiment) == before
    assert NAME not in whole_database()


def test_who_comes_back_is_new(runtime: Runtime, agent: Agent, experiment: Experiment) -> None:
    visit(runtime)
    erase_visitor(agent, NAME, by=None)
    visit(runtime)

    assert counted(experiment).visitors == 2
    assert Assignment.objects.filter(visitor_id=NAME).count() == 1


def test_nobody_is_no_fault(agent: Agent) -> None:
    assert erase_visitor(agent, "nobody", by=None).conversations == 0


def test_another_agents_visitor_of_that_name_stays(runtime: Runtime, agent: Agent) -> None:
    other = lifecycle.start(ExperimentFactory.create(), by=None)
    visit(Runtime.of(other.agent))
    visit(runtime)
    erase_visitor(agent, NAME, by=None)

    assert Conversation.objects.of_agent(other.agent_id).count() == 1
    assert Lead.objects.of_agent(other.agent_id).count() == 1


class TestRetention:
    def old(self, conversation: str, *, months: int) -> None:
        moment = timezone.now() - timedelta(days=30.5 * months)
        Conversation.objects.filter(pk=conversation).update(started_at=moment)
        messages = Message.objects.filter(conversation_id=conversation)
        messages.update(sent_at=moment, received_at=moment)
        Lead.objects.filter(conversation_id=conversation).update(created_at=moment)
        Assignment.objects.update(assigned_at=moment)

    def test_erases_who_has_not_come_since(
        self, cast: Cast, runtime: Runtime, agent: Agent, experiment: Experiment
    ) -> None:
        self.old(visit(runtime), months=7)
        before = counted(experiment)
        assert not erase_old()
        cast.workspace.retention_months = 6
        cast.workspace.save()

        assert erase_old()
        assert NAME not in whole_database()
        assert counted(experiment) == before
        assert not erase_old()

    def test_erases_old_conversations_of_who_still_comes(
        self, cast: Cast, runtime: Runtime, agent: Agent, experiment: Experiment
    ) -> None:
        self.old(visit(runtime), months=7)
        counted(experiment)
        recent = unused_id()
        runtime.say(NAME, recent)
        before = counted(experiment)
        cast.workspace.retention_months = 6
        cast.workspace.save()
        erase_old()

        assert [str(row.pk) for row in Conversation.objects.all()] == [recent]
        assert Lead.objects.get().conversation_id is None
        assert counted(experiment) == before


def test_an_export_holds_everything(runtime: Runtime, agent: Agent, experiment: Experiment) -> None:
    conversation = visit(runtime)
    visit(runtime, OTHER_NAME, "other@example.com")
    visit(runtime, "bob", "bob@example.com")
    runtime.leave(NAME, "bob@example.com")
    merge(agent, visitor_id=OTHER_NAME, into=NAME)
    found: Any = json.loads("".join(everything_of(agent, OTHER_NAME, by=None)))

    assert found["visitor_ids"] == [NAME, OTHER_NAME]
    assert {each["visitor_id"] for each in found["assignments"]} == {NAME, OTHER_NAME}
    assert {lead["email"] for lead in found["leads"]} == {ADDRESS, "other@example.com"}
    assert [again["email"] for again in found["left_again"]] == ["bob@example.com"]
    talks = {talk["id"]: talk for talk in found["conversations"]}
    assert len(talks) == 2
    assert [said["role"] for said in talks[conversation]["messages"]] == ["visitor", "human_agent"]
    assert all(said["sent_at"].endswith("Z") for said in talks[conversation]["messages"])
