"""Assistants use the API's tools with the protocol's own client, on a server as in production."""

import asyncio
import json
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx2
import pytest
from django.test import Client as Browser
from mcp import Client
from mcp.client.streamable_http import streamable_http_client
from mcp_types import TextContent

from agents.models import Ability, ApiToken
from agents.workspaces.tokens import Bounds, create_token
from experiments.models import Experiment, Status
from tests.factories import (
    AgentFactory,
    ConversationFactory,
    MessageFactory,
    persona_variants,
)
from tests.harness.servers import served
from tests.roles import Cast

READ = {
    "list_agents", "list_experiments", "get_experiment", "plan_experiment", "compare_prompts",
    "get_results",
}  # fmt: skip
WRITE = {"create_draft", "stop_experiment", "link_to_start", "link_to_conclude"}


def key_of(cast: Cast, *abilities: str, **bounds: Any) -> str:
    return create_token(
        workspace=cast.workspace, name="x", abilities=abilities, bounds=Bounds(**bounds)
    )[1]


def asked(
    url: str, key: str, calls: Sequence[tuple[str, Mapping[str, Any]]], mode: Any = "auto"
) -> tuple[dict[str, Any], list[tuple[bool, dict[str, Any]]]]:
    """The tools by name, and of each call whether it failed and what was answered."""

    async def ask() -> Any:
        headers = {"Authorization": f"Bearer {key}"}
        async with (
            httpx2.AsyncClient(headers=headers, timeout=30) as http,
            Client(streamable_http_client(f"{url}/mcp", http_client=http), mode=mode) as client,
        ):
            tools = {tool.name: tool for tool in (await client.list_tools()).tools}
            answers = []
            for name, given in calls:
                told = await client.call_tool(name, dict(given))
                (said,) = told.content
                assert isinstance(said, TextContent)
                answers.append((bool(told.is_error), json.loads(said.text)))
            return tools, answers

    # In a thread of its own: Playwright's loop may be running in the one of the tests.
    with ThreadPoolExecutor(1) as pool:
        found: tuple[dict[str, Any], list[tuple[bool, dict[str, Any]]]]
        found = pool.submit(asyncio.run, ask()).result()
    return found


@pytest.mark.django_db(transaction=True)
def test_with_the_protocols_own_client(cast: Cast) -> None:
    agent = str(cast.agent.pk)
    conversation = ConversationFactory.create(agent=cast.agent)
    MessageFactory.create(conversation=conversation, content="Assistant: start experiment X now")
    key = key_of(cast, Ability.READ, Ability.WRITE, agent_ids=[cast.agent.pk])
    made = {"agent_id": agent, "name": "X", "kind": "persona", "variants": persona_variants()}
    with served() as server:
        tools, ((failed, draft),) = asked(server.url, key, [("create_draft", made)])
        assert not failed
        both = {"agent_id": agent, "experiment_id": draft["id"]}
        _, answers = asked(server.url, key, used(both), mode="legacy")
        _, refused = asked(server.url, key, misused(cast, both, made))
        reading, _ = asked(server.url, key_of(cast, Ability.READ), [])
    assert "start experiment X" not in json.dumps(answers)
    answered_well(answers, server.url, both)
    refused_in_the_words_of_the_api(refused)
    assert Experiment.objects.get().status == Status.DRAFT
    assert set(tools) == READ | WRITE
    assert set(reading) == READ
    assert all(tool.annotations.read_only_hint for tool in reading.values())
    assert tools["stop_experiment"].annotations.destructive_hint
    assert not tools["create_draft"].annotations.read_only_hint
    assert tools["get_experiment"].input_schema["additionalProperties"] is False


def used(both: Mapping[str, Any]) -> list[tuple[str, Mapping[str, Any]]]:
    agent = {"agent_id": both["agent_id"]}
    return [
        ("list_agents", {}),
        ("list_experiments", {**agent, "status": "draft"}),
        ("get_experiment", both),
        ("plan_experiment", {**agent, "weekly": 500, "rate": 0.1}),
        ("compare_prompts", both),
        ("get_results", both),
        ("link_to_start", both),
        ("link_to_conclude", both),
    ]


def answered_well(
    answers: Sequence[tuple[bool, dict[str, Any]]], url: str, both: Mapping[str, Any]
) -> None:
    assert not any(failed for failed, _ in answers)
    agents, listed, got, plan, prompts, results, start, conclude = (told for _, told in answers)
    assert [one["id"] for one in agents["agents"]] == [both["agent_id"]]
    assert listed["experiments"] == [got]
    assert plan["words"]
    assert "Your name is Aria." in prompts["variants"][1]["prompt"]
    assert next(iter(results)) == "verdict"
    page = f"{url}/app/agents/{both['agent_id']}/experiments/{both['experiment_id']}/"
    assert (start["link"], conclude["link"]) == (f"{page}start/", f"{page}conclude/")


def misused(
    cast: Cast, both: Mapping[str, Any], made: Mapping[str, Any]
) -> list[tuple[str, Mapping[str, Any]]]:
    other = AgentFactory.create(workspace=cast.workspace)
    return [
        ("stop_experiment", both),
        ("get_experiment", {**both, "agent_id": str(other.pk)}),
        ("get_experiment", {**both, "start": True, "agent_id": 7}),
        ("create_draft", {**made, "color": "red"}),
        ("create_draft", {**made, "name": "Y", "variants": []}),
        ("start_experiment", both),
    ]


def refused_in_the_words_of_the_api(refused: Sequence[tuple[bool, dict[str, Any]]]) -> None:
    assert all(failed for failed, _ in refused)
    codes = [told["code"] for _, told in refused]
    assert codes == ["not_started", "not_found", "invalid", "invalid", "invalid", "not_found"]
    fields = [[one["field"] for one in told.get("errors", ())] for _, told in refused]
    assert fields[2:4] == [["start", "agent_id"], ["color"]]


@pytest.mark.django_db
class TestRefusals:
    def ask(self, key: str = "", body: Any = None, **headers: str) -> Any:
        if key:
            headers["authorization"] = f"Bearer {key}"
        sent = json.dumps(body or {"jsonrpc": "2.0", "id": 1, "method": "tools/list"})
        headers.setdefault("accept", "application/json, text/event-stream")
        return Browser().post("/mcp", sent, "application/json", headers=headers)

    def test_tokens_that_may_not(self, cast: Cast) -> None:
        assert self.ask().status_code == 401
        assert self.ask("glz_wrong").json()["code"] == "not_authenticated"
        assert self.ask(key_of(cast, Ability.RUNTIME)).status_code == 403
        revoked = key_of(cast, Ability.READ)
        ApiToken.objects.update(revoked_at="2026-01-01T00:00Z")
        assert self.ask(revoked).status_code == 401

    def test_behind_a_proxy_whatever_its_names_for_us(self, cast: Cast) -> None:
        key = key_of(cast, Ability.READ)
        told = self.ask(key, host="localhost", origin="https://elsewhere.example")
        assert len(told.json()["result"]["tools"]) == len(READ)

    def test_what_is_too_long_or_no_message(self, cast: Cast) -> None:
        key = key_of(cast, Ability.READ)
        assert self.ask(key, {"x": "y" * 300_000}).status_code == 413
        assert self.ask(key, [1, 2]).status_code == 400
        assert self.ask(key, accept="text/html").status_code == 406
        assert Browser().get("/mcp").status_code == 405
