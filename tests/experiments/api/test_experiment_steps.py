"""Experiments over HTTP through their whole life."""

from typing import Any

import pytest

from agents.models import Agent
from experiments import lifecycle
from experiments.models import Assignment, Event, Experiment
from tests.experiments.api.caller import Api
from tests.factories import ExperimentFactory
from tests.roles import Cast
from tests.runtime import Runtime

pytestmark = pytest.mark.django_db


class TestLifecycle:
    def test_start_stop_and_start_again(self, api: Api, experiment: Experiment) -> None:
        started = api.call("POST", f"{experiment.pk}/start/")
        assert (started["status"], started["is_active"]) == ("running", True)
        assert started["started_at"]
        stopped = api.call("POST", f"{experiment.pk}/stop/")
        assert (stopped["status"], stopped["is_active"]) == ("stopped", False)
        again = api.call("POST", f"{experiment.pk}/stop/")
        assert (again.status, again.body) == (200, stopped.body)
        restarted = api.call("POST", f"{experiment.pk}/start/")
        assert restarted["started_at"] > started["started_at"]
        assert restarted["stopped_at"] is None

    def test_a_draft_can_t_be_stopped(self, api: Api, experiment: Experiment) -> None:
        assert api.call("POST", f"{experiment.pk}/stop/")["code"] == "not_started"

    def test_what_runs_can_t_be_started(self, api: Api, experiment: Experiment) -> None:
        api.call("POST", f"{experiment.pk}/start/")
        assert api.call("POST", f"{experiment.pk}/start/")["code"] == "already_running"

    def test_a_second_one_has_to_say_what_becomes_of_the_first(
        self, api: Api, agent: Agent, experiment: Experiment
    ) -> None:
        lifecycle.start(ExperimentFactory.create(agent=agent, name="Aria or Max"), by=None)
        refused = api.call("POST", f"{experiment.pk}/start/")
        assert (refused.status, refused["code"]) == (409, "another_running")
        assert "Aria or Max" in refused["detail"]

    @pytest.mark.parametrize(
        ("choice", "fate"), [("stop_current", "stopped"), ("keep_running", "running")]
    )
    def test_stop_current_or_keep_running(
        self, api: Api, agent: Agent, experiment: Experiment, choice: str, fate: str
    ) -> None:
        running = lifecycle.start(ExperimentFactory.create(agent=agent), by=None)
        started = api.call("POST", f"{experiment.pk}/start/", {"on_conflict": choice})
        assert started["is_active"]
        other = api.call("GET", f"{running.pk}/")
        assert (other["status"], other["is_active"]) == (fate, False)

    @pytest.mark.parametrize("choice", ["nonsense", 5, None, []])
    def test_no_other_choice(self, api: Api, experiment: Experiment, choice: Any) -> None:
        refused = api.call("POST", f"{experiment.pk}/start/", {"on_conflict": choice})
        assert refused.status == 400

    def test_a_copy_is_a_new_draft(
        self, api: Api, experiment: Experiment, runtime: Runtime
    ) -> None:
        lifecycle.start(experiment, by=None)
        runtime.resolve("ada")
        names = [api.call("POST", f"{experiment.pk}/duplicate/")["name"] for _ in range(2)]
        assert names == [f"{experiment.name} (copy)", f"{experiment.name} (copy 2)"]
        named = api.call("POST", f"{experiment.pk}/duplicate/", {"name": "Second try"})
        assert (named.status, named["status"], named["name"]) == (201, "draft", "Second try")
        keys = ("name", "weight", "config")
        original = api.call("GET", f"{experiment.pk}/")
        assert [{key: variant[key] for key in keys} for variant in named["variants"]] == [
            {key: variant[key] for key in keys} for variant in original["variants"]
        ]

    def test_a_deleted_one_is_nowhere_and_its_assignments_remain(
        self, api: Api, experiment: Experiment, runtime: Runtime
    ) -> None:
        lifecycle.start(experiment, by=None)
        conversation = runtime.resolve("ada")["conversation_id"]
        assert api.call("DELETE", f"{experiment.pk}/").status == 204
        assert api.call("GET", f"{experiment.pk}/").status == 404
        assert api.call("GET")["results"] == []
        tombstone = Experiment.with_tombstones.get(pk=experiment.pk)
        assert (tombstone.status, tombstone.is_deleted) == ("stopped", True)
        assert Assignment.objects.filter(experiment=tombstone).count() == 1
        assert runtime.resolve("ada", conversation_id=conversation).variant is not None

    def test_every_step_is_in_the_history_with_who_took_it(
        self, api: Api, cast: Cast, experiment: Experiment
    ) -> None:
        for method, path in (
            ("PATCH", ""),
            ("POST", "start/"),
            ("POST", "stop/"),
            ("POST", "duplicate/"),
            ("DELETE", ""),
        ):
            body = {"hypothesis": "Warmth sells."} if method == "PATCH" else None
            api.call(method, f"{experiment.pk}/{path}", body)
        steps = Event.objects.filter(experiment=experiment).order_by("created_at")
        assert [step.action for step in steps] == [
            "created",
            "edited",
            "started",
            "stopped",
            "duplicated",
            "deleted",
        ]
        assert {step.actor for step in steps[1:]} == {cast.owner}
        assert steps[1].changes == {"hypothesis": ["", "Warmth sells."]}


class TestIfMatch:
    """Nobody starts, stops or deletes by a program what it has not seen."""

    @pytest.mark.parametrize("step", ["start/", "stop/", ""])
    def test_refuses_what_has_changed_since(
        self, api: Api, experiment: Experiment, step: str
    ) -> None:
        if step != "start/":
            lifecycle.start(experiment, by=None)
        method = "POST" if step else "DELETE"
        seen = api.call("GET", f"{experiment.pk}/").headers["ETag"]
        now = api.call("PATCH", f"{experiment.pk}/", {"hypothesis": "Warmth"}).headers["ETag"]
        refused = api.call(method, f"{experiment.pk}/{step}", **{"If-Match": seen})
        assert (refused.status, refused["code"]) == (412, "out_of_date")
        assert api.call("GET", f"{experiment.pk}/")["version"] == int(now.strip('"'))
        done = api.call(method, f"{experiment.pk}/{step}", **{"If-Match": now})
        assert done.status == (200 if step else 204)

    @pytest.mark.parametrize("seen", ["x", "1.5", '"99999999999"', '"-1"'])
    def test_refuses_what_is_no_version(self, api: Api, experiment: Experiment, seen: str) -> None:
        refused = api.call("POST", f"{experiment.pk}/start/", **{"If-Match": seen})
        assert refused.status == 412

    @pytest.mark.parametrize("seen", ["*", ""])
    def test_takes_any_version(self, api: Api, experiment: Experiment, seen: str) -> None:
        assert api.call("POST", f"{experiment.pk}/start/", **{"If-Match": seen}).status == 200

    @pytest.mark.parametrize("step", ["stop/", ""])
    def test_the_etag_changes_with_what_is_active(self, api: Api, agent: Agent, step: str) -> None:
        older, newer = ExperimentFactory.create_batch(2, agent=agent)
        lifecycle.start(older, by=None)
        active = api.call("GET", f"{older.pk}/")
        api.call("POST", f"{newer.pk}/start/", {"on_conflict": "keep_running"})
        superseded = api.call("GET", f"{older.pk}/")
        api.call("POST" if step else "DELETE", f"{newer.pk}/{step}")
        again = api.call("GET", f"{older.pk}/")
        shown = [active, superseded, again]
        assert [one["is_active"] for one in shown] == [True, False, True]
        assert len({one.headers["ETag"] for one in shown}) == 3

    def test_stopping_what_was_superseded_leaves_the_active_one_alone(
        self, api: Api, agent: Agent
    ) -> None:
        older, newer = ExperimentFactory.create_batch(2, agent=agent)
        lifecycle.start(older, by=None)
        api.call("POST", f"{newer.pk}/start/", {"on_conflict": "keep_running"})
        before = api.call("GET", f"{newer.pk}/").headers["ETag"]
        api.call("POST", f"{older.pk}/stop/")
        assert api.call("GET", f"{newer.pk}/").headers["ETag"] == before
