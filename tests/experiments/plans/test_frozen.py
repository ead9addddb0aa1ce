"""The plan that an experiment has from its first start on."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from agents.models import Agent
from experiments import lifecycle
from experiments.lifecycle import editing, narrative
from experiments.models import Experiment
from experiments.plans.frozen import FrozenPlan, plan_of_start
from experiments.statistics.plan import at_rate, planned_course, planned_visitors
from glozr.errors import Invalid
from tests.experiments.learning.test_planning import came
from tests.factories import ExperimentFactory, persona_variants
from tests.roles import Cast
from tests.runtime import Runtime

pytestmark = pytest.mark.django_db

PLANNED = {"design": "planned", "planned_lift": 0.2, "most_looks": 5}
EXPECTED = {"expected_value": 0.1, "expected_weekly": 2_000}


def started(agent: Agent, **sent: Any) -> tuple[Experiment, FrozenPlan | None]:
    experiment = lifecycle.start(ExperimentFactory.create(agent=agent, **sent), by=None)
    return experiment, plan_of_start(Experiment.objects.get(pk=experiment.pk))


class TestCourse:
    def test_looks_at_the_end_of_each_week_in_which_spans_close(self) -> None:
        control = at_rate(0.1)
        course = planned_course(control, 0.2, 2_000, weights=[1, 1], most_looks=12, window_days=7)
        assert course is not None
        assert course.look_weeks == (2, 3, 4, 5)
        assert course.visitors == planned_visitors(control, 0.2, looks=4)
        # 4,000 visitors a variant have come by the end of week 4, their spans closed in week 5.
        assert 3_000 < course.visitors <= 4_000

    def test_of_more_weeks_than_looks_divides_them(self) -> None:
        course = planned_course(at_rate(0.1), 0.2, 400, weights=[1, 1], most_looks=5, window_days=7)
        assert course is not None
        assert course.visitors == planned_visitors(at_rate(0.1), 0.2, looks=5)
        gaps = [b - a for a, b in zip(course.look_weeks, course.look_weeks[1:], strict=False)]
        assert len(course.look_weeks) == 5
        assert set(gaps) == {4}
        assert course.look_weeks[-1] == 21

    def test_is_of_the_variant_with_the_least_weight(self) -> None:
        even = planned_course(at_rate(0.1), 0.2, 4_000, weights=[1, 1], most_looks=5, window_days=7)
        uneven = planned_course(
            at_rate(0.1), 0.2, 4_000, weights=[9, 1], most_looks=5, window_days=7
        )
        assert even is not None
        assert uneven is not None
        assert uneven.visitors < even.visitors  # the other has nine times as many
        assert uneven.look_weeks[-1] > even.look_weeks[-1]

    @pytest.mark.parametrize("wrong", [{"weekly": 0.0}, {"lift": 9.5}])
    def test_without_an_answer_is_none(self, wrong: dict[str, float]) -> None:
        asked = {"lift": 0.2, "weekly": 400.0, **wrong}
        assert (
            planned_course(
                at_rate(0.1),
                asked["lift"],
                asked["weekly"],
                weights=[1, 1],
                most_looks=5,
                window_days=7,
            )
            is None
        )


class TestFrozen:
    def test_at_the_first_start_from_expected_figures(self, agent: Agent) -> None:
        experiment, plan = started(agent, **PLANNED, **EXPECTED)
        assert plan is not None
        assert (plan.metric, plan.lift, plan.value) == ("lead_capture_rate", 0.2, 0.1)
        assert (plan.weekly, plan.window_days, plan.weeks) == (2_000, 7, 5)
        assert plan.visitors == pytest.approx(3_950, rel=0.03)
        assert plan.started_at == experiment.started_at
        experiment.refresh_from_db()
        assert experiment.next_look_at == plan.started_at + timedelta(weeks=2)

    def test_or_from_what_visitors_did(self, agent: Agent) -> None:
        came(agent, 200, 20, weeks_ago=4)
        _, plan = started(agent, **PLANNED)
        assert plan is not None
        assert plan.value == 0.1
        assert plan.weekly == pytest.approx(50, rel=0.01)

    def test_takes_the_share_of_traffic_into_account(self, agent: Agent) -> None:
        _, plan = started(agent, **PLANNED, **EXPECTED, traffic_share=25)
        assert plan is not None
        assert plan.weekly == 500
        assert plan.weeks == 17

    def test_of_a_watched_one_has_no_looks(self, agent: Agent) -> None:
        experiment, plan = started(agent, **EXPECTED)
        assert plan is not None
        assert plan.visitors == pytest.approx(7_600, rel=0.01)
        assert (plan.looks, plan.weeks) == (0, 9)
        assert experiment.next_look_at is None

    def test_of_a_watched_one_may_be_missing(self, agent: Agent) -> None:
        assert started(agent)[1] is None

    def test_does_not_follow_what_comes_after(self, agent: Agent, runtime: Runtime) -> None:
        experiment, plan = started(agent, **PLANNED, **EXPECTED, traffic_share=50)
        runtime.resolve("ada")
        for number in range(20):
            runtime.resolve(f"visitor-{number}")
        editing.edit(experiment, sent={"traffic_share": 100}, by=None)
        lifecycle.stop(experiment, by=None)
        lifecycle.start(experiment, by=None)
        experiment.refresh_from_db()
        assert plan_of_start(experiment) == plan

    def test_is_made_anew_while_nobody_came(self, agent: Agent) -> None:
        experiment, plan = started(agent, **PLANNED, **EXPECTED)
        lifecycle.stop(experiment, by=None)
        variants = [*persona_variants(), {**persona_variants()[1], "name": "third"}]
        editing.edit(experiment, sent={"variants": variants}, by=None)
        lifecycle.start(experiment, by=None)
        experiment.refresh_from_db()
        anew = plan_of_start(experiment)
        assert anew is not None
        assert plan is not None
        assert anew.visitors > plan.visitors
        assert anew.started_at == experiment.started_at

    def test_is_told_in_the_history(self, agent: Agent) -> None:
        experiment, plan = started(agent, **PLANNED, **EXPECTED)
        assert plan is not None
        told = narrative.step_of(experiment.events.get(action="started")).what
        assert told == (
            f"started it, planned for {plan.visitors:,} visitors a variant in 5 weeks, with 4 looks"
        )


class TestRefused:
    @pytest.mark.parametrize(
        ("sent", "missing"),
        [
            ({}, ["expected_weekly", "expected_value"]),
            ({"expected_weekly": 500}, ["expected_value"]),
            ({"expected_value": 0.1}, ["expected_weekly"]),
            ({**EXPECTED, "expected_value": 0.9}, ["planned_lift"]),
            ({**EXPECTED, "expected_weekly": 1}, ["planned_lift"]),
        ],
    )
    def test_where_nothing_tells_how_long(
        self, agent: Agent, sent: dict[str, Any], missing: list[str]
    ) -> None:
        draft = ExperimentFactory.create(agent=agent, **PLANNED, **sent)
        with pytest.raises(Invalid) as refusal:
            lifecycle.start(draft, by=None)
        assert [error.field for error in refusal.value.errors] == missing
        draft.refresh_from_db()
        assert draft.is_draft

    def test_with_words_that_lead_to_the_field(self, cast: Cast) -> None:
        draft = ExperimentFactory.create(agent=cast.agent, **PLANNED)
        client = Client()
        client.force_login(cast.admin)
        address = reverse("experiment_start", args=[cast.agent.pk, draft.pk])
        seen = {"version": draft.version}
        for answer in (client.get(address), client.post(address, seen)):
            assert "Say how many visitors a week you expect" in answer.text
            assert "id_expected_weekly" in answer.text
        seen = {"version": editing.edit(draft, sent=EXPECTED, by=None).version}
        page = client.get(address).text
        assert "There are 4 looks" in page
        assert client.post(address, seen).status_code == 302
