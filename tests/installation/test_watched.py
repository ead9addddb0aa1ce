"""The alert rules and the dashboard speak of figures that /metrics has."""

import json
import re
import subprocess
from typing import Any

import pytest
import yaml
from django.db import DatabaseError, connection, transaction
from django.test import Client

from agents.models import Agent
from experiments import lifecycle
from experiments.notices.passing_on import pass_on_notices
from glozr.background import BackgroundStep
from glozr.observe.metrics import LIMITS_HIT
from tests.factories import ExperimentFactory
from tests.harness.programs import program
from tests.installation.files import FOLDER
from tests.runtime import Runtime

NAME = re.compile(r"\bglozr_[a-z_]+\b")


def expressions() -> list[str]:
    rules = yaml.safe_load((FOLDER / "alerts.yml").read_text())["groups"][0]["rules"]
    panels = json.loads((FOLDER / "dashboard.json").read_text())["panels"]
    return [
        *(rule["expr"] for rule in rules),
        *(target["expr"] for panel in panels for target in panel["targets"]),
    ]


def scraped(client: Client) -> dict[str, float]:
    """Every figure of /metrics, by its name and labels."""
    text = client.get("/metrics", headers={"authorization": "Bearer scrape"}).content.decode()
    lines = (line.rpartition(" ") for line in text.splitlines() if not line.startswith("#"))
    return {name: float(value) for name, _, value in lines}


def test_prometheus_takes_the_rules() -> None:
    said = subprocess.run(
        [program("promtool"), "check", "rules", str(FOLDER / "alerts.yml")],
        capture_output=True,
        text=True,
    )
    assert said.returncode == 0, said.stderr


@pytest.mark.django_db(transaction=True)
def test_every_figure_that_is_watched_exists(
    runtime: Runtime, agent: Agent, settings: Any, client: Client
) -> None:
    settings.METRICS_TOKEN = "scrape"
    before = scraped(client)
    lifecycle.start(ExperimentFactory.create(agent=agent), by=None)
    runtime.resolve("ada")
    runtime.resolve("ben")
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT 1 / 0")
    LIMITS_HIT.labels("token")
    waiting = scraped(client)
    assert waiting["glozr_fold_pending_rows"] >= 2
    assert scraped(client)["glozr_fold_oldest_seconds"] > 0
    fold = "experiments.results.rollup.fold_all"
    assert BackgroundStep("fold results", fold, 1).take()
    assert not BackgroundStep("a step that fails", "glozr.nothing.here", 1).take()
    pass_on_notices()

    found = scraped(client)
    assert found["glozr_database_up"] == 1
    assert found["glozr_fold_pending_rows"] == found["glozr_fold_oldest_seconds"] == 0
    failed = 'glozr_background_steps_total{outcome="failed",step="a step that fails"}'
    assert found[failed] == before.get(failed, 0) + 1
    divided = 'glozr_database_errors_total{kind="DivisionByZero"}'
    assert found[divided] == before.get(divided, 0) + 1
    assert found['glozr_notices_total{kind="started"}'] >= 1
    names = {name.partition("{")[0] for name in found}
    watched = {name for each in expressions() for name in NAME.findall(each)}
    assert len(watched) > 10
    assert watched <= names


@pytest.mark.django_db
def test_routes_that_are_watched_are_those_of_the_runtime(runtime: Runtime) -> None:
    routes = {
        route
        for each in expressions()
        for listed in re.findall(r'route=~"([^"]+)"', each)
        for route in listed.split("|")
    }
    assert routes == {"api_assignments", "api_messages", "api_leads"}
