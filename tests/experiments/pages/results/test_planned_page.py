"""What page and JSON show of a planned experiment, at its looks and between them."""

import re
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from experiments import lifecycle
from experiments.models import Experiment
from experiments.results.looks.taking import take_due_looks
from tests.experiments.results.planned import plan_now, start_planned, week_of, weeks_pass
from tests.factories import ExperimentFactory
from tests.roles import Cast

pytestmark = pytest.mark.django_db

APART = ((100, 30), (100, 62))
ALIKE = ((100, 30), (100, 31))


@pytest.fixture
def client(cast: Cast) -> Client:
    client = Client()
    client.force_login(cast.editor)
    return client


@pytest.fixture
def experiment(cast: Cast) -> Experiment:
    return start_planned(cast.agent)


def page(client: Client, experiment: Experiment) -> str:
    text = client.get(experiment.get_absolute_url()).text
    return re.sub(r"\s+", " ", text)


def results(client: Client, experiment: Experiment) -> Any:
    address = reverse("api_results", args=[experiment.agent_id, experiment.pk])
    answer = client.get(address)
    assert answer.status_code == 200
    return answer.json()


def day_of(experiment: Experiment, number: int) -> str:
    due = plan_now(experiment).due_at(number)
    return f"{due:%A} {due.day} {due:%B}"


def test_between_looks_there_are_counts_and_curves_and_no_verdict(
    client: Client, experiment: Experiment
) -> None:
    week_of(experiment, *APART)
    week_of(experiment, *APART)
    planned = plan_now(experiment).visitors
    shown = page(client, experiment)
    assert f"100 of {planned} visitors a variant; look 1 of 3 on {day_of(experiment, 1)}" in shown
    assert "No verdict between looks" in shown
    curves = reverse(
        "experiment_results_section", args=[experiment.agent_id, experiment.pk, "curves"]
    )
    assert "cumulative lift by day" in client.get(curves).text
    assert "30.0%" in shown  # the control's rate
    for certain in (
        "is better than",
        "No difference shown",
        "above zero",
        "How much longer?",
        'id="looks"',
    ):
        assert certain not in shown, certain

    body = results(client, experiment)
    assert body["design"] == "planned"
    assert body["verdict"]["kind"] == "between_looks"
    assert body["plan"]["visitors_per_variant"] == planned
    assert (body["plan"]["visitors_counted"], body["plan"]["looks"]) == (100, 3)
    assert body["next_look"]["number"] == 1
    assert body["looks"] == []
    primary = body["metrics"][0]
    assert primary["is_primary"]
    assert primary["variants"][1]["visitors"] == 200
    against = primary["variants"][1]["against_control"]
    assert (against["p_value"], against["reason"]) == (None, "between_looks")
    assert primary["cumulative"][0]["days"][-1]["relative"]["interval"] is None


def test_a_look_shows_its_figures_and_the_verdict(client: Client, experiment: Experiment) -> None:
    week_of(experiment, *APART)
    week_of(experiment, *ALIKE)
    take_due_looks()
    shown = page(client, experiment)
    assert "treatment is better than control." in shown
    assert 'id="looks"' in shown
    assert f"look 2 of 3 on {day_of(experiment, 2)}" in shown

    body = results(client, experiment)
    assert body["verdict"]["kind"] == "decided"
    (look,) = body["looks"]
    assert (look["number"], look["missed"], look["is_last"]) == (1, None, False)
    (treatment,) = look["treatments"]
    assert abs(treatment["statistic"]) > look["bound"]
    assert treatment["against_control"]["is_decided"]
    assert body["metrics"][0]["variants"][1]["against_control"] == treatment["against_control"]


def test_a_look_that_was_left_out_says_why(client: Client, experiment: Experiment) -> None:
    week_of(experiment, (60, 20), (60, 21))
    week_of(experiment, (60, 20), (60, 21))
    take_due_looks()
    assert "left out: there were too few visitors" in page(client, experiment)
    (look,) = results(client, experiment)["looks"]
    assert (look["missed"], look["bound"], look["treatments"]) == ("too_few_visitors", None, [])


def test_a_watched_one_shows_its_plan_and_answers_as_ever(client: Client, cast: Cast) -> None:
    watched = ExperimentFactory.create(agent=cast.agent, expected_value=0.3, expected_weekly=200)
    lifecycle.start(watched, by=None)
    week_of(watched, (300, 90), (300, 186))
    weeks_pass(watched, 0.5)
    shown = page(client, watched)
    assert f"300 of {plan_now(watched).visitors:,} visitors a variant" in shown
    assert "How much longer?" not in shown
    assert "treatment is better than control." in shown
    body = results(client, watched)
    assert (body["design"], body["looks"], body["next_look"]) == ("watched", [], None)
    assert body["metrics"][0]["variants"][1]["against_control"]["is_decided"]
