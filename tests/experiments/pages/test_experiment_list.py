"""The A/B experiments tab."""

import re
from datetime import timedelta
from http import HTTPStatus

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from agents.models import Agent
from experiments import lifecycle
from experiments.lifecycle import OnConflict
from experiments.models import Experiment, KeptBrief, NoticeWatch
from experiments.notices.watching import watch
from experiments.outcomes.briefs import keep_missing, time_run
from tests.experiments.outcomes.concluded import FEW, LOST, WON, measured, winner_in_use
from tests.factories import ExperimentFactory
from tests.roles import Cast
from tests.runtime import Runtime

pytestmark = pytest.mark.django_db


@pytest.fixture
def url(agent: Agent) -> str:
    return reverse("experiment_list", args=[agent.pk])


def shown(client: Client, url: str, **query: str) -> str:
    response = client.get(url, query)
    assert response.status_code == HTTPStatus.OK
    return response.content.decode()


def test_an_empty_tab_teaches_and_offers_the_first_step(
    client: Client, cast: Cast, url: str
) -> None:
    client.force_login(cast.admin)
    page = shown(client, url)
    assert "gives each new visitor one of two or more variants" in page
    assert reverse("experiment_new", args=[cast.agent.pk]) in page
    assert f"/api/v1/agents/{cast.agent.pk}/assignments/" in page
    assert f'value="{cast.agent.pk}"' in page
    form = shown(client, reverse("experiment_new", args=[cast.agent.pk]))
    assert re.search(r'name="name"[^>]*autofocus', form)


def test_the_agents_id_stands_where_programs_are_set_up(client: Client, cast: Cast) -> None:
    client.force_login(cast.owner)
    pages = (
        reverse("agent_overview", args=[cast.agent.pk]),
        reverse("agent_settings", args=[cast.agent.pk]),
        reverse("tokens", args=[cast.workspace.pk]),
    )
    for address in pages:
        assert f'value="{cast.agent.pk}"' in shown(client, address)


def test_editors_look_and_find_no_control(client: Client, cast: Cast, url: str) -> None:
    client.force_login(cast.editor)
    assert reverse("experiment_new", args=[cast.agent.pk]) not in shown(client, url)
    ExperimentFactory.create(agent=cast.agent, name="Aria or Max")
    page = shown(client, url)
    assert "Aria or Max" in page
    assert reverse("experiment_new", args=[cast.agent.pk]) not in page


def test_a_row_says_how_the_experiment_stands(
    client: Client, cast: Cast, url: str, runtime: Runtime
) -> None:
    older, newer, draft = (
        ExperimentFactory.create(agent=cast.agent, name=name)
        for name in ("Older", "Newer", "Draft")
    )
    lifecycle.start(older, by=cast.admin)
    for number in range(3):
        runtime.resolve(f"visitor-{number}")
    lifecycle.start(newer, by=cast.admin, on_conflict=OnConflict.KEEP_RUNNING)
    client.force_login(cast.editor)
    response = client.get(url)
    rows = {row.experiment.name: row for row in response.context["rows"]}
    assert {name: row.visitors for name, row in rows.items()} == {
        "Older": 3,
        "Newer": 0,
        "Draft": 0,
    }
    assert [share.percent for share in rows["Draft"].split] == ["50%", "50%"]
    page = response.content.decode()
    for badge in ("Running, active", "Running, superseded", "Draft"):
        assert page.count(badge) >= 1
    assert rows["Draft"].experiment == draft


def test_a_row_has_the_verdict_and_the_lift_as_a_picture(
    client: Client, cast: Cast, url: str
) -> None:
    measured(cast.agent, FEW, name="Young")
    stopped = measured(cast.agent, LOST, name="Lost")
    watch()
    lifecycle.stop(stopped, by=None)
    concluded = measured(cast.agent, WON, name="Used")
    winner_in_use(concluded)
    measured(cast.agent, WON, name="Won")
    client.force_login(cast.editor)
    rows = {row.experiment.name: row for row in client.get(url).context["rows"]}
    told = {name: row.brief.words for name, row in rows.items() if row.brief}
    assert told == {
        "Won": "treatment is better",
        "Used": "treatment won",
        "Lost": "control is better",
        "Young": "Too early to compare",
    }
    assert {name: row.picture.tone for name, row in rows.items() if row.picture} == {
        "Won": "ahead",
        "Used": "ahead",
        "Lost": "behind",
    }
    assert rows["Won"].lift.startswith("treatment +241.5% (+")
    assert rows["Won"].picture.start > 60
    assert rows["Lost"].picture.end < 60
    assert {row.days for row in rows.values()} == {"under 1"}
    page = shown(client, url)
    assert page.count("brief-ahead") == 2
    assert "In use" in page


def test_what_nobody_watches_any_more_is_worked_out_once(cast: Cast) -> None:
    experiment = measured(cast.agent, WON)
    lifecycle.stop(experiment, by=None)
    NoticeWatch.objects.all().delete()
    assert keep_missing()
    assert KeptBrief.objects.get().said["words"] == "treatment is better"
    assert not keep_missing()


def test_days_run_are_those_of_all_runs(cast: Cast) -> None:
    experiment = measured(cast.agent, FEW)
    lifecycle.stop(experiment, by=None)
    lifecycle.start(experiment, by=None)
    now = timezone.now()
    began, over, again = (now - timedelta(days=days) for days in (9, 5, 2))
    steps = experiment.events.filter(action__in=["started", "stopped"]).order_by("created_at")
    for step, moment in zip(list(steps), (began, over, again), strict=True):
        experiment.events.filter(pk=step.pk).update(created_at=moment)
    assert time_run([experiment.pk], now) == {experiment.pk: timedelta(days=6)}


def test_what_runs_stands_above_newer_drafts(client: Client, cast: Cast, url: str) -> None:
    older, newer = (
        ExperimentFactory.create(agent=cast.agent, name=name) for name in ("Older", "Newer")
    )
    lifecycle.start(newer, by=None)
    lifecycle.start(older, by=None, on_conflict=OnConflict.KEEP_RUNNING)
    for name in ("First idea", "Second idea"):
        ExperimentFactory.create(agent=cast.agent, name=name)
    client.force_login(cast.editor)
    names = [row.experiment.name for row in client.get(url).context["rows"]]
    assert names == ["Older", "Newer", "Second idea", "First idea"]


def test_status_and_name_narrow_the_list(client: Client, cast: Cast, url: str) -> None:
    running = ExperimentFactory.create(agent=cast.agent, name="Warm greeting")
    lifecycle.start(running, by=None)
    ExperimentFactory.create(agent=cast.agent, name="Cold greeting")
    client.force_login(cast.editor)

    def names(**query: str) -> set[str]:
        return {row.experiment.name for row in client.get(url, query).context["rows"]}

    assert names(status="running") == {"Warm greeting"}
    assert names(search="COLD") == {"Cold greeting"}
    assert names(search="cold", status="running") == set()
    assert names(status="nonsense") == {"Warm greeting", "Cold greeting"}
    assert "No experiment fits" in shown(client, url, search="cold", status="running")


@pytest.mark.parametrize("query", ["search=%00", "page=x", "page=99", "status=%00", "search=%ff"])
def test_odd_queries_are_answered(client: Client, cast: Cast, url: str, query: str) -> None:
    client.force_login(cast.editor)
    assert client.get(f"{url}?{query}").status_code == HTTPStatus.OK


def test_a_long_list_is_paged(client: Client, cast: Cast, url: str) -> None:
    Experiment.objects.bulk_create(
        Experiment(agent=cast.agent, name=f"Experiment {number}", kind="cta")
        for number in range(30)
    )
    client.force_login(cast.admin)
    assert len(client.get(url).context["rows"]) == 25
    assert len(client.get(url, {"page": 2}).context["rows"]) == 5


def test_deleted_experiments_and_those_of_other_agents_are_not_there(
    client: Client, cast: Cast, url: str
) -> None:
    deleted: Experiment = ExperimentFactory.create(agent=cast.agent, name="Deleted one")
    lifecycle.delete(deleted, by=cast.admin)
    ExperimentFactory.create(name="Somebody else's")
    client.force_login(cast.owner)
    page = shown(client, url)
    assert "Deleted one" not in page
    assert "Somebody else" not in page
