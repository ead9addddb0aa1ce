"""Who asks too often waits, and is told how long; nobody waits for another."""

import time
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from agents import limits as of_agents
from agents.models import Agent
from experiments import limits as of_experiments
from glozr.inputs import limits as of_inputs
from glozr.rates.shared import Moments
from tests.runtime import Runtime

pytestmark = pytest.mark.django_db
PROJECT = Path(__file__).resolve().parents[2]
INTERVAL, BURST = 0.1, 0.25


def test_processes_that_share_the_file_count_together(tmp_path: Path) -> None:
    one, other = (Moments(tmp_path / "rates") for _ in range(2))
    waits = [each.wait("ada", interval=INTERVAL, burst=BURST) for each in (one, other, one, other)]
    assert waits[:3] == [0.0, 0.0, 0.0]
    assert 0 < waits[3] <= INTERVAL
    assert other.wait("ben", interval=INTERVAL, burst=BURST) == 0.0
    time.sleep(waits[3] + 0.01)
    assert one.wait("ada", interval=INTERVAL, burst=BURST) == 0.0
    assert other.wait("ada", interval=INTERVAL, burst=BURST) > 0


def test_what_another_start_of_the_machine_left_is_nothing(tmp_path: Path) -> None:
    left = Moments(tmp_path / "rates")
    left._moments[:] = memoryview(b"\x7f" * left._moments.nbytes).cast("d")
    assert left.wait("ada", interval=INTERVAL, burst=BURST) == 0.0


def test_a_token_that_calls_too_often_is_told_when_to_come_back(
    runtime: Runtime, settings: Any
) -> None:
    settings.TOKEN_RATE = 0.1
    answers = [runtime.post("assignments/", {"visitor_id": "ada"}) for _ in range(3)]
    assert [answer.status for answer in answers] == [200, 200, 429]
    refused = runtime.client.post(
        f"/api/v1/agents/{runtime.agent_id}/assignments/",
        {"visitor_id": "ada"},
        "application/json",
        headers={"authorization": f"Bearer {runtime.key}"},
    )
    assert refused.json()["code"] == "too_soon"
    assert 1 <= int(refused.headers["Retry-After"]) <= 10
    flag = runtime.client.post(
        f"/ofrep/v1/evaluate/flags/{runtime.agent_id}",
        {"context": {"targetingKey": "ada"}},
        "application/json",
        headers={"authorization": f"Bearer {runtime.key}"},
    )
    assert (flag.status_code, flag.json()["errorCode"]) == (429, "GENERAL")
    assert flag.headers["Retry-After"].isdigit()


def test_another_token_goes_on(runtime: Runtime, agent: Agent, settings: Any) -> None:
    settings.TOKEN_RATE = 0.1
    for _ in range(3):
        last = runtime.post("assignments/", {"visitor_id": "ada"})
    assert last.status == 429
    assert Runtime.of(agent).post("assignments/", {"visitor_id": "ada"}).status == 200


def test_an_address_that_asks_too_often_is_refused_before_anything_is_looked_for(
    client: Client, settings: Any, django_assert_num_queries: Any
) -> None:
    settings.ADDRESS_RATE = 0.1
    place = "/accounts/login/"
    seen = [client.get(place, REMOTE_ADDR="203.0.113.9").status_code for _ in range(3)]
    assert seen == [200, 200, 429]
    with django_assert_num_queries(0):
        page = client.get(place, REMOTE_ADDR="203.0.113.9")
        call = client.get("/api/v1/agents/", REMOTE_ADDR="203.0.113.9")
    assert b"Wait a moment" in page.content
    assert page.headers["Retry-After"].isdigit()
    assert call.json()["code"] == "too_soon"
    assert client.get(place, REMOTE_ADDR="203.0.113.10").status_code == 200
    for _ in range(4):  # nobody knows who that is
        assert client.get(place, REMOTE_ADDR="127.0.0.1").status_code == 200


def test_the_readme_lists_the_limits_that_there_are() -> None:
    readme = (PROJECT / "README.md").read_text()
    table = readme.partition("## Limits\n")[2].partition("\n## ")[0]
    of_a_workspace = (
        of_agents.AGENTS,
        of_experiments.EXPERIMENTS_OF_WORKSPACE,
        of_agents.MEMBERS,
        of_agents.TOKENS,
        of_agents.OPEN_INVITATIONS,
        of_experiments.WEBHOOKS,
    )
    mails = (
        of_agents.MAILS_TO_RECIPIENT,
        of_agents.MAILS_OF_PERSON,
        of_agents.MAILS_OF_WORKSPACE,
    )
    kibibytes = (of_inputs.JSON_BYTES // 1024, of_inputs.ENTRANCE_BYTES // 1024)
    assert ", ".join(f"{limit:,}" for limit in of_a_workspace) in table
    assert ", ".join(map(str, mails)) + " a day" in table
    assert f"{of_experiments.HISTORY:,}, {of_experiments.LEFT_OUT_RULES}" in table
    assert f"{kibibytes[0]} KiB, 1 MiB, {kibibytes[1]} KiB" in table
    assert f"{of_inputs.JSON_FIELDS}, {of_inputs.JSON_DEPTH}; 16 KiB, 20" in table
    assert f"{of_agents.MESSAGE:,}, {of_agents.VISITOR_ID} characters" in table
