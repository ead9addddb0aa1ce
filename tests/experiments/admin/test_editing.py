"""Experiments changed in the admin: the same services and refusals as on the pages."""

from typing import Any

import pytest
from django.test import Client

from experiments import lifecycle
from experiments.lifecycle import editing
from experiments.models import Action, Event, Experiment
from tests.experiments.admin.site import arm, change, filled, rows, signed_in, stored
from tests.roles import Cast
from tests.runtime import Runtime


class TestEditing:
    def test_goes_through_the_service(self, client: Client, experiment: Experiment) -> None:
        form = filled(experiment, name="Renamed") | {"variants-1-weight": 25}
        assert client.post(change(experiment), form).status_code == 302

        edited = stored(experiment)
        assert (edited.name, edited.version) == ("Renamed", experiment.version + 1)
        assert [v.weight for v in edited.variants.all()] == [50, 25]
        event = Event.objects.get(experiment=experiment, action=Action.EDITED)
        assert event.changes.keys() == {"name", "variants"}

    def test_rows_can_be_struck_out_and_added(self, client: Client, experiment: Experiment) -> None:
        form = filled(experiment) | {"variants-0-DELETE": "on"}
        form |= rows(*[{}] * 2, arm("third", position=0))
        form |= rows(stored=tuple(experiment.variants.all()))
        form |= {"variants-TOTAL_FORMS": 3}
        assert client.post(change(experiment), form).status_code == 302

        assert [v.name for v in stored(experiment).variants.all()] == ["third", "treatment"]

    def test_out_of_date_is_told_and_nothing_is_overwritten(
        self, client: Client, experiment: Experiment, cast: Cast
    ) -> None:
        form = filled(experiment, name="Mine")
        editing.edit(experiment, sent={"name": "Theirs"}, by=cast.owner)
        response = client.post(change(experiment), form)

        assert "changed this since you opened it" in response.text
        assert stored(experiment).name == "Theirs"

    def test_deleted_meanwhile_is_not_found(
        self, client: Client, experiment: Experiment, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        edit = editing.edit

        def deleted_first(*args: Any, **kwargs: Any) -> Experiment:
            lifecycle.delete(experiment, by=None)
            return edit(*args, **kwargs)

        monkeypatch.setattr(editing, "edit", deleted_first)
        response = client.post(change(experiment), filled(experiment, name="Late"))

        # The deletion happened inside the request's own transaction and is undone with it.
        assert "It may have been deleted" in response.text
        assert stored(experiment).name == "Aria or Max"

    def test_of_a_running_one_leaves_variants_alone(
        self, client: Client, experiment: Experiment, cast: Cast
    ) -> None:
        running = lifecycle.start(experiment, by=cast.owner)
        form = filled(running, name="Renamed", kind="cta") | {"variants-0-weight": 1}
        assert client.post(change(running), form).status_code == 302

        edited = stored(running)
        assert (edited.name, edited.kind) == ("Renamed", "persona")
        assert [v.weight for v in edited.variants.all()] == [50, 50]

    def test_started_meanwhile_is_told(
        self, client: Client, experiment: Experiment, cast: Cast
    ) -> None:
        form = filled(experiment) | {"variants-0-weight": 1}
        lifecycle.start(experiment, by=cast.owner)
        response = client.post(change(experiment), form)

        assert "changed this since you opened it" in response.text
        assert [v.weight for v in stored(experiment).variants.all()] == [50, 50]

    def test_stopped_with_assignments_stays_frozen(
        self, client: Client, experiment: Experiment, cast: Cast, runtime: Runtime
    ) -> None:
        lifecycle.start(experiment, by=cast.owner)
        runtime.resolve("visitor")
        stopped = lifecycle.stop(experiment, by=cast.owner)
        form = filled(stopped) | {"variants-0-weight": 1}
        client.post(change(stopped), form)

        assert [v.weight for v in stored(stopped).variants.all()] == [50, 50]

    def test_editor_looks_only(self, cast: Cast, experiment: Experiment) -> None:
        editor = signed_in(cast.editor)

        assert editor.get(change(experiment)).status_code == 200
        assert editor.post(change(experiment), filled(experiment, name="X")).status_code == 403
        assert stored(experiment).name == "Aria or Max"
