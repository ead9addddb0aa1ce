"""Who may do what with experiments over HTTP: by role and by ability."""

from typing import Any

import pytest
from django.test import Client

from agents.models import Ability, Role
from experiments.models import Experiment
from tests.experiments.api.caller import DRAFT, Api
from tests.factories import AgentFactory, MembershipFactory
from tests.roles import Cast
from tests.runtime import Runtime

pytestmark = pytest.mark.django_db

CALLS: dict[str, tuple[str, str, Any, int]] = {
    "list": ("GET", "", None, 200),
    "read": ("GET", "{id}/", None, 200),
    "create": ("POST", "", DRAFT, 201),
    "edit": ("PATCH", "{id}/", {"name": "Renamed"}, 200),
    "start": ("POST", "{id}/start/", {}, 200),
    "stop": ("POST", "{id}/stop/", None, 409),  # it is a draft, and reaching the rule is enough
    "schedule": ("PUT", "{id}/schedule/", {"ends": {"visitors": 5}}, 200),
    "unschedule": ("DELETE", "{id}/schedule/", None, 204),
    "duplicate": ("POST", "{id}/duplicate/", {}, 201),
    "delete": ("DELETE", "{id}/", None, 204),
}
READS = {"list", "read"}


def statuses(api: Api, experiment: Experiment, call: str) -> tuple[int, int]:
    """The status of a call and the one it has for somebody who may."""
    method, path, body, success = CALLS[call]
    return api.call(method, path.format(id=experiment.pk), body).status, success


@pytest.mark.parametrize("call", CALLS)
class TestWhoMayCall:
    @pytest.mark.parametrize("role", ["owner", "admin", "superuser"])
    def test_owners_and_admins_may(
        self, cast: Cast, experiment: Experiment, call: str, role: str
    ) -> None:
        status, success = statuses(Api(cast.agent, user=getattr(cast, role)), experiment, call)
        assert status == success

    def test_editors_only_look(self, cast: Cast, experiment: Experiment, call: str) -> None:
        status, success = statuses(Api(cast.agent, user=cast.editor), experiment, call)
        assert status == (success if call in READS else 403)

    def test_to_outsiders_nothing_is_there(
        self, cast: Cast, experiment: Experiment, call: str
    ) -> None:
        status, _ = statuses(Api(cast.agent, user=cast.outsider), experiment, call)
        assert status == 404

    def test_strangers_have_to_sign_in(self, cast: Cast, experiment: Experiment, call: str) -> None:
        status, _ = statuses(Api(cast.agent), experiment, call)
        assert status == 401

    @pytest.mark.parametrize("ability", Ability.values)
    def test_tokens_by_their_abilities(
        self, cast: Cast, experiment: Experiment, call: str, ability: str
    ) -> None:
        api = Api(cast.agent, key=Runtime.of(cast.agent, ability).key)
        status, success = statuses(api, experiment, call)
        needed = Ability.READ if call in READS else Ability.WRITE
        assert status == (success if ability == needed else 403)

    def test_a_token_of_another_workspace_finds_nothing(
        self, cast: Cast, experiment: Experiment, call: str
    ) -> None:
        api = Api(cast.agent, key=Runtime.of(AgentFactory.create(), *Ability.values).key)
        assert statuses(api, experiment, call)[0] == 404

    def test_another_agents_experiment_is_not_found(
        self, cast: Cast, experiment: Experiment, call: str
    ) -> None:
        sibling = AgentFactory.create(workspace=cast.workspace)
        status, success = statuses(Api(sibling, user=cast.owner), experiment, call)
        names_it = "{id}" in CALLS[call][1]
        assert status == (404 if names_it else success)

    def test_a_former_member_is_an_outsider(
        self, cast: Cast, experiment: Experiment, call: str
    ) -> None:
        from agents import roles

        roles.take_out_of(cast.admin, cast.workspace)
        assert statuses(Api(cast.agent, user=cast.admin), experiment, call)[0] == 404


def test_a_person_needs_the_csrf_token(cast: Cast) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(cast.owner)
    response = client.post(
        f"/api/v1/agents/{cast.agent.pk}/experiments/", DRAFT, content_type="application/json"
    )
    assert response.status_code == 403
    assert not Experiment.objects.exists()


def test_a_second_workspace_gives_no_rights_in_the_first(cast: Cast) -> None:
    """An Owner there who is an Editor here only looks here."""
    MembershipFactory.create(workspace=cast.workspace, user=cast.outsider, role=Role.EDITOR)
    api = Api(cast.agent, user=cast.outsider)
    assert api.call("GET").status == 200
    assert api.call("POST", body=DRAFT).status == 403
