"""The demo is made once and found again."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from agents.models import Ability, Agent, ApiToken, User, Workspace
from agents.workspaces import tokens
from agents.workspaces.editing import create_workspace
from experiments import lifecycle
from experiments.demo import seeding
from experiments.models import Event, Experiment
from tests.runtime import Runtime

pytestmark = pytest.mark.django_db


def seeded() -> Any:
    return seeding.seed().as_json()


class TestSeedDemo:
    def test_its_sign_ins_work_and_have_their_roles(self) -> None:
        found = seeded()
        for user in found["users"]:
            person = Client()
            sign_in = {"login": user["email"], "password": user["password"]}
            person.post(reverse("account_login"), sign_in)
            page = person.get(reverse("members", args=[found["workspace"]]))
            assert page.status_code == (403 if user["role"] == "editor" else 200)

    def test_its_token_has_every_ability_and_works(self) -> None:
        found = seeded()
        token = tokens.usable_token(found["token"])
        assert token is not None
        assert set(token.abilities) == set(Ability.values)
        agent = Agent.objects.get(pk=found["agent"])
        assert Runtime(agent.pk, found["token"]).resolve("ada").variant in {"control", "Aria"}

    def test_running_it_again_changes_nothing(self) -> None:
        first = seeded()
        counted = [model.objects.count() for model in (User, Workspace, ApiToken, Event)]
        assert seeded() == first
        assert [model.objects.count() for model in (User, Workspace, ApiToken, Event)] == counted

    def test_it_leaves_what_people_did_in_it(self) -> None:
        first = seeded()
        running = Experiment.objects.running().get()
        lifecycle.stop(running, by=None)
        lifecycle.delete(Experiment.objects.exclude(pk=running.pk)[0], by=None)
        found = {one["name"]: one["status"] for one in seeded()["experiments"]}
        assert len(found) == len(first["experiments"]) - 1
        assert found[running.name] == "stopped"

    def test_it_stays_with_its_workspace_when_the_owner_gets_another(self) -> None:
        first = seeded()
        owner = User.objects.get(email=first["users"][0]["email"])
        other = create_workspace(name="A workspace that sorts before it", owner=owner)
        assert seeded()["workspace"] == first["workspace"]
        assert other.memberships.count() == 1

    def test_a_revoked_token_is_replaced(self) -> None:
        first = seeded()
        tokens.revoke_token(ApiToken.objects.get())
        second = seeded()
        assert second["token"] != first["token"]
        assert tokens.usable_token(second["token"])
        assert tokens.usable_token(first["token"]) is None
