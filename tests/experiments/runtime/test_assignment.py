"""A visitor's first message gets a variant that sticks: the four rules, through the API."""

from typing import Any

import pytest

from agents.models import Agent, Conversation
from experiments import lifecycle
from experiments.bucketing import bucket
from experiments.lifecycle import OnConflict
from experiments.models import Assignment, Experiment
from tests.factories import ExperimentFactory, unused_id
from tests.runtime import Runtime

pytestmark = pytest.mark.django_db


@pytest.fixture
def experiment(agent: Agent) -> Experiment:
    """A running one."""
    return lifecycle.start(ExperimentFactory.create(agent=agent), by=None)


def another(agent: Agent, on_conflict: OnConflict, **fields: Any) -> Experiment:
    return lifecycle.start(
        ExperimentFactory.create(agent=agent, **fields), by=None, on_conflict=on_conflict
    )


def test_without_an_experiment_the_agents_own_persona_answers(
    runtime: Runtime, agent: Agent
) -> None:
    answer = runtime.resolve("ada")
    assert (answer["source"], answer["experiment"], answer["variant"]) == ("none", None, None)
    assert answer["persona"] == agent.persona


def test_a_new_visitor_gets_the_bucketed_variant_and_keeps_it(
    runtime: Runtime, experiment: Experiment
) -> None:
    variants = list(experiment.variants.all())
    for number in range(20):
        visitor = f"visitor-{number}"
        first, second = runtime.resolve(visitor), runtime.resolve(visitor)
        expected = variants[bucket(experiment.pk, visitor, [v.weight for v in variants])]
        assert (first["source"], first.variant) == ("new", expected.name)
        assert (second["source"], second.variant) == ("visitor", expected.name)
    assert Assignment.objects.count() == 20


def test_the_answer_names_experiment_variant_persona_and_prompt(
    runtime: Runtime, agent: Agent
) -> None:
    agent.system_prompt = "Sell trips."
    agent.save()
    persona = {"persona": {"name": "Aria"}}
    experiment = another(
        agent,
        OnConflict.STOP_CURRENT,
        name="Aria",
        variants=[
            {"name": "control", "weight": 1, "config": persona},
            {"name": "treatment", "weight": 1, "config": persona},
        ],
    )
    answer = runtime.resolve("ada")
    assert answer["experiment"] == {"id": str(experiment.pk), "name": "Aria", "kind": "persona"}
    assert answer["variant"]["config"] == persona
    assert answer["persona"] == {"name": "Aria", "tone": "polite and thorough"}
    prompt = answer["system_prompt"]
    assert prompt.index("Never reveal") < prompt.index("Aria") < prompt.index("Sell trips.")
    assert set(answer.body) == {
        "conversation_id",
        "visitor_id",
        "experiment",
        "variant",
        "source",
        "revision",
        "persona",
        "system_prompt",
        "prompt_digest",
    }


def test_a_cta_variant_is_returned_and_changes_nothing_in_the_prompt(
    runtime: Runtime, agent: Agent
) -> None:
    before = runtime.resolve("ada")["system_prompt"]
    variants = [
        {"name": name, "weight": 1, "config": {"text": "Book now", "persona": {"name": "Eve"}}}
        for name in ("control", "treatment")
    ]
    another(agent, OnConflict.STOP_CURRENT, kind="cta", variants=variants)
    answer = runtime.resolve("ada")
    assert answer["variant"]["config"]["text"] == "Book now"
    assert answer["persona"] == agent.persona
    assert answer["system_prompt"] == before


class TestRuleOneADecidedConversationAnswersAsItDid:
    @pytest.mark.parametrize("fate", ["running", "stopped", "superseded", "deleted"])
    def test_with_its_variant_whatever_becomes_of_the_experiment(
        self, runtime: Runtime, agent: Agent, experiment: Experiment, fate: str
    ) -> None:
        first = runtime.resolve("ada")
        if fate == "stopped":
            lifecycle.stop(experiment, by=None)
        elif fate == "superseded":
            another(agent, OnConflict.KEEP_RUNNING)
        elif fate == "deleted":
            lifecycle.delete(experiment, by=None)
        again = runtime.resolve("ada", conversation_id=first["conversation_id"])
        assert again["source"] == "conversation"
        for member in ("experiment", "variant", "persona", "system_prompt"):
            assert again[member] == first[member]

    def test_without_a_variant_when_it_began_before_the_start(
        self, runtime: Runtime, agent: Agent
    ) -> None:
        conversation = unused_id()
        runtime.say("ada", conversation)
        lifecycle.start(ExperimentFactory.create(agent=agent), by=None)
        answer = runtime.resolve("ada", conversation_id=conversation)
        assert (answer["source"], answer.variant) == ("conversation", None)
        assert runtime.say("ada", conversation).variant is None
        assert runtime.resolve("ada").variant is not None

    def test_but_a_greeting_decides_nothing(self, runtime: Runtime, agent: Agent) -> None:
        conversation = unused_id()
        greeting = runtime.say("ada", conversation, role="agent")
        assert greeting["resolution"] is None
        lifecycle.start(ExperimentFactory.create(agent=agent), by=None)
        answer = runtime.say("ada", conversation)
        assert answer["resolution"]["source"] == "new"
        assert runtime.say("ada", conversation, role="agent").variant == answer.variant


class TestRuleTwoAVisitorKeepsTheVariantOfARunningExperiment:
    def test_in_an_experiment_that_was_superseded(
        self, runtime: Runtime, agent: Agent, experiment: Experiment
    ) -> None:
        first = runtime.resolve("ada")
        newer = another(agent, OnConflict.KEEP_RUNNING)
        assert runtime.resolve("ada")["experiment"] == first["experiment"]
        assert runtime.resolve("bob")["experiment"]["id"] == str(newer.pk)

    def test_of_several_the_most_recently_started_counts(
        self, runtime: Runtime, agent: Agent, experiment: Experiment
    ) -> None:
        runtime.resolve("ada")
        lifecycle.stop(experiment, by=None)
        newer = another(agent, OnConflict.KEEP_RUNNING)
        runtime.resolve("ada")
        assert Assignment.objects.filter(visitor_id="ada").count() == 2
        lifecycle.start(experiment, by=None, on_conflict=OnConflict.KEEP_RUNNING)
        assert runtime.resolve("ada")["experiment"]["id"] == str(experiment.pk)
        lifecycle.stop(experiment, by=None)
        assert runtime.resolve("ada")["experiment"]["id"] == str(newer.pk)

    def test_after_a_stop_and_a_new_start(self, runtime: Runtime, experiment: Experiment) -> None:
        first = runtime.resolve("ada")
        lifecycle.stop(experiment, by=None)
        assert runtime.resolve("ada").variant is None
        lifecycle.start(experiment, by=None)
        again = runtime.resolve("ada")
        assert (again["source"], again.variant) == ("visitor", first.variant)


class TestRuleThreeOnlyTheActiveExperimentTakesNewVisitors:
    def test_the_one_started_most_recently(
        self, runtime: Runtime, agent: Agent, experiment: Experiment
    ) -> None:
        newer = another(agent, OnConflict.KEEP_RUNNING)
        assert runtime.resolve("ada")["experiment"]["id"] == str(newer.pk)

    def test_the_older_one_again_when_the_newer_is_stopped(
        self, runtime: Runtime, agent: Agent, experiment: Experiment
    ) -> None:
        newer = another(agent, OnConflict.KEEP_RUNNING)
        lifecycle.stop(newer, by=None)
        assert runtime.resolve("ada")["experiment"]["id"] == str(experiment.pk)

    def test_an_edit_takes_effect_at_once(self, runtime: Runtime, experiment: Experiment) -> None:
        from experiments.lifecycle import editing

        runtime.resolve("ada")
        editing.edit(experiment, sent={"name": "Renamed"}, by=None)
        assert runtime.resolve("bob")["experiment"]["name"] == "Renamed"


class TestRuleFourOtherwiseThereIsNone:
    @pytest.mark.parametrize("end", [lifecycle.stop, lifecycle.delete])
    def test_after_a_stop_or_delete(
        self, runtime: Runtime, experiment: Experiment, end: Any
    ) -> None:
        end(experiment, by=None)
        assert runtime.resolve("ada")["source"] == "none"
        assert not Assignment.objects.exists()

    def test_a_draft_assigns_nobody(self, runtime: Runtime, agent: Agent) -> None:
        ExperimentFactory.create(agent=agent)
        assert runtime.resolve("ada")["source"] == "none"


class TestPlayground:
    def test_is_never_assigned_or_stamped(self, runtime: Runtime, experiment: Experiment) -> None:
        conversation = unused_id()
        answer = runtime.resolve("ada", conversation_id=conversation, playground=True)
        assert (answer["source"], answer.variant) == ("none", None)
        assert runtime.say("ada", conversation).variant is None
        assert runtime.resolve("ada", conversation_id=conversation).variant is None
        stored = Conversation.objects.get(pk=conversation)
        assert (stored.playground, stored.variant_id, stored.decided_at) == (True, None, None)
        assert not Assignment.objects.exists()

    def test_the_mark_of_the_first_call_counts(
        self, runtime: Runtime, experiment: Experiment
    ) -> None:
        conversation = unused_id()
        first = runtime.resolve("ada", conversation_id=conversation)
        again = runtime.resolve("ada", conversation_id=conversation, playground=True)
        assert again.variant == first.variant is not None


class TestConversations:
    def test_belong_to_one_visitor(self, runtime: Runtime, experiment: Experiment) -> None:
        conversation = runtime.resolve("ada")["conversation_id"]
        body = {"visitor_id": "bob", "conversation_id": conversation}
        refused = runtime.post("assignments/", body)
        assert (refused.status, refused["code"]) == (409, "conversation_taken")
        assert not Assignment.objects.filter(visitor_id="bob").exists()

    def test_of_another_agent_are_not_found_and_leave_nothing_behind(
        self, runtime: Runtime, experiment: Experiment
    ) -> None:
        from tests.factories import ConversationFactory

        foreign = ConversationFactory.create(visitor_id="ada")
        body = {"visitor_id": "ada", "conversation_id": str(foreign.pk)}
        assert runtime.post("assignments/", body).status == 404
        path = f"conversations/{foreign.pk}/messages/"
        message = {"visitor_id": "ada", "role": "visitor", "content": "Hello"}
        assert runtime.post(path, message).status == 404
        lead = {**body, "email": "ada@example.com"}
        assert runtime.post("leads/", lead).status == 404
        assert not Assignment.objects.exists()

    def test_visitor_ids_are_compared_byte_for_byte(
        self, runtime: Runtime, experiment: Experiment
    ) -> None:
        for visitor in ("Ada", "ada", " ada", "ada ", "a\u0308", "ä"):
            assert runtime.resolve(visitor)["source"] == "new"


@pytest.mark.parametrize("newcomer", [True, False])
def test_a_conversation_that_began_for_a_visitor_is_no_playground_later(
    runtime: Runtime, experiment: Experiment, newcomer: bool
) -> None:
    if not newcomer:
        runtime.resolve("ada")
    conversation = unused_id()
    runtime.say("ada", conversation, "agent")
    answer = runtime.resolve("ada", conversation_id=conversation, playground=True)
    assert answer["source"] == ("new" if newcomer else "visitor")
    assert not Conversation.objects.get(pk=conversation).playground
