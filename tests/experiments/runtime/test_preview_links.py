"""A chosen variant for oneself: what a preview link's code does to a conversation, and what it
never touches."""

from typing import Any

import pytest
from django.core import signing
from django.utils import timezone

from agents.models import Agent, Conversation
from experiments import lifecycle
from experiments.lifecycle import editing
from experiments.models import Assignment, Experiment, PendingCount, VariantPrompt
from experiments.runtime.preview_links import LINK_LASTS, link_code, revoke_links
from tests.experiments.runtime.test_statements import statements
from tests.factories import ExperimentFactory, persona_variants, unused_id
from tests.runtime import Answer, Runtime

pytestmark = pytest.mark.django_db

ARMS = {"control": "Max", "treatment": "Aria"}


@pytest.fixture
def draft(agent: Agent) -> Experiment:
    return ExperimentFactory.create(agent=agent)


def code_of(experiment: Experiment, name: str = "treatment") -> str:
    return link_code(experiment, experiment.variants.get(name=name))


def ask(runtime: Runtime, code: str, **body: Any) -> Answer:
    return runtime.post("assignments/", {"visitor_id": "ada", "preview": code, **body})


@pytest.mark.parametrize("name", ARMS)
@pytest.mark.parametrize("status", ["draft", "running", "stopped"])
def test_a_conversation_gets_the_variant_that_was_chosen(
    runtime: Runtime, draft: Experiment, status: str, name: str
) -> None:
    if status != "draft":
        lifecycle.start(draft, by=None)
    if status == "stopped":
        lifecycle.stop(draft, by=None)
    answer = ask(runtime, code_of(draft, name))
    assert (answer.status, answer["source"], answer.variant) == (200, "preview", name)
    assert answer["persona"]["name"] == ARMS[name]
    assert f"Your name is {ARMS[name]}." in answer["system_prompt"]


def test_it_is_playground_and_moves_no_assignment_stamp_or_count(
    runtime: Runtime, draft: Experiment
) -> None:
    lifecycle.start(draft, by=None)
    conversation = unused_id()
    runtime.say("ada", conversation, "agent", preview=code_of(draft))  # a greeting
    said = runtime.say("ada", conversation)
    assert (said["resolution"]["source"], said.variant) == ("preview", "treatment")
    found = Conversation.objects.get(pk=conversation)
    assert (found.playground, found.variant_id, found.decided_at) == (True, None, None)
    for model in (Assignment, PendingCount, VariantPrompt):
        assert not model._default_manager.exists(), model


def test_the_conversation_keeps_it_without_the_code_and_after_the_links_are_revoked(
    runtime: Runtime, draft: Experiment
) -> None:
    conversation = ask(runtime, code_of(draft))["conversation_id"]
    revoke_links(draft)
    assert runtime.say("ada", conversation).variant == "treatment"
    assert runtime.resolve("ada", conversation_id=conversation).variant == "treatment"
    assert runtime.resolve("ada")["source"] == "none"  # another conversation


def test_sending_the_first_call_again_changes_nothing(runtime: Runtime, draft: Experiment) -> None:
    conversation, message = unused_id(), unused_id()
    first, second = (
        runtime.say("ada", conversation, id=message, preview=code_of(draft)) for _ in range(2)
    )
    assert (first.status, second.status) == (201, 200)
    assert first["resolution"] == second["resolution"]
    other = ask(runtime, code_of(draft, "control"), conversation_id=conversation)
    assert other.variant == "treatment"


def test_a_draft_that_is_edited_meanwhile_goes_on_with_the_agents_own_persona(
    runtime: Runtime, draft: Experiment
) -> None:
    code = code_of(draft)
    conversation = ask(runtime, code)["conversation_id"]
    variants = persona_variants()
    variants[1]["config"] = {"persona": {"name": "Nova"}}
    editing.edit(draft, sent={"variants": variants}, by=None)
    assert runtime.say("ada", conversation).variant is None
    assert refused(ask(runtime, code)) == "preview_gone"


def refused(answer: Answer, status: int = 403) -> str:
    assert answer.status == status, answer.body
    assert not Assignment.objects.exists()
    return str(answer["code"])


class TestRefusals:
    def test_one_that_was_altered(self, runtime: Runtime, draft: Experiment) -> None:
        code, other = code_of(draft), code_of(draft, "control")
        moved = other.partition(".")[0] + code[code.index(".") :]
        made_up = signing.TimestampSigner(sep=".", salt="other").sign("a-b-0")
        for bad in (code[:-1], code + "x", moved, made_up, "nonsense", "a.b.c"):
            assert refused(ask(runtime, bad)) == "preview_altered"
        assert not Conversation.objects.exists()

    def test_one_that_is_older_than_a_day(
        self, runtime: Runtime, draft: Experiment, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        code = code_of(draft)
        later = timezone.now() + LINK_LASTS
        monkeypatch.setattr("django.core.signing.time.time", lambda: later.timestamp() - 60)
        assert ask(runtime, code).status == 200
        monkeypatch.setattr("django.core.signing.time.time", lambda: later.timestamp() + 2)
        assert refused(ask(runtime, code)) == "preview_expired"

    def test_one_that_was_revoked(self, runtime: Runtime, draft: Experiment) -> None:
        code = code_of(draft)
        revoke_links(draft)
        assert refused(ask(runtime, code)) == "preview_revoked"
        draft.refresh_from_db()
        assert ask(runtime, code_of(draft)).status == 200

    def test_one_of_another_agent(self, runtime: Runtime) -> None:
        assert refused(ask(runtime, code_of(ExperimentFactory.create()))) == "preview_foreign"

    def test_one_of_a_deleted_experiment(self, runtime: Runtime, draft: Experiment) -> None:
        code = code_of(draft)
        lifecycle.delete(draft, by=None)
        assert refused(ask(runtime, code)) == "preview_gone"

    def test_a_conversation_that_began_without_it(
        self, runtime: Runtime, draft: Experiment
    ) -> None:
        conversation = unused_id()
        runtime.say("ada", conversation, "agent")
        lifecycle.start(draft, by=None)
        answer = ask(runtime, code_of(draft), conversation_id=conversation)
        assert refused(answer, 409) == "preview_too_late"

    def test_who_may_not_call_is_told_nothing_of_a_code(
        self, runtime: Runtime, draft: Experiment
    ) -> None:
        stranger = Runtime(runtime.agent_id, "glz_nobodys")
        for code in (code_of(draft), "nonsense"):
            assert refused(ask(stranger, code), 401) == "not_authenticated"


def test_openfeature_shows_it_too(runtime: Runtime, draft: Experiment) -> None:
    context = {"targetingKey": "ada", "preview": code_of(draft)}
    for _ in range(2):
        answer = runtime.client.post(
            f"/ofrep/v1/evaluate/flags/{runtime.agent_id}",
            {"context": context},
            "application/json",
            headers={"authorization": f"Bearer {runtime.key}"},
        ).json()
        assert (answer["variant"], answer["reason"]) == ("treatment", "TARGETING_MATCH")
    assert Conversation.objects.get().playground


def test_a_playground_conversation_alone_asks_for_a_choice(
    runtime: Runtime, draft: Experiment, monkeypatch: pytest.MonkeyPatch
) -> None:
    lifecycle.start(draft, by=None)
    conversation = runtime.resolve("ada")["conversation_id"]
    runtime.resolve("ada", conversation_id=conversation)
    with statements(monkeypatch) as sent:
        runtime.say("ada", conversation)
    assert len(sent) == 1
    assert "previewed_conversations" not in sent[0]
