"""How many experiments, and how long a history, a workspace may have."""

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from agents.models import Agent
from experiments import lifecycle, limits
from experiments.lifecycle import editing
from experiments.models import Action, Event, Experiment
from glozr.errors import Conflict
from tests.factories import AgentFactory, ExperimentFactory
from tests.roles import Cast, make_cast, signed_in
from tests.threads import at_once


@pytest.mark.django_db(transaction=True)
def test_of_many_at_once_on_several_agents_no_experiment_is_one_too_many(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(limits, "EXPERIMENTS_OF_WORKSPACE", 5)
    cast = make_cast()
    agents = [cast.agent, AgentFactory.create(workspace=cast.workspace)]
    refused = []

    def create(agent: Agent) -> None:
        try:
            ExperimentFactory.create(agent=agent)
        except Conflict as conflict:
            refused.append(conflict)

    at_once([partial(create, agent) for agent in agents * 4])
    assert Experiment.objects.count() == 5
    assert {(one.code, "Delete those" in one.detail) for one in refused} == {("too_many", True)}


@pytest.mark.django_db
class TestExperiments:
    def test_those_of_another_workspace_and_deleted_ones_do_not_count(
        self, cast: Cast, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(limits, "EXPERIMENTS_OF_WORKSPACE", 1)
        ExperimentFactory.create(agent=AgentFactory.create())
        first = ExperimentFactory.create(agent=cast.agent)
        with pytest.raises(Conflict, match="Delete those"):
            editing.duplicate(first, by=cast.owner)
        lifecycle.delete(first, by=cast.owner)
        ExperimentFactory.create(agent=cast.agent)

    def test_the_api_answers_409(self, cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
        first = ExperimentFactory.create(agent=cast.agent)
        monkeypatch.setattr(limits, "EXPERIMENTS_OF_WORKSPACE", 1)
        base = f"/api/v1/agents/{cast.agent.pk}/experiments/"
        client = signed_in(cast.owner)
        for address in (base, f"{base}{first.pk}/duplicate/"):
            sent: dict[str, Any] = {"name": "One more"}
            sent |= {"kind": "cta"} if address == base else {}
            answer = client.post(address, sent, "application/json")
            assert (answer.status_code, answer.json()["code"]) == (409, "too_many")


@pytest.mark.django_db
class TestHistory:
    @pytest.fixture
    def running(self, cast: Cast, monkeypatch: pytest.MonkeyPatch) -> Experiment:
        """One that runs, in a workspace whose history is full."""
        experiment = lifecycle.start(ExperimentFactory.create(agent=cast.agent), by=cast.owner)
        monkeypatch.setattr(limits, "HISTORY", Event.objects.count())
        return experiment

    def test_that_is_full_takes_nothing_new(self, cast: Cast, running: Experiment) -> None:
        steps: tuple[Callable[[], object], ...] = (
            partial(editing.edit, running, sent={"name": "Other"}, by=cast.owner),
            partial(editing.duplicate, running, by=cast.owner),
            partial(ExperimentFactory.create, agent=cast.agent),
        )
        for step in steps:
            with pytest.raises(Conflict, match="stopping and deleting still work") as refused:
                step()
            assert refused.value.code == "too_many"
        running.refresh_from_db()
        assert running.name != "Other"
        assert Experiment.objects.count() == 1

    def test_keeps_nobody_from_stopping_and_deleting_which_makes_room(
        self, cast: Cast, running: Experiment
    ) -> None:
        lifecycle.stop(running, by=cast.owner)
        with pytest.raises(Conflict, match="Delete experiments"):
            lifecycle.start(running, by=cast.owner)
        lifecycle.delete(running, by=cast.owner)
        assert Event.objects.filter(action__in=[Action.STOPPED, Action.DELETED]).count() == 2
        ExperimentFactory.create(agent=cast.agent)
