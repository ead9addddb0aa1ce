"""Schedules over HTTP."""

from datetime import timedelta
from typing import Any

import pytest

from experiments import lifecycle
from experiments.models import Experiment
from glozr.outputs.instants import written
from glozr.postgres.clock import database_time
from tests.experiments.api.caller import Api
from tests.experiments.schedules.moments import from_now, given

pytestmark = pytest.mark.django_db


def in_hours(hours: float) -> str:
    return written(database_time() + timedelta(hours=hours))


def test_set_changed_and_removed(api: Api, experiment: Experiment) -> None:
    assert api.call("GET", f"{experiment.pk}/")["schedule"] is None
    starts, ends = in_hours(1), in_hours(50)
    body = {"starts_at": starts, "on_conflict": "stop_current", "ends": {"at": ends}}
    answer = api.call("PUT", f"{experiment.pk}/schedule/", body)
    assert answer["schedule"] == {
        "starts_at": starts,
        "on_conflict": "stop_current",
        "ends": {"at": ends, "visitors": None, "when_decided": False},
    }
    assert answer.headers["ETag"] == f'"{answer["version"]}"'
    body = {"ends": {"visitors": 4_000, "when_decided": True}}
    changed = api.call("PUT", f"{experiment.pk}/schedule/", body)
    assert changed["schedule"] == {
        "starts_at": None,
        "on_conflict": None,
        "ends": {"at": None, "visitors": 4_000, "when_decided": True},
    }
    assert api.call("DELETE", f"{experiment.pk}/schedule/").status == 204
    assert api.call("GET", f"{experiment.pk}/")["schedule"] is None


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"starts_at": "soon"}, "starts_at"),
        ({"starts_at": 5}, "starts_at"),
        ({"starts_at": "2020-01-01T00:00:00Z"}, "starts_at"),
        ({"on_conflict": "keep_running"}, "on_conflict"),
        ({"on_conflict": "wait"}, "on_conflict"),
        ({"ends": 5}, "ends"),
        ({"ends": {"at": "2020-01-01T00:00:00Z"}}, "ends.at"),
        ({"ends": {"visitors": "5"}}, "ends.visitors"),
        ({"ends": {"visitors": 5.0}}, "ends.visitors"),
        ({"ends": {"visitors": 0}}, "ends.visitors"),
        ({"ends": {"when_decided": 1}}, "ends.when_decided"),
        ({"ends": {"whenever": True}}, "ends.whenever"),
        ({"end": None}, "end"),
    ],
)
def test_what_breaks_a_rule_is_named(
    api: Api, experiment: Experiment, body: dict[str, Any], field: str
) -> None:
    answer = api.call("PUT", f"{experiment.pk}/schedule/", body)
    assert answer.status == 400, answer.body
    assert [error["field"] for error in answer["errors"]] == [field]


@pytest.mark.parametrize(("method", "body"), [("PUT", {}), ("DELETE", None)])
def test_nobody_overwrites_what_they_have_not_seen(
    api: Api, experiment: Experiment, method: str, body: Any
) -> None:
    seen = {"If-Match": f'"{experiment.version + 1}"'}
    assert api.call(method, f"{experiment.pk}/schedule/", body, **seen).status == 412
    seen = {"If-Match": f'"{experiment.version}"'}
    assert api.call(method, f"{experiment.pk}/schedule/", body, **seen).status in (200, 204)


def test_an_end_that_has_come_stays(api: Api, experiment: Experiment) -> None:
    lifecycle.start(experiment, by=None)
    given(experiment, ends_at=from_now(seconds=-1))
    refused = api.call("PUT", f"{experiment.pk}/schedule/", {})
    assert (refused.status, refused["code"]) == (409, "ended")
