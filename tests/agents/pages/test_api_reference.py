"""The page about the API says what the API does, and its examples work as they stand."""

import re
import shlex
from collections.abc import Callable
from http import HTTPStatus
from string import Template

import pytest
from django.test import Client
from django.urls import reverse

from agents.models import Ability, Agent
from agents.pages.reference.api_docs import published_schema
from agents.pages.reference.api_reference import DescribedCall, Field, fields_of, sections_of
from agents.workspaces import tokens
from experiments import lifecycle
from experiments.visitors.leaving_out import leave_out
from tests.experiments.outcomes.concluded import winner_in_use
from tests.factories import ConversationFactory, ExperimentFactory, LeadFactory, unused_id

pytestmark = pytest.mark.django_db

CALLS = {
    call.id: call
    for section in sections_of(published_schema(), origin="https://chat.example")
    for call in section.calls
}
OF_A_WINNER = ("take_back_variant", "edit_conclusion", "put_variant_into_use")
FOR_PEOPLE = ("put_variant_into_use",)
"""No token may, and the reference says so."""


def test_everybody_can_read_about_every_call(client: Client) -> None:
    page = client.get("/api/docs/").content.decode()
    described = [
        (path, operation["summary"])
        for path, methods in published_schema()["paths"].items()
        for operation in methods.values()
    ]
    assert len(described) == len(CALLS)
    for path, summary in described:
        assert f"<code>{path}</code>" in page
        assert f">{summary.replace(chr(39), '&#x27;')}</h3>" in page


@pytest.fixture
def say(agent: Agent, client: Client) -> Callable[[DescribedCall], int]:
    """Give a command to a shell of somebody with a token; the status of the answer."""
    _, key = tokens.create_token(workspace=agent.workspace, name="all", abilities=list(Ability))

    def status_of(call: DescribedCall) -> int:
        experiment = ExperimentFactory.create(agent=agent)
        if call.id in ("stop_experiment", "conclude_experiment", *OF_A_WINNER):
            lifecycle.start(experiment, by=None)
        if call.id in OF_A_WINNER:
            winner_in_use(experiment, reason="A guess.")
        rule = leave_out(agent.workspace, kind="visitor", value=unused_id(), by=None)
        conversation = ConversationFactory.create(agent=agent, visitor_id="v-7f3a")
        variables = {
            "RULE_ID": rule.pk,
            "TOKEN": key,
            "AGENT_ID": agent.pk,
            "CONVERSATION_ID": conversation.pk,
            "LEAD_ID": LeadFactory.create(agent=agent).pk,
            "EXPERIMENT_ID": experiment.pk,
        }
        words = shlex.split(Template(call.command.replace("\\\n", "")).substitute(variables))
        assert words[:2] == ["curl", "-X"]
        method, url, *options = words[2:]
        given = list(zip(options[::2], options[1::2], strict=True))
        headers = dict(text.split(": ", 1) for option, text in given if option == "-H")
        response = client.generic(
            method,
            url.removeprefix("https://chat.example"),
            data=next((text for option, text in given if option == "-d"), ""),
            content_type=headers.pop("Content-Type", ""),
            headers=headers,
        )
        return response.status_code

    return status_of


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
def test_examples_work_as_they_stand(
    call: DescribedCall, say: Callable[[DescribedCall], int]
) -> None:
    if call.id in FOR_PEOPLE:
        assert say(call) == HTTPStatus.FORBIDDEN
        return
    promised = [int(answer.status) for answer in call.answers if answer.status < "300"]
    assert say(call) in promised


def test_what_must_be_sent_has_an_example() -> None:
    for call in CALLS.values():
        assert ("-d " in call.command) == bool(call.body), call.id


class TestFields:
    def test_say_what_may_be_sent(self) -> None:
        fields = {field.name: field for field in CALLS["create_experiment"].body}
        assert fields["kind"] == Field(
            "kind",
            "string",
            is_required=True,
            about="",
            values=("persona", "cta", "trigger"),
            bounds="",
        )
        assert fields["variants"].type == "list of object"
        assert fields["variants"].bounds == "2 to 10 items"
        assert fields["variants[].weight"].bounds == "1 to 1,000,000"
        assert not fields["variants[].config"].is_required

    def test_name_what_is_held_within(self) -> None:
        (answer,) = (a for a in CALLS["resolve_assignment"].answers if a.status == "200")
        names = [field.name for field in answer.fields]
        assert names[2:6] == ["experiment", "experiment.id", "experiment.name", "experiment.kind"]
        experiment = answer.fields[2]
        assert experiment.type == "object or null"

    @pytest.mark.parametrize(
        ("schema", "bounds"),
        [
            ({"type": "integer", "minimum": 0}, "at least 0"),
            ({"type": "string", "maxLength": 2000}, "at most 2,000 characters"),
            ({"type": "boolean"}, ""),
        ],
    )
    def test_give_the_bounds_that_there_are(self, schema: dict[str, object], bounds: str) -> None:
        (field,) = fields_of({"properties": {"one": schema}}, {})
        assert field.bounds == bounds


def test_the_page_of_tokens_leads_here(client: Client, agent: Agent) -> None:
    client.force_login(agent.workspace.memberships.get(role="owner").user)
    page = client.get(reverse("tokens", args=[agent.workspace.pk])).content.decode()
    assert 'href="/api/docs/"' in page


def test_assistants_read_the_same_as_markdown(client: Client) -> None:
    index = client.get("/llms.txt")
    assert index["Content-Type"].startswith("text/plain")
    for address in re.findall(r"\]\(http://testserver([^)]+)\)", index.content.decode()):
        assert client.get(address).status_code in (200, 405)  # tools are posted to
    text = client.get("/api/docs.md").content.decode()
    for path, methods in published_schema()["paths"].items():
        for method, operation in methods.items():
            assert f"### {operation['summary']}\n\n`{method.upper()} {path}`" in text
    assert "- `visitor_id` (string, required): 1 to 128 characters; " in text
    assert "- `409`: " in text
