"""Bots can be left out, by the user agent of a first message: backwards as well as forwards."""

from http import HTTPStatus

import pytest
from django.test import Client
from django.urls import reverse

from agents.models import Agent, Conversation
from experiments import lifecycle
from experiments.models import Assignment, Experiment
from experiments.visitors.erasing import erase_visitor
from experiments.visitors.leaving_out import bots_rule, count_in, leave_out
from experiments.visitors.merging import merge
from glozr.errors import Invalid
from tests.experiments.visitors.counted import counted
from tests.experiments.visitors.user_agents import ASSISTANTS, BOTS, PEOPLE
from tests.factories import ExperimentFactory, unused_id
from tests.roles import Cast, signed_in
from tests.runtime import Runtime, assert_refused

pytestmark = pytest.mark.django_db

BOT, ASSISTANT, PERSON = BOTS[0], ASSISTANTS[0], PEOPLE[0]


def visit(runtime: Runtime, name: str, user_agent: str) -> None:
    talk = unused_id()
    runtime.say(name, talk, user_agent=user_agent)
    runtime.say(name, talk)
    runtime.leave(name, f"{name}@example.com", conversation_id=talk)


def test_all_are_served_and_marked(runtime: Runtime, experiment: Experiment) -> None:
    visit(runtime, "ada", PERSON)
    visit(runtime, "crawler", BOT)
    visit(runtime, "helper", ASSISTANT)

    assert not Conversation.objects.filter(variant_id=None).exists()
    kinds = Conversation.objects.values_list("visitor_id", "client_kind")
    assert dict(kinds) == {"ada": "", "crawler": "bot", "helper": "assistant"}
    found = counted(experiment)
    assert (found.visitors, found.bots, found.assistants, found.bots_left_out) == (3, 1, 1, 0)


def test_leaving_out_works_both_ways(cast: Cast, runtime: Runtime, experiment: Experiment) -> None:
    for name, user_agent in (("ada", PERSON), ("crawler", BOT), ("helper", ASSISTANT)):
        visit(runtime, name, user_agent)
    before = counted(experiment)

    rule = leave_out(cast.workspace, kind="bots", value="", by=cast.owner)
    during = counted(experiment)
    assert (during.visitors, during.leads, during.messages) == (2, 2, 4)
    assert (during.bots, during.assistants, during.bots_left_out) == (0, 1, 1)
    assert Assignment.objects.get(visitor_id="crawler").left_out == "bot"

    visit(runtime, "spider", BOT)
    assert counted(experiment).bots_left_out == 2

    count_in(cast.workspace, rule.pk, by=cast.owner)
    after = counted(experiment)
    assert (after.visitors, after.bots, after.bots_left_out) == (4, 2, 0)
    assert after.messages == before.messages + 2


def test_the_call_that_begins_a_conversation_says_it(
    runtime: Runtime, experiment: Experiment
) -> None:
    runtime.resolve("early", user_agent=BOT)
    talk = unused_id()
    runtime.say("greeted", talk, role="agent")
    runtime.say("greeted", talk, user_agent=BOT)
    late = unused_id()
    runtime.resolve("late", conversation_id=late)
    runtime.say("late", late, user_agent=BOT)

    kinds = Conversation.objects.values_list("visitor_id", "client_kind")
    assert dict(kinds) == {"early": "bot", "greeted": "bot", "late": ""}


def test_a_returning_visitors_conversation_is_marked_too(
    runtime: Runtime, experiment: Experiment
) -> None:
    visit(runtime, "ada", PERSON)
    assert counted(experiment).assistants == 0
    visit(runtime, "ada", ASSISTANT)

    found = counted(experiment)
    assert (found.visitors, found.assistants) == (1, 1)


def test_a_mark_after_the_span_changes_nothing(
    cast: Cast, runtime: Runtime, agent: Agent, experiment: Experiment
) -> None:
    leave_out(cast.workspace, kind="bots", value="bots", by=None)
    visit(runtime, "ada", PERSON)
    before = counted(experiment)
    lifecycle.stop(experiment, by=None)
    later = lifecycle.start(ExperimentFactory.create(agent=agent), by=None)
    visit(runtime, "ada", BOT)

    assert counted(experiment) == before
    assert counted(later).bots_left_out == 1


def test_one_id_of_a_bot_leaves_the_visitor_out(
    cast: Cast, runtime: Runtime, agent: Agent, experiment: Experiment
) -> None:
    visit(runtime, "ada", PERSON)
    visit(runtime, "crawler", BOT)
    merge(agent, visitor_id="crawler", into="ada")
    leave_out(cast.workspace, kind="bots", value="", by=None)

    found = counted(experiment)
    assert (found.visitors, found.bots_left_out, found.merged) == (0, 1, 0)


def test_what_was_erased_stays_as_it_counted(
    cast: Cast, runtime: Runtime, agent: Agent, experiment: Experiment
) -> None:
    visit(runtime, "crawler", BOT)
    visit(runtime, "spider", BOT)
    leave_out(cast.workspace, kind="bots", value="", by=None)
    erase_visitor(agent, "crawler", by=None)
    before = counted(experiment)
    assert before.bots_left_out == 2
    rule = bots_rule(cast.workspace)
    assert rule is not None
    count_in(cast.workspace, rule.pk, by=None)

    found = counted(experiment)
    assert (found.bots_left_out, found.bots, found.visitors) == (1, 1, 1)


def test_there_is_one_rule_for_all(cast: Cast) -> None:
    leave_out(cast.workspace, kind="bots", value="", by=None)
    for value in ("", "Googlebot"):
        with pytest.raises(Invalid):
            leave_out(cast.workspace, kind="bots", value=value, by=None)


def test_the_raw_text_is_kept_nowhere(runtime: Runtime, experiment: Experiment) -> None:
    text = "TellTale/7f3a91c2 (+https://bots.example)"
    runtime.resolve("crawler", user_agent=text)
    row = Conversation.objects.values().get()

    assert "TellTale" not in str(row)
    assert row["client_kind"] == "bot"


def test_nobody_is_refused_for_a_long_one_and_what_is_no_text_is(
    runtime: Runtime, experiment: Experiment
) -> None:
    for field, code in (("\0", "control_characters"), (7, "invalid"), (None, "null")):
        assert_refused(
            runtime, "assignments/", {"visitor_id": "v", "user_agent": field}, "user_agent", code
        )
    assert runtime.resolve("long", user_agent=PERSON + " x" * 5_000).variant
    assert runtime.resolve("silent", user_agent="").variant


def test_results_say_how_many_of_each(
    cast: Cast, editor: Client, runtime: Runtime, experiment: Experiment
) -> None:
    for name, user_agent in (("ada", PERSON), ("b1", BOT), ("b2", BOT), ("helper", ASSISTANT)):
        visit(runtime, name, user_agent)
    page, data = (
        reverse("experiment", args=[experiment.agent_id, experiment.pk]),
        reverse("api_results", args=[experiment.agent_id, experiment.pk]),
    )
    counting = editor.get(page).content.decode()
    assert "2 of the visitors are bots by their user agents, and count." in counting
    assert "1 of the visitors was an assistant acting for a person, and counts." in counting
    leave_out(cast.workspace, kind="bots", value="", by=None)
    assert "2 bots left out and counted in no figure." in editor.get(page).content.decode()
    found = editor.get(data).json()
    figures = ("visitors", "left_out", "bots_left_out", "bots", "assistants")
    assert [found[name] for name in figures] == [2, 0, 2, 0, 1]


def test_the_page_has_a_switch(cast: Cast, agent: Agent) -> None:
    admin = signed_in(cast.admin)
    address = reverse("visitors", args=[agent.pk])
    assert "Leave bots out" in admin.get(address).content.decode()
    turned_on = admin.post(address, {"kind": "bots"}, follow=True).content.decode()
    assert "Bots count no more, in any experiment." in turned_on
    rule = bots_rule(cast.workspace)
    assert rule is not None
    off = admin.post(reverse("visitor_rule_remove", args=[agent.pk, rule.pk]))
    assert off.status_code == HTTPStatus.FOUND
    assert bots_rule(cast.workspace) is None
