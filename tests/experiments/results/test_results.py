"""Results hold for every shape of data: nothing is ever NaN, infinite, or a traceback."""

import csv
import json
import math
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from io import StringIO
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.test import Client

from agents.models import Ability, Agent, Lead
from experiments import lifecycle
from experiments.models import Assignment, Experiment, PendingCount, VariantTotals
from experiments.results.report import results_of
from experiments.sums import SUMS
from tests.factories import ExperimentFactory, persona_variants, unused_id
from tests.roles import Cast
from tests.runtime import Runtime

pytestmark = pytest.mark.django_db


@pytest.fixture
def experiment(agent: Agent) -> Experiment:
    return lifecycle.start(ExperimentFactory.create(agent=agent), by=None)


def numbers(value: Any) -> Iterator[float]:
    if isinstance(value, dict):
        for part in value.values():
            yield from numbers(part)
    elif isinstance(value, list):
        for part in value:
            yield from numbers(part)
    elif isinstance(value, float):
        yield value


def results(cast: Cast, experiment: Experiment, query: str = "") -> Any:
    """What the API answers, read as strict JSON."""
    client = Client()
    client.force_login(cast.editor)
    path = f"/api/v1/agents/{experiment.agent_id}/experiments/{experiment.pk}/results/{query}"
    response = client.get(path)
    assert response.status_code == 200, response.content

    def refuse(name: str) -> None:
        raise AssertionError(f"{name} in JSON")

    body = json.loads(response.content, parse_constant=refuse)
    assert all(math.isfinite(number) for number in numbers(body))
    return body


def assign(experiment: Experiment, counts: list[tuple[int, int]], *, messages: int = 0) -> None:
    """Store visitors and converted visitors by variant, as if they had come through the API."""
    started = datetime.now(UTC) - timedelta(days=2)
    for variant, (visitors, converted) in zip(experiment.variants.all(), counts, strict=True):
        names = [f"{variant.position}-{number}" for number in range(visitors)]
        Assignment.objects.bulk_create(
            Assignment(
                agent=experiment.agent,
                experiment=experiment,
                variant=variant,
                visitor_id=name,
                assigned_at=started,
            )
            for name in names
        )
        Lead.objects.bulk_create(
            Lead(agent=experiment.agent, visitor_id=name, email=f"{name}@example.com")
            for name in names[:converted]
        )
        PendingCount.objects.bulk_create(
            PendingCount(agent=experiment.agent, visitor_id=name) for name in names
        )


def rate(body: Any, position: int) -> Any:
    return body["metrics"][0]["variants"][position]


class TestEveryShapeOfData:
    def test_no_visitors(self, cast: Cast, experiment: Experiment) -> None:
        body = results(cast, experiment)
        assert body["visitors"] == 0
        assert rate(body, 0)["value"] is None
        assert body["verdict"]["kind"] == "too_few_visitors"
        assert body["days"] == []

    def test_one_visitor(self, cast: Cast, experiment: Experiment, runtime: Runtime) -> None:
        runtime.say("ada", unused_id())
        body = results(cast, experiment)
        assert body["visitors"] == 1
        assert sum(body["days"][0]["visitors"].values()) == 1

    def test_a_variant_with_none(self, cast: Cast, experiment: Experiment) -> None:
        assign(experiment, [(150, 20), (0, 0)])
        body = results(cast, experiment)
        assert rate(body, 1)["value"] is None
        assert rate(body, 1)["against_control"]["is_decided"] is False
        assert body["sample_ratio"]["is_alarm"] is True

    def test_all_convert(self, cast: Cast, experiment: Experiment) -> None:
        assign(experiment, [(120, 120), (120, 120)])
        body = results(cast, experiment)
        assert [rate(body, position)["value"] for position in (0, 1)] == [1.0, 1.0]
        assert rate(body, 1)["against_control"]["absolute"]["value"] == 0

    def test_none_convert(self, cast: Cast, experiment: Experiment) -> None:
        assign(experiment, [(120, 0), (120, 0)])
        body = results(cast, experiment)
        relative = rate(body, 1)["against_control"]["relative"]
        assert relative["value"] is None
        assert relative["reason"] == "control_too_close_to_zero"

    def test_a_clear_difference_is_said(self, cast: Cast, experiment: Experiment) -> None:
        assign(experiment, [(400, 40), (400, 140)])
        body = results(cast, experiment)
        against = rate(body, 1)["against_control"]
        assert (against["is_decided"], against["direction"]) == (True, 1)
        assert against["absolute"]["interval"]["lower"] > 0
        assert against["relative"]["interval"]["lower"] > 0
        assert body["verdict"]["kind"] == "decided"

    def test_under_100_visitors_there_are_only_counts(
        self, cast: Cast, experiment: Experiment
    ) -> None:
        assign(experiment, [(99, 0), (120, 110)])
        body = results(cast, experiment)
        assert body["verdict"]["kind"] == "too_few_visitors"
        assert rate(body, 1)["against_control"]["is_decided"] is False

    def test_zero_variance(self, cast: Cast, experiment: Experiment) -> None:
        assign(experiment, [(150, 10), (150, 10)])
        messages = results(cast, experiment)["metrics"][1]
        against = messages["variants"][1]["against_control"]
        assert against["absolute"]["interval"] is None
        assert against["reason"] == "no_variation"

    def test_ten_variants(self, cast: Cast, agent: Agent) -> None:
        variants = [{**persona_variants()[0], "name": f"v{number}"} for number in range(10)]
        ten = lifecycle.start(ExperimentFactory.create(agent=agent, variants=variants), by=None)
        assign(ten, [(110, number) for number in range(10)])
        body = results(cast, ten)
        assert len(body["variants"]) == 10
        assert len(body["metrics"][0]["cumulative"]) == 9

    def test_weights_of_a_million_to_one(self, cast: Cast, agent: Agent) -> None:
        variants = [
            {**variant, "weight": weight}
            for variant, weight in zip(persona_variants(), (1_000_000, 1), strict=True)
        ]
        uneven = lifecycle.start(ExperimentFactory.create(agent=agent, variants=variants), by=None)
        assign(uneven, [(300, 30), (0, 0)])
        body = results(cast, uneven)
        assert body["sample_ratio"]["is_alarm"] is False


class TestSampleRatio:
    def test_an_uneven_split_rings_the_alarm(self, cast: Cast, experiment: Experiment) -> None:
        assign(experiment, [(300, 30), (150, 15)])
        body = results(cast, experiment)
        assert body["sample_ratio"]["p_value"] < 0.001
        assert body["verdict"]["kind"] == "sample_ratio_alarm"


class TestMixedPopulations:
    def test_experiments_that_ran_at_the_same_time_are_named(
        self, cast: Cast, agent: Agent, experiment: Experiment
    ) -> None:
        newer = ExperimentFactory.create(agent=agent, name="Newer")
        lifecycle.start(newer, by=None, on_conflict=lifecycle.OnConflict.KEEP_RUNNING)
        (other,) = results(cast, experiment)["other_experiments"]
        assert other == {"id": str(newer.pk), "name": "Newer", "is_deleted": False}
        lifecycle.delete(newer, by=None)
        (other,) = results(cast, experiment)["other_experiments"]
        assert other["is_deleted"]

    def test_one_after_the_other_are_not(
        self, cast: Cast, agent: Agent, experiment: Experiment
    ) -> None:
        newer = ExperimentFactory.create(agent=agent)
        lifecycle.start(newer, by=None, on_conflict=lifecycle.OnConflict.STOP_CURRENT)
        # In a test all happens at one moment; the histories say when it would have been.
        stopped = experiment.events.filter(action="stopped")
        stopped.update(created_at=datetime.now(UTC) - timedelta(minutes=1))
        experiment.events.filter(action="started").update(
            created_at=datetime.now(UTC) - timedelta(days=1)
        )
        assert results(cast, experiment)["other_experiments"] == []


class TestDays:
    def test_begin_at_midnight_of_the_workspaces_zone(
        self, cast: Cast, experiment: Experiment
    ) -> None:
        assign(experiment, [(2, 0), (2, 0)])
        Assignment.objects.filter(visitor_id__endswith="-0").update(
            assigned_at=datetime(2026, 3, 1, 18, 20, tzinfo=UTC)
        )
        Assignment.objects.filter(visitor_id__endswith="-1").update(
            assigned_at=datetime(2026, 3, 1, 18, 10, tzinfo=UTC)
        )
        for zone, days in (
            ("UTC", ["2026-03-01"]),
            ("Asia/Kathmandu", ["2026-03-01", "2026-03-02"]),  # UTC+5:45
            ("Pacific/Kiritimati", ["2026-03-02"]),
        ):
            cast.workspace.time_zone = zone
            cast.workspace.save()
            assert [day["day"] for day in results(cast, experiment)["days"]] == days

    def test_a_curve_has_a_bounded_number_of_points_and_ends_today(
        self, cast: Cast, experiment: Experiment
    ) -> None:
        assign(experiment, [(150, 20), (150, 30)])
        for number, row in enumerate(Assignment.objects.all()):
            row.assigned_at = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(days=number % 150)
            row.save()
        body = results(cast, experiment)
        (curve,) = body["metrics"][0]["cumulative"]
        assert len(body["days"]) == 150
        assert len(curve["days"]) <= 60
        last = curve["days"][-1]
        assert last["day"] == datetime.now(ZoneInfo(cast.workspace.time_zone)).date().isoformat()
        assert last["absolute"] == rate(body, 1)["against_control"]["absolute"]


class TestLookingAhead:
    def test_says_how_many_visitors_a_lift_would_need(
        self, cast: Cast, experiment: Experiment
    ) -> None:
        assign(experiment, [(150, 20), (150, 21)])
        small = results(cast, experiment, "?lift=0.1")["metrics"][0]
        large = results(cast, experiment, "?lift=0.5")["metrics"][0]
        assert small["visitors_needed_per_variant"] > large["visitors_needed_per_variant"] > 150

    @pytest.mark.parametrize("lift", ["nonsense", "0", "-1", "nan", "inf", "99"])
    def test_of_a_lift_that_makes_sense(
        self, cast: Cast, experiment: Experiment, lift: str
    ) -> None:
        client = Client()
        client.force_login(cast.editor)
        path = f"/api/v1/agents/{cast.agent.pk}/experiments/{experiment.pk}/results/?lift={lift}"
        response = client.get(path)
        assert response.status_code == 400
        assert response.json()["errors"][0]["field"] == "lift"


class TestExport:
    def export(self, client: Client, experiment: Experiment) -> list[list[str]]:
        path = f"/api/v1/agents/{experiment.agent_id}/experiments/{experiment.pk}/assignments.csv"
        response = client.get(path)
        assert response.status_code == 200
        return list(csv.reader(StringIO(response.getvalue().decode())))

    def test_has_a_line_for_each_visitor(
        self, cast: Cast, experiment: Experiment, runtime: Runtime
    ) -> None:
        conversation = unused_id()
        sent_at = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
        runtime.say("ada", conversation, sent_at=sent_at.isoformat())
        runtime.say("ada", conversation, sent_at=(sent_at + timedelta(seconds=90)).isoformat())
        runtime.leave("ada", "ada@example.com")
        variant = runtime.resolve("bob").variant
        reader = Runtime.of(cast.agent, Ability.READ)
        client = Client(headers={"authorization": f"Bearer {reader.key}"})
        header, ada, bob = self.export(client, experiment)
        assert header[:4] == ["visitor_id", "variant_id", "variant", "assigned_at"]
        assert (ada[0], *ada[4:9]) == ("ada", "1", "2", "1", "90", "1")
        assert (bob[0], bob[2], *bob[4:9]) == ("bob", variant, "1", "0", "0", "0", "0")
        ids = {variant.name: str(variant.pk) for variant in experiment.variants.all()}
        assert [ids[row[2]] for row in (ada, bob)] == [ada[1], bob[1]]
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", ada[3])

    def test_every_id_is_as_it_was(
        self, cast: Cast, experiment: Experiment, runtime: Runtime
    ) -> None:
        """A program counts as many as there are: nothing is guarded against spreadsheets."""
        ids = sorted(["+4915112345678", "'+4915112345678", "12e45", "007", "=1+1", "None", 'a"b,c'])
        for each in ids:
            runtime.resolve(each)
        client = Client()
        client.force_login(cast.editor)
        _, *rows = self.export(client, experiment)
        assert [row[0] for row in rows] == ids

    def test_goes_on_after_a_batch(
        self, cast: Cast, experiment: Experiment, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("experiments.results.export.ROWS_AT_ONCE", 7)
        assign(experiment, [(20, 2), (15, 1)])
        client = Client()
        client.force_login(cast.owner)
        rows = self.export(client, experiment)[1:]
        assert len({row[0] for row in rows}) == 35

    @pytest.mark.parametrize("path", ["results/", "assignments.csv"])
    def test_is_for_who_may_read(self, cast: Cast, experiment: Experiment, path: str) -> None:
        url = f"/api/v1/agents/{cast.agent.pk}/experiments/{experiment.pk}/{path}"
        assert Client().get(url).status_code == 401
        outsider = Client()
        outsider.force_login(cast.outsider)
        assert outsider.get(url).status_code == 404
        for ability, status in ((Ability.READ, 200), (Ability.WRITE, 403), (Ability.RUNTIME, 403)):
            key = Runtime.of(cast.agent, ability).key
            client = Client(headers={"authorization": f"Bearer {key}"})
            assert client.get(url).status_code == status


def test_results_take_few_queries_whatever_the_size(
    cast: Cast, experiment: Experiment, django_assert_max_num_queries: Any
) -> None:
    assign(experiment, [(200, 20), (200, 30)])
    results_of(experiment)
    with django_assert_max_num_queries(6):
        shown = Experiment.objects.with_is_active().select_related("agent__workspace")
        results_of(shown.get(pk=experiment.pk))


def test_an_alarm_of_the_split_stays_however_evenly_visitors_come_afterwards(
    experiment: Experiment,
) -> None:
    control, treatment = experiment.variants.all()
    for hours, (of_control, of_treatment) in enumerate([(60, 0), (3_000, 3_060)]):
        for variant, visitors in ((control, of_control), (treatment, of_treatment)):
            VariantTotals.objects.create(
                agent=experiment.agent,
                variant=variant,
                assigned_from=datetime(2026, 11, 24, hours, tzinfo=UTC),
                **dict.fromkeys(SUMS, 0) | {"visitors": visitors},
            )
    found = results_of(experiment).sample_ratio
    assert found.is_alarm
