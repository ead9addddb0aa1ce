"""What is promised of time: to whom, from which pace, and until when figures may change."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from django.db import connection

from agents.models import Agent
from experiments import lifecycle
from experiments.models import Event, Experiment
from experiments.results import rollup
from experiments.results.report import ExperimentResults, results_of
from experiments.results.timing import timing_of
from experiments.results.totals import Reading
from tests.factories import ExperimentFactory
from tests.visits import arrive

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)
NOW = datetime.now(UTC)
LARGE = "experiment_assignments, conversations, messages, leads"


@pytest.fixture
def experiment(agent: Agent) -> Experiment:
    return lifecycle.start(ExperimentFactory.create(agent=agent), by=None)


def started(experiment: Experiment, at: datetime) -> None:
    """Move the latest start to `at`."""
    latest = Event.objects.filter(experiment=experiment, action="started").first()
    assert latest is not None
    Event.objects.filter(pk=latest.pk).update(created_at=at)
    Experiment.objects.filter(pk=experiment.pk).update(started_at=at)
    experiment.refresh_from_db()


def stopped(experiment: Experiment, at: datetime) -> None:
    lifecycle.stop(experiment, by=None)
    latest = Event.objects.filter(experiment=experiment, action="stopped").first()
    assert latest is not None
    Event.objects.filter(pk=latest.pk).update(created_at=at)
    Experiment.objects.filter(pk=experiment.pk).update(stopped_at=at)
    experiment.refresh_from_db()


def fresh(experiment: Experiment) -> ExperimentResults:
    with connection.cursor() as cursor:
        cursor.execute(f"ANALYZE {LARGE}")  # within a transaction nobody else does
    assert rollup.bring_up_to_date(experiment.agent_id, seconds=30)
    return results_of(Experiment.objects.get(pk=experiment.pk))


class TestDaysLeft:
    def test_are_of_the_present_runs_pace(self, agent: Agent, experiment: Experiment) -> None:
        """Forty days of many visitors, two months' rest, then few: the rest asks for months."""
        started(experiment, NOW - 100 * DAY)
        arrive(experiment, [(400, 40), (400, 44)], at=NOW - 90 * DAY)
        stopped(experiment, NOW - 60 * DAY)
        lifecycle.start(experiment, by=None)
        started(experiment, NOW - 10 * DAY)
        arrive(experiment, [(20, 2), (20, 2)], at=NOW - 5 * DAY)
        found = fresh(experiment).metrics[0]

        assert found.visitors_needed is not None
        days = (found.visitors_needed - 420) / 2
        assert found.days_needed == pytest.approx(days, rel=0.005)
        assert f"about {found.days_needed:,} days more at the current pace" in found.verdict.advice

    def test_are_of_the_last_two_weeks_of_a_long_run(self, experiment: Experiment) -> None:
        started(experiment, NOW - 100 * DAY)
        arrive(experiment, [(900, 90), (900, 95)], at=NOW - 90 * DAY)
        arrive(experiment, [(14, 1), (14, 1)], at=NOW - 5 * DAY)
        found = fresh(experiment).metrics[0]

        assert found.visitors_needed is not None
        assert found.days_needed == pytest.approx(found.visitors_needed - 914, rel=0.005)

    def test_are_a_whole_one_at_least(self, experiment: Experiment) -> None:
        started(experiment, NOW - DAY)
        arrive(experiment, [(1_000, 400), (1_000, 402)], at=NOW - DAY / 2, messages=0)
        fresh(experiment)
        found = results_of(experiment, planned_lift=0.25)
        missing = (found.metrics[0].visitors_needed or 0) - 1_000
        assert missing < 0  # enough of them: no more days
        assert found.metrics[0].days_needed == 0

        nearly = results_of(experiment, planned_lift=0.19).metrics[0]
        assert 1_000 < (nearly.visitors_needed or 0) < 2_000
        assert nearly.days_needed == 1
        assert "about 1 day more" in nearly.verdict.advice

    def test_are_promised_to_nobody_who_gets_no_visitors(
        self, agent: Agent, experiment: Experiment
    ) -> None:
        started(experiment, NOW - 10 * DAY)
        arrive(experiment, [(400, 40), (400, 44)], at=NOW - 5 * DAY)
        assert fresh(experiment).metrics[0].days_needed

        newer = ExperimentFactory.create(agent=agent)
        lifecycle.start(newer, by=None, on_conflict=lifecycle.OnConflict.KEEP_RUNNING)
        superseded = fresh(experiment)
        assert superseded.metrics[0].days_needed is None
        assert "no new visitors" in superseded.headline.advice

        lifecycle.stop(experiment, by=None)
        assert fresh(experiment).metrics[0].days_needed is None

    def test_are_over_once_it_is_decided(self, experiment: Experiment) -> None:
        started(experiment, NOW - 10 * DAY)
        arrive(experiment, [(500, 50), (500, 150)], at=NOW - 5 * DAY)

        found = fresh(experiment).metrics[0]
        assert found.verdict.kind == "decided"
        assert (found.days_needed, found.expected_on) == (None, None)


class TestWhoComes:
    def test_nobody_for_a_day_is_said(self, experiment: Experiment) -> None:
        started(experiment, NOW - 10 * DAY)
        last = NOW - 2 * DAY
        arrive(experiment, [(5, 0), (5, 0)], at=last)

        assert fresh(experiment).timing.quiet_since == last

    def test_nobody_since_the_start_is_said(self, experiment: Experiment) -> None:
        started(experiment, NOW - 3 * DAY)

        assert fresh(experiment).timing.quiet_since == NOW - 3 * DAY

    def test_somebody_today_is_no_silence(self, experiment: Experiment) -> None:
        started(experiment, NOW - 10 * DAY)
        arrive(experiment, [(5, 0), (5, 0)], at=NOW - DAY / 2)

        assert fresh(experiment).timing.quiet_since is None

    def test_of_a_stopped_one_nothing_is_said(self, experiment: Experiment) -> None:
        started(experiment, NOW - 10 * DAY)
        stopped(experiment, NOW - 5 * DAY)

        assert fresh(experiment).timing.quiet_since is None

    def test_charts_are_drawn_to_today(self, experiment: Experiment) -> None:
        started(experiment, NOW - 10 * DAY)
        arrive(experiment, [(150, 15), (150, 15)], at=NOW - 4 * DAY)

        found = fresh(experiment)
        assert found.days[-1].visitors == (0, 0)
        (curve,) = found.metrics[0].curves
        assert [point.day for point in curve.points][-1] == found.days[-1].day


class TestFinality:
    def test_comes_a_day_after_the_last_span(self, experiment: Experiment) -> None:
        started(experiment, NOW - 20 * DAY)
        last = NOW - 10 * DAY
        arrive(experiment, [(5, 0), (5, 0)], at=last)
        assert fresh(experiment).timing.final_at is None

        stopped(experiment, NOW - 9 * DAY)
        found = fresh(experiment)
        assert (found.timing.final_at, found.timing.is_final) == (last + 8 * DAY, True)
        assert found.as_of == last + 8 * DAY

    def test_has_to_wait(self, experiment: Experiment) -> None:
        started(experiment, NOW - 20 * DAY)
        arrive(experiment, [(5, 0), (5, 0)], at=NOW - 2 * DAY)
        stopped(experiment, NOW - DAY)

        found = fresh(experiment).timing
        assert (found.final_at, found.is_final) == (NOW + 6 * DAY, False)

    def test_of_one_that_nobody_came_to_is_when_it_was_stopped(
        self, experiment: Experiment
    ) -> None:
        stopped(experiment, NOW - DAY)

        assert fresh(experiment).timing.is_final

    def test_is_not_before_everything_is_counted(self, experiment: Experiment) -> None:
        stopped(experiment, NOW - DAY)
        nothing = Reading({}, np.zeros(0, np.int64), np.zeros((0, 2), np.int64), None)

        assert not timing_of(experiment, nothing, NOW, is_complete=False).is_final


def test_every_run_is_named(experiment: Experiment) -> None:
    for days in (30, 20, 10):
        if days < 30:
            lifecycle.start(experiment, by=None)
        started(experiment, NOW - days * DAY)
        stopped(experiment, NOW - (days - 2) * DAY)

    runs = fresh(experiment).runs
    assert [(run.started_at, run.stopped_at) for run in runs] == [
        (NOW - days * DAY, NOW - (days - 2) * DAY) for days in (30, 20, 10)
    ]
