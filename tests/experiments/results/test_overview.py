"""What an agent's variants have brought, all of them."""

import re
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from agents.models import Agent
from experiments import lifecycle
from experiments.models import Experiment
from experiments.results.figures import DASH
from tests.factories import AgentFactory, ExperimentFactory, unused_id
from tests.roles import Cast
from tests.runtime import Runtime
from tests.visits import arrive

pytestmark = pytest.mark.django_db

LATELY = datetime.now(UTC) - timedelta(hours=3)


@pytest.fixture
def reader(client: Client, cast: Cast) -> Client:
    client.force_login(cast.editor)
    return client


def started(agent: Agent, **fields: Any) -> Experiment:
    return lifecycle.start(ExperimentFactory.create(agent=agent, **fields), by=None)


def lines(reader: Client, agent: Agent, query: str = "") -> list[str]:
    """The words of each line of the table."""
    response = reader.get(agent.get_absolute_url() + query)
    assert response.status_code == HTTPStatus.OK
    page = response.content.decode()
    return [
        " ".join(re.sub("<[^>]*>", " ", line).split())
        for line in re.findall("<tr.*?</tr>", page, re.DOTALL)[1:]
    ]


def test_counts_what_each_variant_brought(reader: Client, agent: Agent) -> None:
    arrive(started(agent), [(40, 2), (50, 20)], at=LATELY, messages=3)
    _, control, treatment = lines(reader, agent)
    assert control == "control 40 40 120 2 5.0%"
    assert treatment == "treatment 50 50 150 20 40.0%"


def test_counts_a_visitor_as_soon_as_the_api_has_answered(
    reader: Client, agent: Agent, runtime: Runtime
) -> None:
    started(agent)
    runtime.say("ada", unused_id())
    runtime.leave("ada", "ada@example.com")
    assert sorted(lines(reader, agent)[1:])[0].split()[1:] in (
        ["1", "1", "1", "1", "100.0%"],
        ["0", "0", "0", "0", DASH],
    )
    assert sum(int(line.split()[1]) for line in lines(reader, agent)[1:]) == 1


def test_deleted_experiments_still_count_and_are_marked(reader: Client, agent: Agent) -> None:
    gone = started(agent, name="Gone")
    arrive(gone, [(7, 1), (8, 2)], at=LATELY)
    lifecycle.delete(gone, by=None)
    heading, control, _ = lines(reader, agent)
    assert heading.startswith("Gone Deleted")
    assert control.startswith("control 7 ")
    assert gone.get_absolute_url() not in reader.get(agent.get_absolute_url()).content.decode()


def test_drafts_have_not_run(reader: Client, agent: Agent) -> None:
    ExperimentFactory.create(agent=agent)
    assert lines(reader, agent) == []
    assert b"Nothing has run yet" in reader.get(agent.get_absolute_url()).content


def test_begins_with_how_the_active_experiment_stands(reader: Client, agent: Agent) -> None:
    active = started(agent, name="Aria or Max")
    arrive(active, [(400, 40), (400, 140)], at=LATELY)
    page = reader.get(agent.get_absolute_url()).content.decode()
    assert "treatment is better than control" in page
    lifecycle.stop(active, by=None)
    assert "is better than" not in reader.get(agent.get_absolute_url()).content.decode()


def test_other_agents_are_left_out(reader: Client, cast: Cast) -> None:
    neighbour = AgentFactory.create(workspace=cast.workspace)
    arrive(started(neighbour, name="Elsewhere"), [(3, 0), (3, 0)], at=LATELY)
    assert lines(reader, cast.agent) == []


def test_has_pages(reader: Client, agent: Agent) -> None:
    for number in range(12):
        lifecycle.stop(started(agent, name=f"Experiment no. {number}"), by=None)
    assert len(lines(reader, agent)) == 10 * 3
    assert len(lines(reader, agent, "?page=2")) == 2 * 3


def test_is_for_members_only(client: Client, cast: Cast) -> None:
    url = reverse("agent_overview", args=[cast.agent.pk])
    assert client.get(url).status_code == HTTPStatus.FOUND
    client.force_login(cast.outsider)
    assert client.get(url).status_code == HTTPStatus.NOT_FOUND
    for person in cast.members:
        client.force_login(person)
        assert client.get(url).status_code == HTTPStatus.OK


@pytest.mark.parametrize("experiments", [1, 9])
def test_takes_few_queries_however_many_ran(
    reader: Client, agent: Agent, experiments: int, django_assert_max_num_queries: Any
) -> None:
    for number in range(experiments):
        experiment = started(agent, name=f"Experiment no. {number}")
        arrive(experiment, [(3, 1), (3, 1)], at=LATELY)
        if number < experiments - 1:
            lifecycle.stop(experiment, by=None)
    lines(reader, agent)
    with django_assert_max_num_queries(12):
        lines(reader, agent)
