"""OpenFeature: what the Python SDK's OFREP provider makes of our answers, and what we refuse."""

from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import pytest
from django.test import Client
from openfeature.contrib.provider.ofrep import OFREPProvider
from openfeature.evaluation_context import EvaluationContext
from openfeature.exception import (
    ErrorCode,
    FlagNotFoundError,
    GeneralError,
    InvalidContextError,
    OpenFeatureError,
    TargetingKeyMissingError,
)
from openfeature.flag_evaluation import FlagResolutionDetails, Reason
from requests import PreparedRequest, Response
from requests.adapters import BaseAdapter
from requests.structures import CaseInsensitiveDict

from agents.models import Ability, Agent, Conversation
from experiments import lifecycle
from experiments.api.runtime import openfeature
from experiments.models import Assignment, Experiment
from glozr.errors import TooSoon
from tests.agents.agents.edits import reword
from tests.experiments.runtime.test_statements import statements
from tests.factories import AgentFactory, ExperimentFactory, unused_id
from tests.runtime import Runtime

pytestmark = pytest.mark.django_db


class InProcess(BaseAdapter):
    """What the provider sends goes to the application in the test's own transaction."""

    def send(self, request: PreparedRequest, *args: Any, **kwargs: Any) -> Response:
        answer = Client().post(
            urlsplit(request.url or "").path,
            request.body,
            content_type="application/json",
            headers={"authorization": str(request.headers.get("Authorization", ""))},
        )
        response = Response()
        response.status_code, response._content = answer.status_code, answer.content
        response.headers = CaseInsensitiveDict(answer.headers)
        response.request = request
        return response

    def close(self) -> None:
        pass


def provider_of(key: str) -> OFREPProvider:
    provider = OFREPProvider(
        "http://glozr.example", headers_factory=lambda: {"Authorization": f"Bearer {key}"}
    )
    provider.session.mount("http://", InProcess())
    return provider


@pytest.fixture
def provider(runtime: Runtime) -> OFREPProvider:
    return provider_of(runtime.key)


@pytest.fixture
def running(agent: Agent) -> Experiment:
    return lifecycle.start(ExperimentFactory.create(agent=agent), by=None)


def ask(
    provider: OFREPProvider, agent: Agent, visitor: str | None = "ada", **attributes: Any
) -> FlagResolutionDetails[Any]:
    context = EvaluationContext(visitor, attributes)
    return provider.resolve_object_details(str(agent.pk), {}, context)


def test_a_new_visitor_and_one_who_returns(
    provider: OFREPProvider, agent: Agent, running: Experiment, runtime: Runtime
) -> None:
    new = ask(provider, agent, plan="pro", email=None)  # the caller's own attributes are ignored
    assert new.reason == Reason.SPLIT
    assert new.variant == new.value["variant"]["name"]
    assert (new.value["source"], new.flag_metadata["source"]) == ("new", "new")
    assert new.flag_metadata["experiment_id"] == str(running.pk)
    assert ask(provider, agent).variant == new.variant
    assert runtime.resolve("ada").variant == new.variant
    assert runtime.say("ada", unused_id()).variant == new.variant
    assert Assignment.objects.filter(experiment=running).count() == 1


def test_without_an_experiment_it_is_the_agents_own_persona(
    provider: OFREPProvider, agent: Agent
) -> None:
    answer = ask(provider, agent)
    assert (answer.reason, answer.variant) == (Reason.DEFAULT, "")
    assert answer.value["persona"]["name"] == agent.persona["name"]


def test_asking_again_and_again_keeps_one_conversation(
    provider: OFREPProvider, agent: Agent, running: Experiment
) -> None:
    for visitor in ("ada", "bob", "ada", "ada"):
        ask(provider, agent, visitor)
    assert Conversation.objects.of_agent(agent.pk).count() == 2


def test_what_is_started_stopped_or_edited_answers_at_the_next_call(
    provider: OFREPProvider, agent: Agent
) -> None:
    assert ask(provider, agent).variant == ""
    experiment = lifecycle.start(ExperimentFactory.create(agent=agent), by=None)
    assert ask(provider, agent).variant in ("control", "treatment")
    lifecycle.stop(experiment, by=None)
    assert ask(provider, agent).reason == Reason.DEFAULT
    reword(agent, prompt="Sell trips.")
    assert ask(provider, agent).value["system_prompt"].endswith("Sell trips.")


def test_a_conversation_that_is_named_keeps_its_variant_after_a_stop(
    provider: OFREPProvider, agent: Agent, running: Experiment
) -> None:
    conversation = str(uuid4())
    before = ask(provider, agent, conversation_id=conversation)
    assert before.value["conversation_id"] == conversation
    lifecycle.stop(running, by=None)
    after = ask(provider, agent, conversation_id=conversation)
    assert (after.variant, after.value["source"]) == (before.variant, "conversation")


def test_playground_counts_nobody(
    provider: OFREPProvider, agent: Agent, running: Experiment
) -> None:
    assert ask(provider, agent, playground=True).reason == Reason.DEFAULT
    assert not Assignment.objects.exists()
    assert ask(provider, agent).reason == Reason.SPLIT


def test_it_takes_the_statements_of_an_assignments_call(
    provider: OFREPProvider, agent: Agent, running: Experiment, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(20):  # both answers, and the agent's version, are known
        ask(provider, agent, f"somebody-{number}")
    with statements(monkeypatch) as sent:
        ask(provider, agent)
        assert len(sent) == 2
        ask(provider, agent)
        assert len(sent) == 3


class TestRefusals:
    @pytest.mark.parametrize(
        ("visitor", "attributes", "error", "said"),
        [
            (None, {}, TargetingKeyMissingError, "context.targetingKey"),
            ("x" * 129, {}, InvalidContextError, "context.targetingKey"),
            ("a\0b", {}, InvalidContextError, "context.targetingKey"),
            ("ada", {"conversation_id": "7"}, InvalidContextError, "context.conversation_id"),
            ("ada", {"playground": "yes"}, InvalidContextError, "context.playground"),
        ],
    )
    def test_a_context(
        self,
        provider: OFREPProvider,
        agent: Agent,
        visitor: str | None,
        attributes: dict[str, Any],
        error: type[Exception],
        said: str,
    ) -> None:
        with pytest.raises(error, match=said):
            ask(provider, agent, visitor, **attributes)
        assert not Conversation.objects.exists()

    def test_no_context_at_all(self, provider: OFREPProvider, agent: Agent) -> None:
        with pytest.raises(TargetingKeyMissingError):
            provider.resolve_object_details(str(agent.pk), {}, None)

    def test_anothers_conversation(
        self, provider: OFREPProvider, agent: Agent, runtime: Runtime
    ) -> None:
        conversation = runtime.resolve("bob")["conversation_id"]
        with pytest.raises(InvalidContextError, match="another visitor"):
            ask(provider, agent, conversation_id=conversation)

    def test_what_is_no_json(self, runtime: Runtime) -> None:
        response = runtime.client.post(
            f"/ofrep/v1/evaluate/flags/{runtime.agent_id}",
            b"{",
            content_type="application/json",
            headers={"authorization": f"Bearer {runtime.key}"},
        )
        assert (response.status_code, response.json()["errorCode"]) == (400, "PARSE_ERROR")
        assert response.json()["key"] == str(runtime.agent_id)

    def test_a_bad_token_and_one_that_may_not(self, agent: Agent) -> None:
        reader = Runtime.of(agent, Ability.READ).key
        for key, said in (("glz_nobodys", "unauthorized"), (reader, "forbidden")):
            with pytest.raises(OpenFeatureError, match=said) as refused:
                ask(provider_of(key), agent)
            assert refused.value.error_code == ErrorCode.GENERAL

    def test_another_workspaces_agent_is_like_none(self, provider: OFREPProvider) -> None:
        for key in (str(AgentFactory.create().pk), unused_id(), "new-checkout", "a/b"):
            with pytest.raises(FlagNotFoundError, match="no such"):
                provider.resolve_object_details(key, {}, EvaluationContext("ada"))

    def test_what_comes_too_soon_pauses_the_provider_for_the_seconds_told(
        self, provider: OFREPProvider, agent: Agent, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def busy(*args: object, **kwargs: object) -> None:
            raise TooSoon("Too many calls. Wait a moment.", seconds=30)

        monkeypatch.setattr(openfeature, "evaluate", busy)
        with pytest.raises(GeneralError, match="retry after: 30"):
            ask(provider, agent)
        with pytest.raises(GeneralError, match="paused"):
            ask(provider, agent)

    def test_all_flags_at_once(self, runtime: Runtime) -> None:
        response = runtime.client.post("/ofrep/v1/evaluate/flags", {}, "application/json")
        assert response.status_code == 501
        assert "one at a time" in response.json()["errorDetails"]
