"""An experiment's own page and its history."""

from http import HTTPStatus

import pytest
from django.test import Client
from django.urls import reverse

from experiments import lifecycle
from experiments.lifecycle import OnConflict, editing
from experiments.models import Action, Event, Experiment
from tests.factories import ExperimentFactory
from tests.roles import Cast
from tests.runtime import Runtime

pytestmark = pytest.mark.django_db

CONTROLS = ("start", "stop", "schedule", "edit", "duplicate", "delete")


@pytest.fixture
def experiment(cast: Cast) -> Experiment:
    return ExperimentFactory.create(agent=cast.agent, name="Aria or Max", by=cast.owner)


def controls(client: Client, experiment: Experiment) -> set[str]:
    page = client.get(experiment.get_absolute_url()).content.decode()
    return {
        step
        for step in CONTROLS
        if reverse(f"experiment_{step}", args=[experiment.agent_id, experiment.pk]) in page
    }


def test_controls_fit_role_and_status(client: Client, cast: Cast, experiment: Experiment) -> None:
    always = {"schedule", "edit", "duplicate", "delete"}
    for person in (cast.owner, cast.admin, cast.superuser):
        client.force_login(person)
        assert controls(client, experiment) == always | {"start"}
    lifecycle.start(experiment, by=None)
    assert controls(client, experiment) == always | {"stop"}
    lifecycle.stop(experiment, by=None)
    assert controls(client, experiment) == always | {"start"}
    client.force_login(cast.editor)
    assert controls(client, experiment) == set()


def test_outsiders_find_nothing(client: Client, cast: Cast, experiment: Experiment) -> None:
    client.force_login(cast.outsider)
    for name in ("experiment", "experiment_history"):
        url = reverse(name, args=[cast.agent.pk, experiment.pk])
        assert client.get(url).status_code == HTTPStatus.NOT_FOUND


def test_visitors_stand_beside_the_expected_split(
    client: Client, cast: Cast, experiment: Experiment, runtime: Runtime
) -> None:
    lifecycle.start(experiment, by=None)
    for number in range(12):
        runtime.resolve(f"visitor-{number}")
    client.force_login(cast.editor)
    response = client.get(experiment.get_absolute_url())
    assert b"12" in response.content
    assert b"50%" in response.content


def test_the_set_up_is_written_for_reading(
    client: Client, cast: Cast, experiment: Experiment
) -> None:
    weights = [
        {"name": "control", "weight": 1_000_000, "config": {}},
        {"name": "rare", "weight": 1, "config": {}},
    ]
    sent = {"kind": "cta", "hypothesis": "שלום", "variants": weights}
    editing.edit(experiment, sent=sent, by=cast.owner, seen_version=experiment.version)
    client.force_login(cast.editor)
    page = client.get(experiment.get_absolute_url()).content.decode()
    assert "weight 1,000,000" in page
    assert '<div class="hypothesis" dir="auto"><p>שלום</p></div>' in page


def test_a_superseded_experiment_names_the_one_that_took_over(
    client: Client, cast: Cast, experiment: Experiment
) -> None:
    lifecycle.start(experiment, by=None)
    newer = ExperimentFactory.create(agent=cast.agent, name="Newer one")
    lifecycle.start(newer, by=None, on_conflict=OnConflict.KEEP_RUNNING)
    client.force_login(cast.editor)
    page = client.get(experiment.get_absolute_url()).content.decode()
    assert "Newer one</a> was started later and takes the new visitors" in page
    assert "was started later" not in client.get(newer.get_absolute_url()).content.decode()


def test_what_people_wrote_is_shown_as_text(client: Client, cast: Cast) -> None:
    experiment = ExperimentFactory.create(
        agent=cast.agent,
        kind="cta",
        name="<script>alert(1)</script>",
        hypothesis="<img src=x>",
        variants=[
            {"name": "<b>a</b>", "weight": 1, "config": {"x": "</pre><script>"}},
            {"name": "b", "weight": 1, "config": {}},
        ],
    )
    client.force_login(cast.admin)
    for name in ("experiment", "experiment_edit", "experiment_start", "experiment_delete"):
        url = reverse(name, args=[cast.agent.pk, experiment.pk])
        page = client.get(url).content.decode()
        assert "<script>alert" not in page
        assert "<img src=x" not in page
        assert "</pre><script>" not in page


def test_history_tells_who_did_what_and_what_changed(
    client: Client, cast: Cast, experiment: Experiment
) -> None:
    editing.edit(experiment, sent={"name": "Max or Aria"}, by=cast.admin)
    lifecycle.start(experiment, by=cast.admin)
    lifecycle.stop(experiment, by=cast.owner)
    client.force_login(cast.editor)
    url = reverse("experiment_history", args=[cast.agent.pk, experiment.pk])
    response = client.get(url)
    assert [(step.who, step.what) for step in response.context["steps"]] == [
        (str(cast.owner), "stopped it"),
        (str(cast.admin), "started it"),
        (str(cast.admin), "edited it"),
        (str(cast.owner), "created it"),
    ]
    page = response.content.decode()
    assert "<td>Aria or Max</td>" in page
    assert "<td>Max or Aria</td>" in page


def test_a_long_history_is_paged(client: Client, cast: Cast, experiment: Experiment) -> None:
    Event.objects.bulk_create(
        Event(experiment=experiment, action=Action.EDITED, actor_name="Ada") for _ in range(60)
    )
    client.force_login(cast.admin)
    url = reverse("experiment_history", args=[cast.agent.pk, experiment.pk])
    page = client.get(url).context["page"]
    assert page.paginator.count == 61
    assert len(page.object_list) < 61
