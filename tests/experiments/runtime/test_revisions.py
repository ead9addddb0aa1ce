"""A conversation keeps the agent revision that it was decided at, unless an edit is urgent."""

import hashlib
import json
from datetime import timedelta

import pytest
from django.db import connection
from django.db.models import F

from agents.agents.editing import edit_agent
from agents.models import Agent, AgentRevision, Conversation
from experiments import lifecycle
from experiments.models import Experiment, VariantPrompt
from tests.agents.agents.edits import reword
from tests.factories import ExperimentFactory, unused_id
from tests.runtime import Answer, Runtime

pytestmark = pytest.mark.django_db

BOTH = pytest.mark.parametrize("runs", [True, False], ids=["in a variant", "without one"])


@pytest.fixture
def experiment(agent: Agent) -> Experiment:
    return lifecycle.start(ExperimentFactory.create(agent=agent), by=None)


def run(agent: Agent, runs: bool) -> None:
    if runs:
        lifecycle.start(ExperimentFactory.create(agent=agent), by=None)


def again(runtime: Runtime, answer: Answer) -> Answer:
    return runtime.resolve(answer["visitor_id"], conversation_id=answer["conversation_id"])


def stored(answer: Answer) -> Conversation:
    return Conversation.objects.get(pk=answer["conversation_id"])


def test_an_answer_names_its_revision_and_the_digest_of_its_prompt(runtime: Runtime) -> None:
    answer = runtime.resolve("ada")
    assert answer["revision"] == 1
    digest = hashlib.sha256(answer["system_prompt"].encode()).hexdigest()
    assert answer["prompt_digest"] == digest


@BOTH
def test_a_conversation_keeps_its_revision_for_life(
    runtime: Runtime, agent: Agent, runs: bool
) -> None:
    run(agent, runs)
    first = runtime.resolve("ada")
    reword(agent, prompt="Sell trips.")
    reword(agent, prompt="Sell hotels.", tone="dry")
    kept = again(runtime, first)
    assert kept["source"] == "conversation"
    for member in ("revision", "persona", "system_prompt", "prompt_digest", "variant"):
        assert kept[member] == first[member]
    said = runtime.say("ada", first["conversation_id"])["resolution"]
    assert said["system_prompt"] == first["system_prompt"]
    new = runtime.resolve("ada")
    assert (new["revision"], new["variant"]) == (3, first["variant"])
    assert "Sell hotels." in new["system_prompt"]
    assert (stored(first).revision, stored(new).revision) == (1, 3)


@BOTH
def test_an_urgent_edit_reaches_what_is_under_way(
    runtime: Runtime, agent: Agent, runs: bool
) -> None:
    run(agent, runs)
    first = runtime.resolve("ada")
    reword(agent, prompt="We are open on Sundays.")
    between = runtime.resolve("bob")
    reword(agent, prompt="We are closed on Sundays.", urgent=True)
    reword(agent, prompt="We are closed on Sundays. Say so.")
    for begun, revision in ((first, 1), (between, 2)):
        reached = again(runtime, begun)
        assert (reached["revision"], reached["variant"]) == (3, begun["variant"])
        assert reached["system_prompt"].endswith("We are closed on Sundays.")
        assert (stored(begun).revision, stored(begun).reached_by) == (revision, [3])
        assert again(runtime, begun).body == reached.body
        assert stored(begun).reached_by == [3]
    assert runtime.resolve("eve")["revision"] == 4


def test_every_urgent_edit_that_answered_is_noted_and_none_that_did_not(
    runtime: Runtime, agent: Agent
) -> None:
    talking, over = runtime.resolve("ada"), runtime.resolve("bob")
    for number in range(3):
        reword(agent, prompt=f"Mended {number}", urgent=True)
        runtime.say("ada", talking["conversation_id"], role="agent")
    assert stored(talking).reached_by == [2, 3, 4]
    assert stored(over).reached_by is None


def test_what_was_edited_before_reaches_back_without_another_change(
    runtime: Runtime, agent: Agent
) -> None:
    first = runtime.resolve("ada")
    reword(agent, prompt="Mended.")
    assert again(runtime, first)["revision"] == 1
    reword(agent, urgent=True)
    assert again(runtime, first)["system_prompt"].endswith("Mended.")
    assert AgentRevision.objects.filter(agent=agent).count() == 3
    reword(agent, urgent=True)
    assert AgentRevision.objects.filter(agent=agent).count() == 3


def test_a_new_name_in_the_dashboard_makes_no_revision(agent: Agent) -> None:
    edited = edit_agent(
        agent, name="Renamed", persona=agent.persona, system_prompt="", by=None, urgent=True
    )
    assert edited.revision == 1


def test_a_greeting_leaves_the_revision_open(runtime: Runtime, agent: Agent) -> None:
    conversation = unused_id()
    runtime.say("ada", conversation, role="agent")
    reword(agent, prompt="Sell trips.")
    assert runtime.say("ada", conversation)["resolution"]["revision"] == 2


def test_a_try_out_gets_what_is_in_force(runtime: Runtime, agent: Agent) -> None:
    first = runtime.resolve("ada", playground=True)
    reword(agent, prompt="Sell trips.")
    assert again(runtime, first)["revision"] == 2
    assert stored(first).revision is None


def test_what_a_variant_answers_with_is_noted_once_a_revision(
    runtime: Runtime, agent: Agent, experiment: Experiment
) -> None:
    digests = set()
    for prompt in ("", "Sell trips."):
        reword(agent, prompt=prompt)
        digests |= {runtime.resolve(f"{prompt}{n}")["prompt_digest"] for n in range(20)}
    noted = VariantPrompt.objects.filter(agent=agent)
    assert sorted(noted.values_list("digest", flat=True)) == sorted(digests)
    assert noted.filter(variant__in=experiment.variants.all()).count() == 4


class TestBesideThePreviousRelease:
    """It makes agents without a revision, edits without one, and decides without noting one."""

    def edit(self, agent: Agent, prompt: str) -> None:
        with connection.cursor() as cursor:
            cursor.execute(
                "UPDATE agents SET system_prompt = %s, config_version = config_version + 1"
                " WHERE id = %s",
                [prompt, agent.pk],
            )

    def decide(self, agent: Agent, visitor: str) -> str:
        conversation = unused_id()
        with connection.cursor() as cursor:
            cursor.execute(
                "INSERT INTO conversations (id, agent_id, visitor_id, playground, decided_at)"
                " VALUES (%s, %s, %s, false, clock_timestamp())",
                [conversation, agent.pk, visitor],
            )
        return conversation

    @pytest.fixture
    def made(self, agent: Agent) -> Agent:
        """With no row of its revision."""
        new = unused_id()
        with connection.cursor() as cursor:
            cursor.execute(
                "INSERT INTO agents (id, workspace_id, name, persona, system_prompt,"
                " config_version, created_at) VALUES (%s, %s, 'New', %s, 'As made.', 1, now())",
                [new, agent.workspace_id, json.dumps(agent.persona)],
            )
        return Agent.objects.get(pk=new)

    def test_an_agent_of_its_making_answers_and_keeps_its_word(self, made: Agent) -> None:
        runtime = Runtime.of(made)
        first = runtime.resolve("ada")
        assert first["revision"] == 1
        assert first["system_prompt"].endswith("As made.")
        reword(made, prompt="Edited.")
        assert again(runtime, first)["system_prompt"] == first["system_prompt"]
        assert runtime.resolve("bob")["revision"] == 2
        assert [each.system_prompt for each in made.revisions.order_by("number")] == [
            "As made.",
            "Edited.",
        ]

    def test_what_it_edits_is_in_force_and_is_written_down_at_the_next_edit(
        self, made: Agent
    ) -> None:
        runtime = Runtime.of(made)
        reword(made, prompt="Second.")
        self.edit(made, "Behind our back.")
        assert runtime.resolve("ada")["system_prompt"].endswith("Behind our back.")
        reword(made, tone="dry")
        numbered = made.revisions.order_by("number").values_list("number", "system_prompt")
        assert list(numbered) == [
            (1, "As made."),
            (2, "Second."),
            (3, "Behind our back."),
            (4, "Behind our back."),
        ]

    def test_what_it_decided_has_the_revision_that_stood_then(
        self, runtime: Runtime, agent: Agent
    ) -> None:
        before = self.decide(agent, "ada")
        reword(agent, prompt="Second.")
        AgentRevision.objects.filter(agent=agent).update(
            created_at=F("created_at") + timedelta(microseconds=1)
        )
        Conversation.objects.filter(pk=before).update(
            decided_at=F("decided_at") - timedelta(hours=1)
        )
        meanwhile = self.decide(agent, "bob")
        reword(agent, prompt="Third.")
        AgentRevision.objects.filter(agent=agent, number=3).update(
            created_at=F("created_at") + timedelta(hours=1)
        )
        assert runtime.resolve("ada", conversation_id=before)["revision"] == 1
        assert runtime.resolve("bob", conversation_id=meanwhile)["revision"] == 2
        reword(agent, prompt="Fourth.", urgent=True)
        assert runtime.resolve("bob", conversation_id=meanwhile)["revision"] == 4
