"""Experiments added in the admin, and what is told at which field."""

import pytest
from django.test import Client

from agents.models import Agent
from experiments.admin.experiments import WITHOUT_VARIANTS
from experiments.models import Action, Event, Experiment
from tests.experiments.admin.site import LIST, arm, errors, rows
from tests.factories import AgentFactory, ExperimentFactory, WorkspaceFactory
from tests.roles import Cast


class TestAdding:
    def test_without_rows_gives_control_and_treatment(self, client: Client, agent: Agent) -> None:
        form = {"agent": agent.pk, "name": "New", "kind": "persona", "hypothesis": "", **rows()}
        assert client.post(f"{LIST}add/", form).status_code == 302

        made = Experiment.objects.get(name="New")
        assert [(v.name, v.weight) for v in made.variants.all()] == [
            ("control", 50),
            ("treatment", 50),
        ]
        assert made.is_draft

    def test_says_so_where_one_is_added_and_nowhere_else(
        self, client: Client, experiment: Experiment
    ) -> None:
        assert WITHOUT_VARIANTS in client.get(f"{LIST}add/").text
        assert WITHOUT_VARIANTS not in client.get(f"{LIST}{experiment.pk}/change/").text

    def test_keeps_rows_in_the_order_asked_for(self, client: Client, agent: Agent) -> None:
        arms = [arm("second", 1, position=2), arm("last", 3), arm("first", 2, position=1)]
        form = {"agent": agent.pk, "name": "New", "kind": "persona", **rows(*arms)}
        assert client.post(f"{LIST}add/", form).status_code == 302

        made = Experiment.objects.get(name="New")
        assert [v.name for v in made.variants.all()] == ["first", "second", "last"]

    def test_is_in_the_history_with_the_persons_name(
        self, client: Client, agent: Agent, cast: Cast
    ) -> None:
        client.post(f"{LIST}add/", {"agent": agent.pk, "name": "New", "kind": "cta", **rows()})

        event = Event.objects.get(experiment__name="New")
        assert (event.action, event.actor, event.actor_name) == (
            Action.CREATED,
            cast.admin,
            str(cast.admin),
        )

    def test_every_broken_rule_stands_at_its_field(self, client: Client, agent: Agent) -> None:
        ExperimentFactory.create(agent=agent, name="Taken")
        arms = [
            arm("control", 0),
            arm("CONTROL", 5),
            {"name": "bare", "weight": 1, "config": "{}"},
            {"name": "list", "weight": 1, "config": "[1]"},
        ]
        form = {"agent": agent.pk, "name": "Bad", "kind": "persona", **rows(*arms)}
        found = errors(client.post(f"{LIST}add/", form))

        assert found.keys() == {
            "variants.0.weight",
            "variants.1.name",
            "variants.2.config",
            "variants.3.config",
        }
        form = {"agent": agent.pk, "name": "Taken", "kind": "cta", **rows()}
        assert errors(client.post(f"{LIST}add/", form)).keys() == {"name"}
        form = {"agent": agent.pk, "name": "One", "kind": "persona", **rows(arm("only"))}
        assert errors(client.post(f"{LIST}add/", form)).keys() == {"variants"}
        assert Experiment.objects.count() == 1

    @pytest.mark.parametrize(
        "config", ["{", "[" * 100_000, "9" * 5_000, '{"a": NaN}', '{"a": "\\u0000"}', "{'a': 1}"]
    )
    def test_odd_json_is_told_at_its_field(self, config: str, client: Client, agent: Agent) -> None:
        arms = [arm("control"), {"name": "odd", "weight": 1, "config": config}]
        form = {"agent": agent.pk, "name": "Odd", "kind": "cta", **rows(*arms)}

        assert errors(client.post(f"{LIST}add/", form)).keys() == {"variants.1.config"}

    def test_anothers_agent_is_no_choice(self, client: Client, cast: Cast) -> None:
        foreign = AgentFactory.create(workspace=WorkspaceFactory.create())
        form = {"agent": foreign.pk, "name": "New", "kind": "cta", **rows()}

        assert errors(client.post(f"{LIST}add/", form)).keys() == {"agent"}
        assert not Experiment.objects.exists()
