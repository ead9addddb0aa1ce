"""Experiments deleted in the admin, and who still sees them."""

from django.test import Client
from django.urls import reverse

from agents.models import Agent
from experiments import lifecycle
from experiments.models import Action, Assignment, Event, Experiment
from tests.experiments.admin.site import LIST, act, change, filled, signed_in, stored
from tests.factories import ExperimentFactory
from tests.roles import Cast
from tests.runtime import Runtime


class TestDeleting:
    def test_stops_and_leaves_a_tombstone(
        self, client: Client, experiment: Experiment, cast: Cast, runtime: Runtime
    ) -> None:
        lifecycle.start(experiment, by=cast.owner)
        runtime.resolve("visitor")
        address = reverse("admin:experiments_experiment_delete", args=[experiment.pk])
        assert "It is running, and deleting stops it" in client.get(address).text
        assert client.post(address, {"post": "yes"}).status_code == 302

        assert stored(experiment).is_deleted
        assert stored(experiment).is_stopped
        assert Assignment.objects.filter(experiment=experiment).exists()
        assert Event.objects.filter(experiment=experiment, action=Action.DELETED).exists()
        assert client.get(change(experiment)).status_code == 404

    def test_of_several_goes_through_the_service(
        self, client: Client, experiment: Experiment, agent: Agent
    ) -> None:
        other = ExperimentFactory.create(agent=agent)
        asked = act(client, "delete_selected", experiment, other)
        assert "Aria or Max" in asked.text
        assert not stored(experiment).is_deleted
        act(client, "delete_selected", experiment, other, post="yes")

        assert stored(experiment).is_deleted
        assert stored(other).is_deleted
        assert Event.objects.filter(action=Action.DELETED).count() == 2

    def test_deleted_ones_are_shown_to_superusers_alone(
        self, client: Client, experiment: Experiment, cast: Cast
    ) -> None:
        lifecycle.delete(experiment, by=cast.owner)
        root = signed_in(cast.superuser)

        def shown(who: Client, query: str) -> list[Experiment]:
            return list(who.get(f"{LIST}?{query}").context["cl"].result_list)

        assert shown(root, "") == []
        assert shown(root, "deleted=yes") == [experiment]
        assert shown(client, "deleted=any") == []
        page = root.get(change(experiment))
        assert page.status_code == 200
        assert not page.context["has_change_permission"]
        assert root.post(change(experiment), filled(experiment)).status_code == 403
