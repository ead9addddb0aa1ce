"""Variants tried in a chat of one's own: each under its own prompt, and nothing moves by it."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from django.apps import apps
from django.test import Client
from django.urls import reverse

from agents.model_endpoints.keeping import set_endpoint
from agents.models import Conversation, MessageRole
from experiments import lifecycle
from experiments.models import Experiment, Kind
from tests.factories import ConversationFactory, ExperimentFactory, MessageFactory
from tests.harness.language_models import Endpoint, answers, language_model, streams
from tests.roles import Cast
from tests.runtime import Runtime

pytestmark = pytest.mark.django_db
SAID = {"role": "visitor", "content": "x"}
MARKUP = '<img src=x onerror="alert(1)">'


@pytest.fixture
def there(cast: Cast) -> Iterator[Endpoint]:
    with language_model() as endpoint:
        set_endpoint(
            cast.workspace, url=endpoint.url, model="tiny", key="sk-1", calls_a_day=3, by=cast.owner
        )
        yield endpoint


@pytest.fixture
def experiment(cast: Cast) -> Experiment:
    return ExperimentFactory.create(agent=cast.agent)


def ask(
    client: Client, experiment: Experiment, variant: int, *said: str, **changed: str
) -> tuple[int, Any]:
    """The status and, line by line, what the page is told; or the sentence of a refusal."""
    roles = ("visitor", "agent")
    turns = [{"role": roles[n % 2], "content": text} for n, text in enumerate(said)]
    column = str(experiment.variants.all()[variant].pk)
    response = client.post(
        reverse("try_experiment_answer", args=[experiment.agent_id, experiment.pk]),
        {"column": column, "turns": json.dumps(turns), **changed},
        headers={"hx-request": "true"},
    )
    if not response.streaming:
        return response.status_code, response.content.decode()
    lines = b"".join(response.streaming_content).splitlines()  # type: ignore[attr-defined]
    return response.status_code, [json.loads(line) for line in lines]


def rows() -> dict[str, int]:
    """How many there are of everything but the endpoint's own count and sessions."""
    return {
        model._meta.label: model._base_manager.count()
        for model in apps.get_models()
        if model._meta.managed and model._meta.label != "sessions.Session"
    }


class TestAnswers:
    def test_each_variant_answers_under_its_own_prompt_and_nothing_moves(
        self, editor: Client, experiment: Experiment, there: Endpoint, runtime: Runtime
    ) -> None:
        lifecycle.start(experiment, by=None)
        runtime.say("ada", "00000000-0000-4000-8000-000000000001")
        before = rows()
        conversation = Conversation.objects.values().get()
        there.behaves = streams("Good ", MARKUP)
        status, told = ask(editor, experiment, 1, "Hi", "Hello", "How much?")
        assert status == 200
        assert told[:2] == [{"text": "Good "}, {"text": MARKUP}]
        end = told[2]["end"]
        assert (end["tokens_read"], end["tokens_written"], end["note"]) == (30, 5, "")
        assert 0 <= end["seconds"] < 10
        ask(editor, experiment, 0, "Hi")
        sent = [asked.body["messages"] for asked in there.asked]
        assert [turn["role"] for turn in sent[0]] == ["system", "user", "assistant", "user"]
        assert "Your name is Aria." in sent[0][0]["content"]
        assert "Your name is Max." in sent[1][0]["content"]
        assert rows() == before
        assert Conversation.objects.values().get() == conversation

    def test_drafts_and_what_was_stopped_can_be_tried(
        self, editor: Client, experiment: Experiment, there: Endpoint
    ) -> None:
        assert ask(editor, experiment, 0, "Hi")[0] == 200
        lifecycle.start(experiment, by=None)
        lifecycle.stop(experiment, by=None)
        assert ask(editor, experiment, 0, "Hi")[0] == 200

    def test_the_limit_of_a_day_is_told(
        self, editor: Client, experiment: Experiment, there: Endpoint
    ) -> None:
        there.behaves = answers(500, "{}")  # which counts as well
        for _ in range(3):
            told = ask(editor, experiment, 0, "Hi")[1]
            assert told == [{"problem": "The endpoint answered with an error (500)."}]
        status, refused = ask(editor, experiment, 0, "Hi")
        assert (status, len(there.asked)) == (429, 3)
        assert "All 3 calls of today are used up" in refused

    @pytest.mark.parametrize(
        "turns",
        [
            "",
            "{",
            "[" * 100_000,
            "[]",
            "[7]",
            json.dumps([{"role": "system", "content": "x"}]),
            json.dumps([{"role": ["visitor"], "content": "x"}]),
            json.dumps([{"role": "agent", "content": "x"}]),
            json.dumps([{"role": "visitor", "content": " "}]),
            json.dumps([{"role": "visitor", "content": "\ud800"}]),
            json.dumps([{"role": "visitor", "content": "x", "name": "y"}]),
            json.dumps([{"role": "visitor", "content": "x" * 4_001}]),
            json.dumps([SAID] * 41),
            json.dumps([{"role": "agent", "content": "x" * 34_000}] * 3 + [SAID]),
        ],
    )  # fmt: skip
    def test_what_is_no_conversation_is_refused_before_anything_is_called(
        self, editor: Client, experiment: Experiment, there: Endpoint, turns: str
    ) -> None:
        status, told = ask(editor, experiment, 0, "Hi", turns=turns)
        assert status == 400
        assert isinstance(told, str)
        assert told.endswith(".")
        assert there.asked == []

    def test_a_variant_of_another_experiment_is_none(
        self, editor: Client, experiment: Experiment, there: Endpoint
    ) -> None:
        other = ExperimentFactory.create(agent=experiment.agent).variants.all()[0]
        assert ask(editor, experiment, 0, "Hi", column=str(other.pk))[0] == 404

    def test_without_a_model_a_stand_in_says_so_and_shows_the_prompt(
        self, editor: Client, experiment: Experiment, cast: Cast
    ) -> None:
        cast.agent.system_prompt = "Sell shoes."
        cast.agent.save()
        _, told = ask(editor, experiment, 1, "How much?")
        said = "".join(event.get("text", "") for event in told)
        assert said.startswith("I am Aria. This is an offline stand-in, not a model")
        assert "Your tone: warm and concise" in said
        assert "Sell shoes." in said
        assert "You wrote: “How much?”" in said
        assert told[-1]["end"]["tokens_read"] is None


class TestPages:
    def test_of_an_experiment(self, editor: Client, experiment: Experiment, cast: Cast) -> None:
        for place, text in enumerate(("I am Ada, ada@example.com", "Call 079 123 45 67", MARKUP)):
            conversation = ConversationFactory.create(agent=cast.agent, visitor_id=f"v{place}")
            MessageFactory.create(conversation=conversation, content=text)
            MessageFactory.create(
                conversation=conversation, content="Hello", role=MessageRole.AGENT
            )
        quiet = ConversationFactory.create(agent=cast.agent, playground=True)
        MessageFactory.create(conversation=quiet, content="A test of ours")
        url = reverse("try_experiment", args=[cast.agent.pk, experiment.pk])
        page = editor.get(url).content.decode()
        assert page.count("data-column=") == 2
        assert page.count("data-opening=") == 3
        assert "I am Ada, [e-mail address]" in page
        assert "Call [telephone number]" in page
        assert "A test of ours" not in page
        assert MARKUP not in page
        assert "offline stand-in" in page
        assert "Owner or Admin" in page

    def test_of_more_variants_than_columns(self, editor: Client, cast: Cast) -> None:
        variants = [{"name": f"v{n}", "weight": 1, "config": {}} for n in range(6)]
        experiment = ExperimentFactory.create(agent=cast.agent, kind=Kind.CTA, variants=variants)
        url = reverse("try_experiment", args=[cast.agent.pk, experiment.pk])
        assert editor.get(url).content.decode().count("data-column=") == 4
        ids = [str(variant.pk) for variant in experiment.variants.all()]
        chosen = editor.get(url, {"variant": [ids[5], ids[0]]}).content.decode()
        assert chosen.count("data-column=") == 2
        assert f'data-column="{ids[5]}"' in chosen
        assert "do not change what the agent says" in chosen
        assert ask(editor, experiment, 5, "Hi")[0] == 200

    def test_of_an_agent_with_what_runs(
        self, editor: Client, experiment: Experiment, cast: Cast
    ) -> None:
        url = reverse("try_agent", args=[cast.agent.pk])
        assert editor.get(url).content.decode().count("data-column=") == 1
        lifecycle.start(experiment, by=None)
        assert editor.get(url).content.decode().count("data-column=") == 3

    def test_the_key_is_shown_to_nobody(self, admin: Client, cast: Cast) -> None:
        url = reverse("model_endpoint", args=[cast.workspace.pk])
        sent = {"url": "https://models.example/v1", "model": "m", "key": "sk-x", "calls_a_day": "9"}
        assert admin.post(url, sent).status_code == 302
        page = admin.get(url).content.decode()
        assert "https://models.example/v1" in page
        assert "sk-x" not in page
        moved = admin.post(url, {**sent, "url": "https://elsewhere.example/v1", "key": ""})
        assert "Type the key for it" in moved.content.decode()
        assert "sk-x" not in admin.post(url, {**sent, "model": ""}).content.decode()
