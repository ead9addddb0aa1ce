"""Drafts made over HTTP, and what is refused about them."""

from typing import Any

import pytest

from agents.models import Agent
from experiments import lifecycle, limits
from experiments.models import Experiment
from tests.experiments.api.caller import DRAFT, Api
from tests.factories import ExperimentFactory, persona_variants

pytestmark = pytest.mark.django_db

FIELDS = {
    "id",
    "agent",
    "name",
    "hypothesis",
    "kind",
    "status",
    "is_active",
    "started_at",
    "stopped_at",
    "outcome",
    "concluded_at",
    "learned",
    "created_at",
    "window_days",
    "primary_metric",
    "design",
    "planned_lift",
    "most_looks",
    "expected_value",
    "expected_weekly",
    "traffic_share",
    "version",
    "schedule",
    "variants",
}


class TestCreate:
    def test_answers_with_the_whole_draft(self, api: Api, agent: Agent) -> None:
        created = api.call("POST", body=DRAFT)
        assert created.status == 201
        assert set(created.body) == FIELDS
        assert (created["status"], created["is_active"]) == ("draft", False)
        assert created["agent"] == str(agent.pk)
        assert [variant["position"] for variant in created["variants"]] == [0, 1]
        assert [variant["share"] for variant in created["variants"]] == [0.5, 0.5]
        assert created.headers["ETag"] == '"1"'

    def test_begins_with_control_and_treatment(self, api: Api) -> None:
        created = api.call("POST", body={"name": "Offer", "kind": "cta"})
        setup = [(variant["name"], variant["weight"]) for variant in created["variants"]]
        assert setup == [("control", 50), ("treatment", 50)]

    def test_a_persona_control_begins_as_the_agent_and_the_treatment_must_be_filled_in(
        self, api: Api, agent: Agent
    ) -> None:
        created = api.call("POST", body={"name": "Persona", "kind": "persona"})
        control, _ = created["variants"]
        assert control["config"] == {"persona": agent.persona}
        refused = api.call("POST", f"{created['id']}/start/")
        assert refused.status == 400
        assert [error["field"] for error in refused["errors"]] == ["variants.1.config.persona"]

    def test_names_every_broken_rule(self, api: Api) -> None:
        variants = [
            {"name": "A", "weight": 0, "config": {}},
            {
                "name": "a",
                "weight": "2",
                "config": {
                    "persona": {"tone": "x" * (limits.PERSONA_LIMITS["tone"] + 1), "age": 7}
                },
            },
        ]
        refused = api.call("POST", body={"name": " ", "kind": "persona", "variants": variants})
        assert refused.status == 400
        assert {error["field"] for error in refused["errors"]} == {
            "name",
            "variants.0.weight",
            "variants.0.config.persona",
            "variants.1.name",
            "variants.1.weight",
            "variants.1.config.persona.tone",
            "variants.1.config.persona.age",
        }
        assert not Experiment.objects.exists()

    def test_refuses_a_name_that_is_taken(self, api: Api, experiment: Experiment) -> None:
        refused = api.call("POST", body={**DRAFT, "name": experiment.name})
        assert (refused.status, refused["errors"][0]["field"]) == (400, "name")
        assert refused["errors"][0]["code"] == "name_taken"

    def test_tells_of_a_taken_name_beside_every_other_broken_rule(
        self, api: Api, agent: Agent, experiment: Experiment
    ) -> None:
        other = ExperimentFactory.create(agent=agent)
        broken = {"name": experiment.name, "kind": "banner"}
        for method, path in (("POST", ""), ("PATCH", f"{other.pk}/")):
            refused = api.call(method, path, body=broken)
            found = {error["field"]: error["code"] for error in refused["errors"]}
            assert found == {"name": "name_taken", "kind": "invalid_choice"}

    def test_but_a_deleted_experiments_name_is_free(self, api: Api, experiment: Experiment) -> None:
        lifecycle.delete(experiment, by=None)
        assert api.call("POST", body={**DRAFT, "name": experiment.name}).status == 201

    @pytest.mark.parametrize("body", [[], "text", 5, True])
    def test_refuses_what_is_no_object(self, api: Api, body: Any) -> None:
        assert api.call("POST", body=body).status == 400


@pytest.mark.parametrize("name", ["\u200b", "\u2060 \u200d", "a\u202eb", "a\x00b", "\u2067a"])
def test_names_that_people_cannot_read_are_refused(api: Api, name: str) -> None:
    variants = persona_variants()
    variants[1]["name"] = name
    answer = api.call("POST", "", {"name": name, "kind": "persona", "variants": variants})
    assert answer.status == 400
    assert {error["field"] for error in answer["errors"]} == {"name", "variants.1.name"}


@pytest.mark.parametrize(
    "name", ["\N{FAMILY}\u200d\N{HEART WITH RIBBON}", "\u05e9\u05dc\u05d5\u05dd", "A\u00a0B"]
)
def test_names_of_all_scripts_are_taken(api: Api, name: str) -> None:
    assert api.call("POST", "", {"name": name, "kind": "persona"}).status == 201
