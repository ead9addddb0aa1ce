"""The demo is made once and found again; folding goes on until it is told to end."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from io import StringIO
from typing import Any
from urllib.parse import urlencode

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from django.urls import reverse

from agents.models import Ability, Agent, ApiToken, User, Workspace
from agents.workspaces import tokens
from agents.workspaces.editing import create_workspace
from bench.stack import PROJECT
from experiments import lifecycle
from experiments.management.commands import fold_results
from experiments.models import Event, Experiment, PendingCount, VariantTotals
from tests.factories import AgentFactory, ExperimentFactory, unused_id
from tests.roles import Cast
from tests.runtime import Runtime

FOLDING = "folding-of-a-test"  # how its connections are called


def seeded() -> Any:
    """What `seed_demo --format json` prints: one object and nothing else."""
    said = StringIO()
    call_command("seed_demo", "--format=json", stdout=said)
    return json.loads(said.getvalue())


@pytest.mark.django_db
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
        call_command("seed_demo", stdout=said)
        found = seeded()
        for word in (found["agent"], found["token"], *(user["email"] for user in found["users"])):
            assert word in said.getvalue()

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


@pytest.fixture
def experiment(agent: Agent) -> Experiment:
    return lifecycle.start(ExperimentFactory.create(agent=agent), by=None)


@pytest.mark.django_db
class TestFoldingOnce:
    def test_leaves_nothing_pending_of_any_agent(
        self, cast: Cast, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(fold_results, "AGENTS_AT_ONCE", 2)
        for agent in AgentFactory.create_batch(5, workspace=cast.workspace):
            PendingCount.objects.create(agent=agent, visitor_id="ada")
        call_command("fold_results", "--once")
        assert not PendingCount.objects.exists()

    @pytest.mark.parametrize("pause", ["0", "-1", "nan", "soon", "1e9"])
    def test_a_pause_that_is_none_is_refused(self, pause: str) -> None:
        with pytest.raises(CommandError, match="is not from"):
            call_command("fold_results", "--forever", f"--every={pause}")

    def test_how_long_has_to_be_said(self) -> None:
        with pytest.raises(CommandError, match="--once --forever"):
            call_command("fold_results")


@contextmanager
def folding_forever(*options: str) -> Iterator[subprocess.Popen[bytes]]:
    """`fold_results --forever` as a process of its own, on the database of the test."""
    at = connection.get_connection_params()
    place = {key: at[key] for key in ("host", "port", "dbname", "user", "password") if at.get(key)}
    place["application_name"] = FOLDING
    process = subprocess.Popen(
        [sys.executable, "manage.py", "fold_results", "--forever", *options],
        cwd=PROJECT,
        env={**os.environ, "DATABASE_URL": f"postgresql:///?{urlencode(place)}"},
    )
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def wait_until_all_is_folded(process: subprocess.Popen[bytes]) -> None:
    give_up = time.monotonic() + 20
    while PendingCount.objects.exists():
        assert process.poll() is None, "It has ended."
        assert time.monotonic() < give_up, "It does not fold."
        time.sleep(0.02)


@pytest.mark.django_db(transaction=True)
class TestFoldingForever:
    def test_folds_what_comes_and_ends_when_told_to(
        self, runtime: Runtime, experiment: Experiment
    ) -> None:
        with folding_forever("--every=0.1") as process:
            for visitors in (1, 2):
                runtime.say(f"visitor-{visitors}", unused_id())
                wait_until_all_is_folded(process)
                assert sum(row.sums.visitors for row in VariantTotals.objects.all()) == visitors
            process.send_signal(signal.SIGTERM)
            assert process.wait(5) == 0

    def test_does_not_finish_its_pause_first(
        self, runtime: Runtime, experiment: Experiment
    ) -> None:
        runtime.say("ada", unused_id())
        with folding_forever("--every=3600") as process:
            wait_until_all_is_folded(process)
            process.send_signal(signal.SIGINT)
            assert process.wait(5) == 0

    def test_outlives_a_connection_that_breaks(
        self, runtime: Runtime, experiment: Experiment
    ) -> None:
        with folding_forever("--every=0.1") as process:
            runtime.say("ada", unused_id())
            wait_until_all_is_folded(process)
            with connection.cursor() as cursor:
                cursor.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                    " WHERE datname = current_database() AND application_name = %s",
                    [FOLDING],
                )
                assert cursor.fetchall()
            runtime.say("bob", unused_id())
            wait_until_all_is_folded(process)
