"""Each thing that an experiment comes to is told once, and only if it has come to it."""

from datetime import timedelta

import pytest
from django.db import transaction
from django.utils import timezone

from agents.agents import editing as agent_editing
from agents.models import Agent
from experiments import history, lifecycle
from experiments.models import (
    Action,
    Event,
    Experiment,
    Notice,
    NoticeKind,
    NoticeWatch,
    VariantTotals,
)
from experiments.notices import telling, watching
from experiments.results import rollup
from experiments.results.looks.taking import take_due_looks
from tests.experiments.results.planned import start_planned, week_of
from tests.factories import ExperimentFactory
from tests.roles import Cast
from tests.threads import at_once
from tests.visits import arrive

pytestmark = pytest.mark.django_db


def told(experiment: Experiment) -> list[str]:
    return list(experiment.notices.order_by("created_at", "id").values_list("kind", flat=True))


class TestSteps:
    def test_tell_when_they_are_taken(self, running: Experiment, cast: Cast) -> None:
        lifecycle.stop(running, by=cast.owner)
        lifecycle.start(running, by=None)
        assert told(running) == ["started", "ended", "started"]
        first = running.notices.order_by("created_at").first()
        assert first is not None
        assert first.workspace == cast.workspace
        assert (first.text, first.actor) == ("owner@example.com started it.", cast.owner)

    def test_tell_nothing_when_they_are_undone(self, cast: Cast) -> None:
        with transaction.atomic():
            lifecycle.start(ExperimentFactory.create(agent=cast.agent), by=cast.owner)
            transaction.set_rollback(True)
        assert not Notice.objects.exists()

    def test_tell_why_it_ended(self, running: Experiment, cast: Cast) -> None:
        lifecycle.delete(running, by=cast.admin)
        ended = Notice.objects.get(kind=NoticeKind.ENDED)
        assert ended.text == f"{cast.admin} stopped it by deleting it."

    def test_an_edit_of_the_agent_is_told_of_each_experiment_that_runs(
        self, running: Experiment, cast: Cast
    ) -> None:
        other = ExperimentFactory.create(agent=cast.agent)
        lifecycle.start(other, by=None, on_conflict=lifecycle.OnConflict.KEEP_RUNNING)
        idle = ExperimentFactory.create(agent=cast.agent)
        edit(cast.agent, cast)
        assert "agent_edited" in told(running)
        assert "agent_edited" in told(other)
        assert told(idle) == []

    @pytest.mark.parametrize(
        ("action", "kind"),
        [(Action.START_FAILED, "start_failed"), (Action.CONCLUDED, "concluded")],
    )
    def test_so_are_those_that_nobody_pressed_a_button_for(
        self, running: Experiment, action: Action, kind: str
    ) -> None:
        history.record(running, action, by=None)
        assert told(running) == ["started", kind]

    def test_others_are_not_told(self, running: Experiment) -> None:
        for action in set(Action) - telling.KIND_OF_STEP.keys():
            history.record(running, action, by=None)
        assert told(running) == ["started"]

    def test_no_step_is_told_twice(self, running: Experiment) -> None:
        telling.tell_of_steps(list(Event.objects.filter(experiment=running)))
        assert told(running) == ["started"]


def edit(agent: Agent, cast: Cast) -> None:
    agent_editing.edit_agent(
        agent,
        name=agent.name,
        persona={"name": "Max", "tone": "curt"},
        system_prompt="",
        by=cast.owner,
    )


def visited(experiment: Experiment, counts: list[tuple[int, int]], *, ago: timedelta) -> None:
    arrive(experiment, counts, at=timezone.now() - ago)
    rollup.bring_up_to_date(experiment.agent_id)


def look_again() -> None:
    NoticeWatch.objects.update(due_at=timezone.now() - timedelta(seconds=1))
    watching.watch()


class TestTheWatch:
    def test_says_nothing_of_what_goes_its_way(self, running: Experiment) -> None:
        visited(running, [(200, 20), (200, 20)], ago=timedelta(hours=3))
        assert watching.watch() == 1
        assert told(running) == ["started"]

    def test_tells_once_that_it_is_decided(self, running: Experiment) -> None:
        visited(running, [(400, 20), (400, 160)], ago=timedelta(hours=3))
        watching.watch()
        look_again()
        assert told(running) == ["started", "decided"]
        assert "treatment is better than control" in running.notices.get(kind="decided").text

    def test_tells_of_a_split_that_is_no_chance_and_of_no_decision_then(
        self, running: Experiment
    ) -> None:
        visited(running, [(600, 20), (200, 100)], ago=timedelta(hours=3))
        watching.watch()
        look_again()
        assert told(running) == ["started", "split_alarm"]

    def test_tells_when_nobody_has_come_for_a_day(self, running: Experiment) -> None:
        day_ago = timezone.now() - timedelta(hours=25)
        Experiment.objects.filter(pk=running.pk).update(started_at=day_ago)
        watching.watch()
        look_again()
        assert told(running) == ["started", "quiet"]

    def test_and_again_in_the_next_run(self, running: Experiment) -> None:
        for hours in (60, 30):
            begun = timezone.now() - timedelta(hours=hours)
            Experiment.objects.filter(pk=running.pk).update(started_at=begun)
            watching.watch()
            look_again()
        assert told(running).count("quiet") == 2

    def test_goes_on_after_the_end_until_figures_are_final(
        self, running: Experiment, cast: Cast
    ) -> None:
        lifecycle.stop(running, by=cast.owner)
        visited(running, [(150, 10), (150, 10)], ago=timedelta(days=1))
        look_again()
        assert told(running) == ["started", "ended"]
        assert NoticeWatch.objects.exists()
        visited(running, [(250, 10), (250, 150)], ago=timedelta(days=9))
        VariantTotals.objects.update(last_assigned_at=timezone.now() - timedelta(days=9))
        look_again()
        assert told(running) == ["started", "ended", "decided"]
        assert not NoticeWatch.objects.exists()

    def test_ends_when_somebody_has_concluded_it(self, running: Experiment) -> None:
        visited(running, [(400, 20), (400, 160)], ago=timedelta(hours=3))
        history.record(running, Action.CONCLUDED, by=None)
        watching.watch()
        assert told(running) == ["started", "concluded"]
        assert not NoticeWatch.objects.exists()

    def test_takes_each_in_its_turn(self, running: Experiment) -> None:
        assert watching.watch() == 1
        assert watching.watch() == 0

    def test_has_nothing_to_say_of_drafts(self, cast: Cast) -> None:
        ExperimentFactory.create(agent=cast.agent)
        assert watching.watch() == 0


class TestLooks:
    def test_each_is_told_once_and_that_one_was_futile(self, cast: Cast) -> None:
        planned = start_planned(cast.agent)
        for _ in range(3):
            week_of(planned, (100, 40), (100, 30))
            take_due_looks()
            watching.watch()
            look_again()
        looks = list(planned.looks.filter(missed=""))
        assert len(looks) > 1
        assert any(look.is_futile for look in looks)
        kinds = told(planned)
        assert kinds.count("look_due") == planned.looks.count()
        assert kinds.count("futile") == 1
        assert planned.notices.get(kind="look_due", key="1").text.startswith("Look 1 of ")

    def test_a_decision_is_told_with_the_look_that_brought_it(self, cast: Cast) -> None:
        planned = start_planned(cast.agent)
        week_of(planned, (120, 30), (120, 90))
        watching.watch()
        assert "decided" not in told(planned), "No look was taken yet."
        week_of(planned, (30, 10), (30, 10))
        take_due_looks()
        look_again()
        assert told(planned).count("look_due") == 1
        assert "decided" in told(planned)


@pytest.mark.django_db(transaction=True)
def test_however_many_watch_each_thing_is_told_once(running: Experiment) -> None:
    visited(running, [(400, 20), (400, 160)], ago=timedelta(hours=3))
    # As if each had taken it: the lease has run out while the other was slow.
    at_once([lambda: watching._look_at(Experiment.objects.get(pk=running.pk))] * 4)
    at_once([watching.watch] * 4)
    assert told(running) == ["started", "decided"]
