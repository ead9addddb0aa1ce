"""When an experiment starts and ends by itself: what may be set, and what becomes of it."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from agents.models import Agent
from experiments import lifecycle, limits
from experiments.lifecycle import OnConflict, Schedule, editing
from experiments.lifecycle.narrative import step_of
from experiments.models import Action, Event, Experiment
from glozr.errors import Conflict, Invalid, OutOfDate
from glozr.postgres.clock import database_time
from tests.experiments.schedules.moments import from_now, given
from tests.factories import ExperimentFactory
from tests.roles import Cast
from tests.visits import arrive

pytestmark = pytest.mark.django_db


@pytest.fixture
def draft(agent: Agent) -> Experiment:
    return ExperimentFactory.create(agent=agent, name="Aria or Max")


@pytest.fixture
def running(draft: Experiment) -> Experiment:
    return lifecycle.start(draft, by=None)


def in_minutes(minutes: float) -> datetime:
    return database_time() + timedelta(minutes=minutes)


def whole() -> Schedule:
    return Schedule(in_minutes(60), OnConflict.KEEP_RUNNING, in_minutes(600), 1_000, True)


def latest(experiment: Experiment) -> Event:
    return experiment.events.latest("created_at")


def test_all_of_it_is_kept_and_in_the_history(cast: Cast, draft: Experiment) -> None:
    schedule = whole()
    scheduled = lifecycle.set_schedule(draft, schedule, by=cast.admin, seen_version=draft.version)
    assert lifecycle.schedule_of(scheduled) == schedule
    assert scheduled.version == draft.version + 1
    step = step_of(latest(draft))
    assert (step.who, step.what) == (str(cast.admin), "scheduled it")
    assert [(line.label, line.before) for line in step.differences] == [
        ("Starts", ""),
        ("If another one runs then", ""),
        ("Ends", ""),
        ("Ends when a variant has so many visitors", ""),
        ("Ends when decided", ""),
    ]


def test_the_same_again_changes_nothing_and_an_empty_one_removes_it(draft: Experiment) -> None:
    schedule = whole()
    scheduled = lifecycle.set_schedule(draft, schedule, by=None)
    assert lifecycle.set_schedule(draft, schedule, by=None).version == scheduled.version
    removed = lifecycle.set_schedule(draft, Schedule(), by=None)
    assert lifecycle.schedule_of(removed) is None
    assert step_of(latest(draft)).what == "changed its schedule"
    assert draft.events.filter(action=Action.SCHEDULED).count() == 2


BROKEN: dict[str, tuple[Callable[[], Schedule], tuple[str, str]]] = {
    "a start too soon": (lambda: Schedule(in_minutes(9)), ("starts_at", "too_soon")),
    "an end too soon": (lambda: Schedule(ends_at=in_minutes(9)), ("ends.at", "too_soon")),
    "a start too late": (lambda: Schedule(in_minutes(1.1e6)), ("starts_at", "too_late")),
    "an end before the start": (
        lambda: Schedule(in_minutes(60), ends_at=in_minutes(50)),
        ("ends.at", "end_before_start"),
    ),
    "an end right after the start": (
        lambda: Schedule(in_minutes(60), ends_at=in_minutes(65)),
        ("ends.at", "too_soon"),
    ),
    "a choice without a start": (
        lambda: Schedule(on_conflict=OnConflict.STOP_CURRENT),
        ("on_conflict", "no_start"),
    ),
    "no visitors": (lambda: Schedule(ends_at_visitors=0), ("ends.visitors", "out_of_range")),
    "too many visitors": (
        lambda: Schedule(ends_at_visitors=limits.MAX_ENDS_AT_VISITORS + 1),
        ("ends.visitors", "out_of_range"),
    ),
}


@pytest.mark.parametrize("what", BROKEN)
def test_every_broken_rule_names_its_field(draft: Experiment, what: str) -> None:
    make, expected = BROKEN[what]
    with pytest.raises(Invalid) as refused:
        lifecycle.set_schedule(draft, make(), by=None)
    assert [(error.field, error.code) for error in refused.value.errors] == [expected]
    assert not draft.events.filter(action=Action.SCHEDULED).exists()


def test_what_runs_gets_an_end_and_no_start(running: Experiment) -> None:
    lifecycle.set_schedule(running, Schedule(ends_at=in_minutes(60)), by=None)
    with pytest.raises(Invalid) as refused:
        lifecycle.set_schedule(running, Schedule(in_minutes(60)), by=None)
    assert refused.value.errors[0].field == "starts_at"


def test_what_stays_as_it_was_need_not_be_ahead_again(running: Experiment) -> None:
    near = given(running, ends_at=from_now(minutes=2))
    schedule = Schedule(ends_at=near.ends_at, ends_when_decided=True)
    assert lifecycle.set_schedule(near, schedule, by=None).ends_when_decided


def test_an_end_that_has_come_is_not_moved(running: Experiment) -> None:
    over = given(running, ends_at=from_now(seconds=-1))
    with pytest.raises(Conflict) as refused:
        lifecycle.set_schedule(over, Schedule(ends_at=in_minutes(60)), by=None)
    assert refused.value.code == "ended"


def test_nobody_overwrites_what_they_have_not_seen(draft: Experiment) -> None:
    with pytest.raises(OutOfDate):
        lifecycle.set_schedule(draft, whole(), by=None, seen_version=draft.version + 1)


def test_an_end_by_number_counts_who_is_there_already(running: Experiment) -> None:
    arrive(running, [(7, 0), (9, 0)], at=database_time())
    with pytest.raises(Invalid) as refused:
        lifecycle.set_schedule(running, Schedule(ends_at_visitors=9), by=None)
    assert "9 visitors already" in refused.value.errors[0].detail
    lifecycle.set_schedule(running, Schedule(ends_at_visitors=10), by=None)
    assert sorted(running.assigned_counts.values_list("visitors", flat=True)) == [7, 9]
    lifecycle.set_schedule(running, Schedule(), by=None)
    assert not running.assigned_counts.exists()


def test_a_start_by_hand_leaves_the_ends_alone(draft: Experiment) -> None:
    schedule = whole()
    started = lifecycle.start(lifecycle.set_schedule(draft, schedule, by=None), by=None)
    assert lifecycle.schedule_of(started) == replace(schedule, starts_at=None, on_conflict=None)


def test_a_start_after_the_end_is_refused(draft: Experiment) -> None:
    given(draft, ends_at=from_now(seconds=-1))
    with pytest.raises(Invalid) as refused:
        lifecycle.start(draft, by=None)
    assert refused.value.errors[0].field == "ends.at"


@pytest.mark.parametrize("step", [lifecycle.stop, lifecycle.delete])
def test_a_stop_by_hand_leaves_nothing_scheduled(
    running: Experiment, step: Callable[..., object]
) -> None:
    lifecycle.set_schedule(running, replace(whole(), starts_at=None, on_conflict=None), by=None)
    step(running, by=None)
    stopped = Experiment.with_tombstones.get(pk=running.pk)
    assert lifecycle.schedule_of(stopped) is None
    assert not stopped.assigned_counts.exists()


def test_what_is_stopped_late_was_stopped_at_its_end(running: Experiment) -> None:
    over = given(running, ends_at=from_now(minutes=-5))
    assert lifecycle.stop(running, by=None).stopped_at == over.ends_at


def test_a_copy_has_no_schedule(draft: Experiment) -> None:
    scheduled = lifecycle.set_schedule(draft, whole(), by=None)
    assert lifecycle.schedule_of(editing.duplicate(scheduled, by=None)) is None
