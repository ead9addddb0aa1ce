"""What is printed of the demo, for programs and for people."""

import json
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command

from agents.models import Agent
from experiments.models import Experiment

pytestmark = pytest.mark.django_db


def seeded() -> Any:
    """What `seed_demo --format json` prints: one object and nothing else."""
    said = StringIO()
    call_command("seed_demo", "--empty", "--format=json", stdout=said)
    return json.loads(said.getvalue())


class TestSeedDemo:
    def test_prints_one_object_with_all_that_a_program_needs(self) -> None:
        found = seeded()
        agent = Agent.objects.get(pk=found["agent"])
        assert str(agent.workspace_id) == found["workspace"]
        assert found.keys() == {"workspace", "agent", "token", "users", "experiments"}
        assert [user["role"] for user in found["users"]] == ["owner", "admin", "editor"]
        assert all(user.keys() == {"email", "password", "role"} for user in found["users"])
        assert found["experiments"] == [
            {
                "id": str(experiment.pk),
                "name": experiment.name,
                "kind": experiment.kind,
                "status": experiment.status,
            }
            for experiment in Experiment.objects.order_by("-id")
        ]
        assert {one["status"] for one in found["experiments"]} == {"draft", "running"}
        assert {one["kind"] for one in found["experiments"]} == {"persona", "cta", "trigger"}

    def test_prints_it_for_people_too(self) -> None:
        said = StringIO()
        call_command("seed_demo", "--empty", stdout=said)
        found = seeded()
        for word in (found["agent"], found["token"], *(user["email"] for user in found["users"])):
            assert word in said.getvalue()
