"""API tokens and the settings of a workspace, page by page."""

import re
from http import HTTPStatus

import pytest
from django.test import Client
from django.urls import reverse

from agents import limits
from agents.models import Ability, ApiToken
from agents.workspaces import tokens
from tests.factories import WorkspaceFactory
from tests.roles import Cast

pytestmark = pytest.mark.django_db

WHO = [("owner", 200), ("admin", 200), ("editor", 403), ("outsider", 404)]


@pytest.mark.parametrize(("who", "status"), WHO)
@pytest.mark.parametrize("name", ["tokens", "workspace_settings"])
def test_who_sees_them(client: Client, cast: Cast, name: str, who: str, status: int) -> None:
    client.force_login(getattr(cast, who))
    url = reverse(name, args=[cast.workspace.pk])
    assert client.get(url).status_code == status
    sent = client.post(url, {})
    assert sent.status_code == (HTTPStatus.BAD_REQUEST if status == HTTPStatus.OK else status)


def test_a_key_is_shown_once_and_works(client: Client, cast: Cast) -> None:
    client.force_login(cast.admin)
    url = reverse("tokens", args=[cast.workspace.pk])
    response = client.post(url, {"name": "Chat", "abilities": ["runtime"]})
    found = re.search(r'value="(glz_[^"]+)"', response.content.decode())
    assert found
    assert "no-store" in response["Cache-Control"]
    token = tokens.usable_token(found[1])
    assert token is not None
    assert (token.workspace, token.abilities, token.created_by) == (
        cast.workspace,
        ["runtime"],
        cast.admin,
    )
    page = client.get(url).content.decode()
    assert "Chat" in page
    assert found[1] not in page


@pytest.mark.parametrize(
    "sent",
    [
        {"name": "", "abilities": ["runtime"]},
        {"name": "x" * (limits.TOKEN_NAME + 1), "abilities": ["runtime"]},
        {"name": "Chat"},
        {"name": "Chat", "abilities": ["everything"]},
        {"name": "\x00", "abilities": ["runtime"]},
    ],
)
def test_a_token_needs_a_name_and_abilities(
    client: Client, cast: Cast, sent: dict[str, object]
) -> None:
    client.force_login(cast.owner)
    response = client.post(reverse("tokens", args=[cast.workspace.pk]), sent)
    assert response.status_code == HTTPStatus.BAD_REQUEST
    assert response.context["form"].errors
    assert not ApiToken.objects.exists()


def test_revoking_is_confirmed_and_takes_effect_at_once(client: Client, cast: Cast) -> None:
    token, key = tokens.create_token(
        workspace=cast.workspace, name="Chat", abilities=[Ability.RUNTIME.value]
    )
    client.force_login(cast.owner)
    url = reverse("token_revoke", args=[cast.workspace.pk, token.pk])
    assert "Revoke Chat?" in client.get(url).content.decode()
    assert tokens.usable_token(key)
    page = client.post(url, follow=True).content.decode()
    assert "Revoked" in page
    assert tokens.usable_token(key) is None


def test_a_token_of_another_workspace_is_not_found_through_ours(client: Client, cast: Cast) -> None:
    token, key = tokens.create_token(
        workspace=WorkspaceFactory.create(), name="Theirs", abilities=[Ability.RUNTIME.value]
    )
    client.force_login(cast.owner)
    url = reverse("token_revoke", args=[cast.workspace.pk, token.pk])
    assert client.post(url).status_code == HTTPStatus.NOT_FOUND
    assert tokens.usable_token(key)


@pytest.mark.parametrize(("who", "status"), [("editor", 403), ("outsider", 404)])
def test_nobody_else_revokes(client: Client, cast: Cast, who: str, status: int) -> None:
    token, key = tokens.create_token(
        workspace=cast.workspace, name="Chat", abilities=[Ability.RUNTIME.value]
    )
    client.force_login(getattr(cast, who))
    url = reverse("token_revoke", args=[cast.workspace.pk, token.pk])
    assert client.post(url).status_code == status
    assert tokens.usable_token(key)


def test_the_tokens_come_in_pages(
    client: Client, cast: Cast, django_assert_max_num_queries: object
) -> None:
    for number in range(60):
        tokens.create_token(
            workspace=cast.workspace, name=f"Token {number}", abilities=["runtime"],
            created_by=cast.owner,
        )  # fmt: skip
    client.force_login(cast.owner)
    with django_assert_max_num_queries(12):  # type: ignore[operator]
        page = client.get(reverse("tokens", args=[cast.workspace.pk])).content.decode()
    assert "of 60 tokens" in page


def test_the_zone_of_the_results_can_be_set(client: Client, cast: Cast) -> None:
    client.force_login(cast.owner)
    url = reverse("workspace_settings", args=[cast.workspace.pk])
    client.post(url, {"name": "Renamed", "time_zone": "Asia/Tokyo"})
    cast.workspace.refresh_from_db()
    assert (cast.workspace.name, cast.workspace.time_zone) == ("Renamed", "Asia/Tokyo")


@pytest.mark.parametrize(
    "sent", [{"name": "", "time_zone": "UTC"}, {"name": "Ours", "time_zone": "Mars/Olympus"}]
)
def test_bad_settings_are_refused(client: Client, cast: Cast, sent: dict[str, str]) -> None:
    client.force_login(cast.owner)
    response = client.post(reverse("workspace_settings", args=[cast.workspace.pk]), sent)
    assert response.status_code == HTTPStatus.BAD_REQUEST
    assert response.context["form"].errors
    before = cast.workspace.name
    cast.workspace.refresh_from_db()
    assert cast.workspace.name == before
