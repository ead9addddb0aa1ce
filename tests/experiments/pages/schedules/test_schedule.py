"""The form of a schedule, and what pages say of it; on the workspace's clock."""

from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from agents.models import Workspace
from experiments import lifecycle
from experiments.lifecycle import OnConflict, Schedule
from experiments.models import Experiment
from glozr.postgres.clock import database_time
from glozr.zones import zone
from tests.experiments.schedules.moments import from_now, given
from tests.factories import ExperimentFactory
from tests.roles import Cast

pytestmark = pytest.mark.django_db

HERE = "Europe/Berlin"


@pytest.fixture
def draft(client: Client, cast: Cast) -> Experiment:
    Workspace.objects.filter(pk=cast.workspace.pk).update(time_zone=HERE)
    client.force_login(cast.admin)
    return ExperimentFactory.create(agent=cast.agent, name="Aria or Max")


def url(experiment: Experiment) -> str:
    return reverse("experiment_schedule", args=[experiment.agent_id, experiment.pk])


def post(client: Client, experiment: Experiment, **typed: Any) -> Any:
    return client.post(url(experiment), {"seen_version": experiment.version, **typed})


def typed_time(moment: datetime) -> str:
    return f"{moment.astimezone(zone(HERE)):%Y-%m-%dT%H:%M}"


def stored(experiment: Experiment) -> Schedule | None:
    return lifecycle.schedule_of(Experiment.objects.get(pk=experiment.pk))


def test_times_are_typed_and_said_on_the_workspaces_clock(
    client: Client, draft: Experiment
) -> None:
    next_year = database_time().year + 1
    answer = post(
        client,
        draft,
        starts_at=f"{next_year}-01-11T09:00",
        on_conflict="keep_running",
        ends_at=f"{next_year}-07-12T09:00",
        ends_at_visitors=4000,
        ends_when_decided="on",
    )
    assert answer.status_code == HTTPStatus.FOUND, answer.context["form"].errors
    assert stored(draft) == Schedule(
        datetime(next_year, 1, 11, 8, tzinfo=UTC),
        OnConflict.KEEP_RUNNING,
        datetime(next_year, 7, 12, 7, tzinfo=UTC),
        4_000,
        True,
    )
    starts = f"11 Jan {next_year}, 09:00 CET, beside the one that runs then."
    ends = (
        f"12 Jul {next_year}, 09:00 CEST, when a variant has 4,000 visitors or when it is decided, "
        "whichever comes first."
    )
    page = client.get(draft.get_absolute_url()).content.decode()
    assert starts in page
    assert ends in page
    listed = client.get(reverse("experiment_list", args=[draft.agent_id])).content.decode()
    assert f"11 Jan {next_year}, 09:00 CET<" in listed
    assert f"12 Jul {next_year}, 09:00 CEST or earlier<" in listed
    form = client.get(url(draft)).content.decode()
    assert f'value="{next_year}-01-11T09:00"' in form
    assert HERE in form


def test_what_is_wrong_stands_at_its_field(client: Client, draft: Experiment) -> None:
    answer = post(
        client,
        draft,
        starts_at="2020-01-01T09:00",
        ends_at="some day",
        ends_at_visitors=0,
    )
    assert answer.status_code == HTTPStatus.BAD_REQUEST
    assert set(answer.context["form"].errors) == {"ends_at", "ends_at_visitors"}
    answer = post(client, draft, starts_at="2020-01-01T09:00", ends_at="2020-01-01T08:00")
    assert set(answer.context["form"].errors) == {"starts_at", "ends_at"}
    assert stored(draft) is None


def test_an_hour_that_the_clocks_leave_out_is_refused(client: Client, draft: Experiment) -> None:
    answer = post(client, draft, ends_at="2027-03-28T02:30")
    assert set(answer.context["form"].errors) == {"ends_at"}


def test_what_is_left_alone_stays_to_the_microsecond(client: Client, draft: Experiment) -> None:
    at = database_time() + timedelta(minutes=30)
    scheduled = lifecycle.set_schedule(draft, Schedule(ends_at=at), by=None)
    post(client, scheduled, ends_at=typed_time(at), ends_when_decided="on")
    assert stored(draft) == Schedule(ends_at=at, ends_when_decided=True)


def test_removed_by_a_button(client: Client, draft: Experiment) -> None:
    scheduled = lifecycle.set_schedule(draft, Schedule(ends_when_decided=True), by=None)
    assert post(client, scheduled, remove="yes").status_code == HTTPStatus.FOUND
    assert stored(draft) is None
    assert b'name="remove"' not in client.get(url(draft)).content


def test_what_somebody_else_changed_is_not_overwritten(client: Client, draft: Experiment) -> None:
    lifecycle.set_schedule(draft, Schedule(ends_when_decided=True), by=None)
    answer = post(client, draft, ends_at_visitors=5)  # as it was before
    assert answer.status_code == HTTPStatus.BAD_REQUEST
    assert "Somebody changed this" in answer.content.decode()
    assert stored(draft) == Schedule(ends_when_decided=True)


def test_what_runs_is_asked_for_no_start(client: Client, draft: Experiment) -> None:
    running = lifecycle.start(draft, by=None)
    assert b"starts_at" not in client.get(url(draft)).content
    post(client, running, starts_at="2099-01-01T09:00", ends_at_visitors=5)
    assert stored(draft) == Schedule(ends_at_visitors=5)


def test_an_end_that_has_come_is_said_before_the_stop_is_written(
    client: Client, draft: Experiment
) -> None:
    given(lifecycle.start(draft, by=None), ends_at=from_now(seconds=-1))
    page = client.get(draft.get_absolute_url()).content.decode()
    assert "and is being stopped." in page


def test_a_start_after_the_end_leads_to_the_schedule(client: Client, draft: Experiment) -> None:
    given(draft, ends_at=from_now(seconds=-1))
    start = reverse("experiment_start", args=[draft.agent_id, draft.pk])
    draft.refresh_from_db(fields=["version"])
    answer = client.post(start, {"version": draft.version}, follow=True)
    assert answer.redirect_chain == [(url(draft), HTTPStatus.FOUND)]
    assert "The end that is set has passed" in answer.content.decode()
