"""How an experiment is judged and who takes part: what may be asked for, and until when."""

from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse

from agents.models import Agent
from experiments import lifecycle
from experiments.lifecycle import editing, narrative
from experiments.models import Experiment, PrimaryMetric
from experiments.results.metrics import METRICS
from glozr.errors import Conflict, Invalid
from tests.experiments.pages.typed import typed
from tests.factories import ExperimentFactory
from tests.roles import Cast

pytestmark = pytest.mark.django_db

PLANNED = {"design": "planned", "planned_lift": 0.2, "most_looks": 5}
EXPECTED = {"expected_value": 0.1, "expected_weekly": 2_000}


def refused(agent: Agent, **sent: Any) -> dict[str, str]:
    with pytest.raises(Invalid) as refusal:
        ExperimentFactory.create(agent=agent, **sent)
    return {error.field: error.code for error in refusal.value.errors}


def edit(experiment: Experiment, **sent: Any) -> Experiment:
    return editing.edit(experiment, sent=sent, by=None)


def test_a_verdict_is_about_any_metric_that_is_no_guardrail() -> None:
    assert PrimaryMetric.values == [metric.key for metric in METRICS if not metric.is_guardrail]
    shares = [metric.key for metric in METRICS if metric.unit == "share"]
    assert {metric for metric in PrimaryMetric if metric.is_share} <= set(shares)


def test_a_new_one_is_watched_by_everybody(agent: Agent) -> None:
    made = ExperimentFactory.create(agent=agent)
    assert (made.primary_metric, made.design) == ("lead_capture_rate", "watched")
    assert (made.planned_lift, made.most_looks, made.traffic_share) == (None, None, 100)


def test_a_planned_one_needs_a_lift_and_looks(agent: Agent) -> None:
    missing = {"planned_lift": "required", "most_looks": "required"}
    assert refused(agent, design="planned") == missing
    made = ExperimentFactory.create(agent=agent, **PLANNED)
    with pytest.raises(Invalid):
        edit(made, planned_lift=None)
    assert edit(made, design="watched", planned_lift=None, most_looks=None).planned_lift is None


@pytest.mark.parametrize(
    ("field", "wrong"),
    [
        ("primary_metric", ["", None, "handover_rate", 1]),
        ("design", ["", None, "watch", True]),
        ("planned_lift", [0, 0.009, 10.1, -0.2, True, "0.2", float("nan")]),
        ("most_looks", [0, 13, 2.0, True, "5"]),
        ("traffic_share", [0, 101, 50.0, None, "50"]),
        ("expected_value", [0, 1.0, 100_001, "0.1"]),
        ("expected_weekly", [0, 0.5, 1e9, "many"]),
    ],
)
def test_what_is_out_of_range_is_named(agent: Agent, field: str, wrong: list[Any]) -> None:
    for value in wrong:
        assert list(refused(agent, **{**PLANNED, field: value})) == [field], value


def test_an_average_may_be_expected_that_no_share_can_be(agent: Agent) -> None:
    sent = {"primary_metric": "messages_per_visitor", "expected_value": 4.5}
    made = ExperimentFactory.create(agent=agent, **sent)
    with pytest.raises(Invalid) as refusal:
        edit(made, primary_metric="won_lead_rate")
    assert [error.field for error in refusal.value.errors] == ["expected_value"]


def test_the_database_holds_the_rules_too(agent: Agent) -> None:
    made = ExperimentFactory.create(agent=agent)
    for wrong in (
        {"primary_metric": "handover_rate"},
        {"design": "planned"},
        {"planned_lift": 11},
        {"most_looks": 0},
        {"traffic_share": 0},
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            Experiment.objects.filter(pk=made.pk).update(**wrong)


def test_all_is_frozen_at_the_first_start_whether_anybody_came_or_not(agent: Agent) -> None:
    made = lifecycle.start(ExperimentFactory.create(agent=agent, **PLANNED, **EXPECTED), by=None)
    stopped = lifecycle.stop(made, by=None)
    for change in (
        {"primary_metric": "won_lead_rate"},
        {"design": "watched"},
        {"planned_lift": 0.3},
        {"most_looks": 4},
        {"expected_value": 0.2},
    ):
        with pytest.raises(Conflict) as refusal:
            edit(stopped, **change)
        assert refusal.value.code == "frozen"
    copy = editing.duplicate(stopped, by=None)
    assert (copy.design, copy.planned_lift, copy.most_looks) == ("planned", 0.2, 5)
    assert edit(copy, design="watched").design == "watched"


def test_the_share_of_traffic_is_only_raised_once_it_has_run(agent: Agent) -> None:
    made = ExperimentFactory.create(agent=agent, traffic_share=30)
    assert edit(made, traffic_share=20).traffic_share == 20
    lifecycle.start(made, by=None)
    assert edit(made, traffic_share=50).traffic_share == 50
    lifecycle.stop(made, by=None)
    with pytest.raises(Invalid) as refusal:
        edit(made, traffic_share=49)
    (error,) = refusal.value.errors
    assert (error.field, error.code) == ("traffic_share", "only_raised")


def test_the_history_tells_it(agent: Agent) -> None:
    made = edit(ExperimentFactory.create(agent=agent), **PLANNED, traffic_share=40)
    told = narrative.step_of(made.events.get(action="edited")).differences
    assert [(each.label, each.before, each.after) for each in told] == [
        ("Design", "Watched", "Planned"),
        ("Lift to detect", "", "+20%"),
        ("Looks at most", "", "5"),
        ("Share of traffic", "100%", "40%"),
    ]


class TestForm:
    @pytest.fixture
    def client(self, cast: Cast) -> Client:
        client = Client()
        client.force_login(cast.admin)
        return client

    def test_takes_percents(self, client: Client, agent: Agent) -> None:
        form = typed(
            design="planned",
            primary_metric="won_lead_rate",
            planned_lift="12.5",
            most_looks="3",
            traffic_share="40",
            expected_value="8",
            expected_weekly="1,500",
        )
        assert client.post(reverse("experiment_new", args=[agent.pk]), form).status_code == 302
        made = Experiment.objects.get()
        assert (made.design, made.planned_lift, made.most_looks) == ("planned", 0.125, 3)
        assert (made.expected_value, made.expected_weekly) == (0.08, 1_500)
        page = client.get(reverse("experiment_edit", args=[agent.pk, made.pk])).text
        assert 'value="12.5"' in page
        assert 'value="8"' in page

    def test_says_what_is_wrong_in_percents(self, client: Client, agent: Agent) -> None:
        form = typed(design="planned", planned_lift="much", most_looks="", traffic_share="0")
        answer = client.post(reverse("experiment_new", args=[agent.pk]), form)
        assert answer.status_code == 400
        for told in ("from 1 to 1,000 percent", "needs a number of looks", "from 1 to 100"):
            assert told in answer.text

    def test_of_one_that_runs_offers_the_share_alone(self, client: Client, agent: Agent) -> None:
        made = ExperimentFactory.create(agent=agent, traffic_share=40)
        lifecycle.start(made, by=None)
        address = reverse("experiment_edit", args=[agent.pk, made.pk])
        page = client.get(address).text
        assert 'name="traffic_share"' in page
        assert 'name="design"' not in page
        form = {"name": made.name, "hypothesis": "", "traffic_share": "60", "version": "2"}
        assert client.post(address, form).status_code == 302
        assert Experiment.objects.get().traffic_share == 60
        lower = {**form, "traffic_share": "10", "version": "3"}
        assert "only be raised" in client.post(address, lower).text
