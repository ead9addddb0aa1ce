"""What is due is done once, by the database's clock, or noted as impossible."""

from datetime import datetime, timedelta

import pytest
from django.utils import timezone

from agents.models import Agent
from experiments import history, lifecycle
from experiments.lifecycle import OnConflict, Schedule
from experiments.lifecycle.narrative import step_of
from experiments.models import Action, AssignedCount, Experiment
from experiments.schedules.due import end_decided, start_and_end_due
from glozr.postgres.clock import database_time
from tests.experiments.schedules.moments import from_now, given
from tests.factories import ExperimentFactory
from tests.threads import at_once
from tests.visits import arrive

PROCESSES = 4


@pytest.fixture
def draft(agent: Agent) -> Experiment:
    return ExperimentFactory.create(agent=agent, name="Aria or Max")


@pytest.fixture
def running(draft: Experiment) -> Experiment:
    return lifecycle.start(draft, by=None)


def steps(experiment: Experiment) -> list[tuple[str, str]]:
    """Who and what, the newest last; without that it was made."""
    told = [step_of(event) for event in reversed(history.steps_of(experiment))]
    return [(step.who, step.what) for step in told][1:]


@pytest.mark.django_db
class TestStarts:
    def test_when_the_time_has_come(self, draft: Experiment) -> None:
        given(draft, starts_at=from_now(minutes=1))
        start_and_end_due()
        draft.refresh_from_db()
        assert draft.is_draft
        due = given(draft, starts_at=from_now(seconds=-3))
        start_and_end_due()
        draft.refresh_from_db()
        assert draft.is_running
        assert draft.starts_at is None
        assert due.starts_at is not None
        assert draft.started_at is not None
        assert draft.started_at > due.starts_at
        assert steps(draft) == [("Glozr", "started it as scheduled")]

    @pytest.mark.parametrize(
        ("choice", "status"),
        [(OnConflict.STOP_CURRENT, "stopped"), (OnConflict.KEEP_RUNNING, "running")],
    )
    def test_with_what_was_chosen_for_one_that_runs(
        self, agent: Agent, running: Experiment, choice: OnConflict, status: str
    ) -> None:
        other = ExperimentFactory.create(agent=agent)
        given(other, starts_at=from_now(seconds=-1), starts_on_conflict=choice)
        start_and_end_due()
        for experiment in (other, running):
            experiment.refresh_from_db()
        assert (other.status, running.status) == ("running", status)

    def test_another_may_end_at_the_same_moment(self, agent: Agent, running: Experiment) -> None:
        other = ExperimentFactory.create(agent=agent)
        moment = from_now(seconds=-1)
        given(other, starts_at=moment)
        given(running, ends_at=moment)
        lifecycle.start(other, by=None)  # as if no background process had been first to end it
        running.refresh_from_db()
        assert running.is_stopped
        assert steps(running)[-1] == ("Glozr", "stopped it at the time that was set")

    def test_that_can_t_be_is_noted_and_not_tried_again(
        self, agent: Agent, running: Experiment
    ) -> None:
        other = ExperimentFactory.create(agent=agent)
        given(other, starts_at=from_now(seconds=-1), ends_when_decided=True)
        start_and_end_due()
        start_and_end_due()
        other.refresh_from_db()
        assert other.is_draft
        assert lifecycle.schedule_of(other) is None
        (event,) = other.events.filter(action=Action.START_FAILED)
        assert event.changes["reason"].startswith("Aria or Max is running.")
        assert step_of(event).differences[0].label == "Why"

    def test_of_a_set_up_that_breaks_rules_fails_with_every_one(self, draft: Experiment) -> None:
        draft.variants.filter(position=1).delete()
        given(draft, starts_at=from_now(seconds=-1))
        start_and_end_due()
        (event,) = draft.events.filter(action=Action.START_FAILED)
        assert event.changes["reason"] == "variants: An experiment needs at least two variants."

    def test_in_a_full_history_fails_and_is_noted_all_the_same(
        self, draft: Experiment, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        given(draft, starts_at=from_now(seconds=-1))
        monkeypatch.setattr("experiments.limits.HISTORY", 1)
        start_and_end_due()
        assert steps(draft) == [("Glozr", "could not start it at the time that was set")]

    def test_of_what_is_deleted_never_come(self, draft: Experiment) -> None:
        given(draft, starts_at=from_now(seconds=-1))
        lifecycle.delete(draft, by=None)
        start_and_end_due()
        assert Experiment.with_tombstones.get(pk=draft.pk).is_draft


@pytest.mark.django_db
class TestEnds:
    def test_at_its_time_to_the_microsecond(self, running: Experiment) -> None:
        over = given(running, ends_at=from_now(seconds=-2), ends_when_decided=True)
        start_and_end_due()
        running.refresh_from_db()
        assert running.is_stopped
        assert running.stopped_at == over.ends_at
        assert lifecycle.schedule_of(running) is None
        assert steps(running)[-1] == ("Glozr", "stopped it at the time that was set")

    def test_not_before(self, running: Experiment) -> None:
        given(running, ends_at=from_now(minutes=1), ends_at_visitors=5)
        start_and_end_due()
        running.refresh_from_db()
        assert running.is_running

    def test_when_a_variant_has_its_visitors(self, agent: Agent, running: Experiment) -> None:
        lifecycle.set_schedule(running, Schedule(ends_at_visitors=10), by=None)
        variant = running.variants.all()[1]
        for slot in range(2):
            AssignedCount.objects.create(
                agent=agent, experiment=running, variant_id=variant.pk, slot=slot, visitors=5
            )
        start_and_end_due()
        running.refresh_from_db()
        assert running.is_stopped
        who, what = steps(running)[-1]
        assert (who, what) == (
            "Glozr",
            "stopped it, as a variant had as many visitors as were set",
        )

    @pytest.mark.parametrize(
        ("leads", "is_over"), [((20, 90), True), ((40, 45), False)], ids=["decided", "open"]
    )
    def test_when_decided(self, running: Experiment, leads: tuple[int, int], is_over: bool) -> None:
        arrive(running, [(400, leads[0]), (400, leads[1])], at=database_time())
        other = given(running, ends_when_decided=True)
        end_decided()
        other.refresh_from_db()
        assert other.is_stopped is is_over
        if is_over:
            assert steps(running)[-1] == ("Glozr", "stopped it, as it was decided")

    def test_a_decision_is_looked_for_every_few_minutes(
        self, running: Experiment, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        asked: list[Experiment] = []

        def ask(experiment: Experiment) -> bool:
            asked.append(experiment)
            return False

        monkeypatch.setattr("experiments.schedules.decided.is_decided", ask)
        given(running, ends_when_decided=True)
        end_decided()
        end_decided()
        assert asked == [running]
        given(running, decision_sought_at=from_now(minutes=-6))
        end_decided()
        assert asked == [running, running]


@pytest.mark.django_db
@pytest.mark.parametrize("hours", [-24, 24], ids=["slow", "fast"])
def test_a_server_whose_clock_is_wrong_does_the_same(
    agent: Agent, running: Experiment, monkeypatch: pytest.MonkeyPatch, hours: int
) -> None:
    wrong: datetime = timezone.now() + timedelta(hours=hours)
    monkeypatch.setattr(timezone, "now", lambda: wrong)
    ended = given(running, ends_at=from_now(seconds=-1))
    due, later = ExperimentFactory.create_batch(2, agent=agent)
    given(due, starts_at=from_now(seconds=-1))
    given(later, starts_at=from_now(minutes=30))
    start_and_end_due()
    for experiment in (running, due, later):
        experiment.refresh_from_db()
    assert [running.status, due.status, later.status] == ["stopped", "running", "draft"]
    assert running.stopped_at == ended.ends_at
    assert due.started_at is not None
    assert abs(due.started_at - database_time()) < timedelta(minutes=1)


@pytest.mark.django_db(transaction=True)
def test_once_however_many_background_processes_there_are(
    agent: Agent, running: Experiment
) -> None:
    other = ExperimentFactory.create(agent=agent)
    given(running, ends_at=from_now(seconds=-1))
    given(other, starts_at=from_now(seconds=-1))
    at_once([start_and_end_due] * PROCESSES)
    actions = [event.action for event in other.events.all()]
    assert actions == [Action.STARTED, Action.CREATED]
    assert running.events.filter(action=Action.STOPPED).count() == 1
    blocked = ExperimentFactory.create(agent=agent)
    given(blocked, starts_at=from_now(seconds=-1))
    at_once([start_and_end_due] * PROCESSES)
    assert blocked.events.filter(action=Action.START_FAILED).count() == 1
