"""Experiments started, stopped and duplicated from the list of the admin."""

import pytest
from django.test import Client

from agents.models import Agent
from experiments import lifecycle
from experiments.lifecycle import editing
from experiments.models import Event, Experiment
from tests.experiments.admin.site import act, signed_in, stored, told
from tests.factories import AgentFactory, ExperimentFactory, WorkspaceFactory
from tests.roles import Cast


class TestLifecycle:
    def test_start_stops_the_current(
        self, client: Client, experiment: Experiment, agent: Agent, cast: Cast
    ) -> None:
        current = ExperimentFactory.create(agent=agent)
        lifecycle.start(current, by=cast.owner)
        act(client, "start_and_stop_current", experiment)

        assert stored(experiment).is_running
        assert stored(current).is_stopped

    def test_start_keeps_the_current(
        self, client: Client, experiment: Experiment, agent: Agent, cast: Cast
    ) -> None:
        current = ExperimentFactory.create(agent=agent)
        lifecycle.start(current, by=cast.owner)
        act(client, "start_and_keep_running", experiment)

        assert stored(experiment).is_running
        assert stored(current).is_running

    def test_what_is_refused_is_told_and_the_rest_goes_on(
        self, client: Client, experiment: Experiment, agent: Agent
    ) -> None:
        other = AgentFactory.create(workspace=agent.workspace)
        incomplete = editing.create(
            agent=other, sent={"name": "Incomplete", "kind": "persona"}, by=None
        )
        response = act(client, "start_and_stop_current", incomplete, experiment)

        assert "Give the persona a name, a tone, or both." in told(response)
        assert stored(incomplete).is_draft
        assert stored(experiment).is_running

    @pytest.mark.parametrize("action", ["start_and_stop_current", "start_and_keep_running"])
    def test_two_of_one_agent_are_not_started_at_once(
        self, client: Client, experiment: Experiment, agent: Agent, action: str
    ) -> None:
        other = ExperimentFactory.create(agent=agent)
        response = act(client, action, experiment, other)

        assert "Choose one of each agent" in told(response)
        assert stored(experiment).is_draft
        assert stored(other).is_draft

    def test_stop_and_duplicate(self, client: Client, experiment: Experiment, cast: Cast) -> None:
        lifecycle.start(experiment, by=cast.owner)
        act(client, "stop", experiment)
        act(client, "duplicate", experiment)

        assert stored(experiment).is_stopped
        copy = Experiment.objects.get(name="Aria or Max (copy)")
        event = Event.objects.get(experiment=copy)
        assert event.actor == cast.admin

    def test_stopping_a_draft_is_told(self, client: Client, experiment: Experiment) -> None:
        assert "has not been started" in told(act(client, "stop", experiment))

    @pytest.mark.parametrize("who", ["editor", "outsider"])
    def test_actions_are_refused_to_others(
        self, who: str, cast: Cast, experiment: Experiment
    ) -> None:
        other = signed_in(getattr(cast, who))
        for action in ("start_and_stop_current", "delete_selected", "duplicate"):
            act(other, action, experiment, post="yes")

        assert stored(experiment).is_draft
        assert not stored(experiment).is_deleted
        assert Experiment.objects.count() == 1

    def test_action_reaches_only_where_the_role_allows(
        self, cast: Cast, experiment: Experiment
    ) -> None:
        """An Editor here who is an Owner elsewhere sees both and starts one."""
        own = WorkspaceFactory.create(owner=cast.editor)
        theirs = ExperimentFactory.create(agent__workspace=own)
        client = signed_in(cast.editor)
        response = act(client, "start_and_stop_current", experiment, theirs)

        assert "your role doesn't allow this" in told(response)
        assert stored(experiment).is_draft
        assert stored(theirs).is_running
        assert act(client, "delete_selected", experiment, theirs, post="yes").status_code == 403
        assert not stored(theirs).is_deleted
