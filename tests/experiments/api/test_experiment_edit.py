"""Experiments changed over HTTP: what is noted, out of date, or frozen."""

from typing import Any

import pytest

from experiments import lifecycle
from experiments.models import Event, Experiment
from tests.experiments.api.caller import Api
from tests.factories import persona_variants
from tests.runtime import Runtime

pytestmark = pytest.mark.django_db


class TestEdit:
    def test_replaces_the_variants_and_says_what_changed(
        self, api: Api, experiment: Experiment
    ) -> None:
        variants = [*persona_variants(), {**persona_variants()[1], "name": "third", "weight": 100}]
        edited = api.call("PATCH", f"{experiment.pk}/", {"variants": variants})
        assert [variant["share"] for variant in edited["variants"]] == [0.25, 0.25, 0.5]
        assert edited["version"] == 2
        event = Event.objects.filter(action="edited").get()
        before, after = event.changes["variants"]
        assert (len(before), len(after)) == (2, 3)

    def test_what_changes_nothing_is_no_step(self, api: Api, experiment: Experiment) -> None:
        assert api.call("PATCH", f"{experiment.pk}/", {"name": experiment.name})["version"] == 1
        assert not Event.objects.filter(action="edited").exists()

    @pytest.mark.parametrize("tag", ['"1"', "1", 'W/"1"', "*"])
    def test_a_current_version_passes(self, api: Api, experiment: Experiment, tag: str) -> None:
        edited = api.call("PATCH", f"{experiment.pk}/", {"name": "New"}, **{"if-match": tag})
        assert edited.status == 200

    @pytest.mark.parametrize("tag", ['"7"', "nonsense", "²", "9" * 40])
    def test_another_is_told(self, api: Api, experiment: Experiment, tag: str) -> None:
        refused = api.call("PATCH", f"{experiment.pk}/", {"name": "New"}, **{"if-match": tag})
        assert (refused.status, refused["code"]) == (412, "out_of_date")

    @pytest.mark.parametrize("change", [{"kind": "cta"}, {"variants": persona_variants()[::-1]}])
    def test_what_decides_is_frozen_while_it_runs(
        self, api: Api, experiment: Experiment, change: dict[str, Any]
    ) -> None:
        lifecycle.start(experiment, by=None)
        refused = api.call("PATCH", f"{experiment.pk}/", change)
        assert (refused.status, refused["code"]) == (409, "frozen")
        allowed = {"name": "New name", "hypothesis": "New reason"}
        assert api.call("PATCH", f"{experiment.pk}/", allowed).status == 200

    def test_and_once_anybody_is_assigned(
        self, api: Api, experiment: Experiment, runtime: Runtime
    ) -> None:
        lifecycle.start(experiment, by=None)
        lifecycle.stop(experiment, by=None)
        change = {"variants": persona_variants()[::-1]}
        assert api.call("PATCH", f"{experiment.pk}/", change).status == 200
        lifecycle.start(experiment, by=None)
        runtime.resolve("ada")
        lifecycle.stop(experiment, by=None)
        assert api.call("PATCH", f"{experiment.pk}/", {"kind": "trigger"})["code"] == "frozen"
