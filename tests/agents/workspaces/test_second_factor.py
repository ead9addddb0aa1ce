"""A workspace may ask its members for a second factor; who has none sees nothing of it."""

from http import HTTPStatus

import pytest
from allauth.mfa.models import Authenticator
from django.test import Client
from django.urls import reverse

from agents.models import Ability, User
from agents.workspaces import tokens
from agents.workspaces.editing import require_second_factor
from glozr.errors import Conflict, Forbidden
from tests.roles import Cast, signed_in

pytestmark = pytest.mark.django_db


def give_factor(user: User) -> None:
    Authenticator.objects.create(user=user, type="totp", data={"secret": "x"})


def ask_for_it(cast: Cast) -> None:
    give_factor(cast.owner)
    require_second_factor(cast.workspace, is_required=True, by=cast.owner)


def test_an_owner_asks_for_it_on_the_page(cast: Cast) -> None:
    client = signed_in(cast.owner)
    settings = reverse("workspace_settings", args=[cast.workspace.pk])
    assert "Set up your own first" in client.get(settings).content.decode()
    give_factor(cast.owner)
    client = signed_in(cast.owner)
    assert "Require it of every member" in client.get(settings).content.decode()
    client.post(reverse("workspace_second_factor", args=[cast.workspace.pk]), {"required": "yes"})
    cast.workspace.refresh_from_db()
    assert cast.workspace.second_factor_required
    assert "Require it no longer" in client.get(settings).content.decode()


def test_nobody_shuts_themselves_out_and_only_owners_ask(cast: Cast) -> None:
    with pytest.raises(Conflict, match="of your own first"):
        require_second_factor(cast.workspace, is_required=True, by=cast.owner)
    give_factor(cast.admin)
    with pytest.raises(Forbidden):
        require_second_factor(cast.workspace, is_required=True, by=cast.admin)


def test_a_member_without_one_is_led_to_set_one_up_first(cast: Cast) -> None:
    ask_for_it(cast)
    client = signed_in(cast.editor)
    for address in (
        reverse("agent_list"),
        reverse("workspace_open", args=[cast.workspace.pk]),
        reverse("agent_overview", args=[cast.agent.pk]),
        reverse("experiment_list", args=[cast.agent.pk]),
        reverse("lead_list", args=[cast.agent.pk]),
    ):
        page = client.get(address)
        assert page.status_code == HTTPStatus.FORBIDDEN, address
        assert "Set up a second factor first" in page.content.decode()
        assert reverse("mfa_index") in page.content.decode()
        assert cast.agent.name not in page.content.decode()
    give_factor(cast.editor)
    assert client.get(reverse("agent_list")).status_code == HTTPStatus.OK


def test_the_api_refuses_a_session_and_takes_a_token(cast: Cast) -> None:
    ask_for_it(cast)
    address = reverse("api_experiments", args=[cast.agent.pk])
    refused = signed_in(cast.admin).get(address)
    assert refused.status_code == HTTPStatus.FORBIDDEN
    assert refused.json()["code"] == "second_factor_needed"
    _, key = tokens.create_token(workspace=cast.workspace, name="x", abilities=[Ability.READ])
    answer = Client().get(address, headers={"Authorization": f"Bearer {key}"})
    assert answer.status_code == HTTPStatus.OK


def test_the_admin_shows_staff_without_one_nothing_of_it(cast: Cast) -> None:
    User.objects.filter(pk=cast.admin.pk).update(is_staff=True)
    client = signed_in(cast.admin)
    address = reverse("admin:agents_agent_change", args=[cast.agent.pk])
    assert client.get(address).status_code == HTTPStatus.OK
    ask_for_it(cast)
    assert client.get(address).status_code == HTTPStatus.NOT_FOUND


def test_an_outsider_learns_nothing_of_it(cast: Cast) -> None:
    ask_for_it(cast)
    page = signed_in(cast.outsider).get(reverse("workspace_open", args=[cast.workspace.pk]))
    assert page.status_code == HTTPStatus.NOT_FOUND


def test_recovery_codes_alone_are_no_second_factor(cast: Cast) -> None:
    ask_for_it(cast)
    Authenticator.objects.create(user=cast.editor, type="recovery_codes", data={})
    assert signed_in(cast.editor).get(reverse("agent_list")).status_code == HTTPStatus.FORBIDDEN


def test_the_page_of_members_shows_who_has_one(cast: Cast) -> None:
    give_factor(cast.owner)
    page = signed_in(cast.owner).get(reverse("members", args=[cast.workspace.pk]))
    text = page.content.decode()
    assert text.count("No second factor") == 2
    assert text.count("Second factor") == 1


def test_who_wants_none_may_leave(cast: Cast) -> None:
    ask_for_it(cast)
    client, address = signed_in(cast.editor), reverse("workspace_leave", args=[cast.workspace.pk])
    assert client.get(address).status_code == HTTPStatus.OK
    client.post(address)
    assert not cast.editor.memberships.exists()
