"""A token's end, agents, networks and new keys, on its pages."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from agents.models import ApiToken
from agents.workspaces import tokens
from agents.workspaces.tokens import Bounds
from tests.factories import AgentFactory
from tests.roles import Cast, signed_in

pytestmark = pytest.mark.django_db
KEY = re.compile(r'value="(glz_[^"]+)"')


@pytest.fixture
def owner(cast: Cast) -> Client:
    return signed_in(cast.owner)


def create(owner: Client, cast: Cast, **sent: Any) -> Any:
    form = {"name": "Chat", "abilities": ["runtime"], **sent}
    return owner.post(reverse("tokens", args=[cast.workspace.pk]), form)


def test_a_token_is_bound_as_the_form_says(owner: Client, cast: Cast) -> None:
    sent = {"days": "30", "agent_ids": [str(cast.agent.pk)], "networks": "203.0.113.0/24\r\n::1"}
    assert KEY.search(create(owner, cast, **sent).text)
    token = ApiToken.objects.get()
    assert token.expires_at is not None
    assert timedelta(days=29) < token.expires_at - timezone.now() < timedelta(days=31)
    assert token.agent_ids == [cast.agent.pk]
    assert token.networks == ["203.0.113.0/24", "::1/128"]
    page = owner.get(reverse("tokens", args=[cast.workspace.pk])).text
    for said in (f"Only for {cast.agent.name}", "Only from 203.0.113.0/24, ::1/128", "Ends"):
        assert said in page


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("networks", "somewhere", "is no network"),
        ("networks", "10.0.0.1/8", "is no network"),
        ("days", "12", "Select a valid choice"),
    ],
)
def test_what_is_none_is_told_at_its_field(
    owner: Client, cast: Cast, field: str, value: str, said: str
) -> None:
    answer = create(owner, cast, **{field: value})
    assert answer.status_code == 400
    assert said in answer.text
    assert not ApiToken.objects.exists()


def test_an_agent_of_others_is_no_choice(owner: Client, cast: Cast) -> None:
    answer = create(owner, cast, agent_ids=[str(AgentFactory.create().pk)])
    assert answer.status_code == 400
    assert not ApiToken.objects.exists()


def make(cast: Cast, **bounds: Any) -> tuple[ApiToken, str, str]:
    token, key = tokens.create_token(
        workspace=cast.workspace, name="Chat", abilities=["runtime"], bounds=Bounds(**bounds)
    )
    return token, key, reverse("token_rotate", args=[cast.workspace.pk, token.pk])


def test_a_new_key_is_shown_once_and_the_old_one_goes_on(owner: Client, cast: Cast) -> None:
    token, key, address = make(cast)
    assert f'value="{token.hint}"' in owner.get(address).text
    answer = owner.post(address, {"hint": token.hint, "hours": "24"})
    found = KEY.search(answer.text)
    assert found
    assert "until now works until" in answer.text
    assert answer["Cache-Control"] == "no-store, private"
    assert tokens.usable_token(found[1]) == tokens.usable_token(key) == token
    page = owner.get(reverse("tokens", args=[cast.workspace.pk])).text
    assert "The key before works until" in page
    assert found[1] not in page
    assert "It ends at once if you make another one now." in owner.get(address).text


def test_the_form_sent_again_is_out_of_date(owner: Client, cast: Cast) -> None:
    token, key, address = make(cast)
    for status in (200, 409):
        answer = owner.post(address, {"hint": token.hint, "hours": "1"})
        assert answer.status_code == status
    assert tokens.usable_token(key) == token


@pytest.mark.parametrize("hours", ["", "-1", "169", "x"])
def test_how_long_is_one_of_the_choices(owner: Client, cast: Cast, hours: str) -> None:
    token, _, address = make(cast)
    assert owner.post(address, {"hint": token.hint, "hours": hours}).status_code == 400
    token.refresh_from_db()
    assert token.previous_digest is None


def test_one_that_has_ended_is_said_to_and_gets_no_new_key(owner: Client, cast: Cast) -> None:
    token, _, address = make(cast, expires_at=timezone.now() + timedelta(days=1))
    ApiToken.objects.update(expires_at=timezone.now())
    page = owner.get(reverse("tokens", args=[cast.workspace.pk])).text
    assert "Ended" in page
    assert address not in page
    assert owner.post(address, {"hint": token.hint, "hours": "1"}).status_code == 409


def test_where_it_was_used_from_last_is_shown(owner: Client, cast: Cast) -> None:
    token, _, _ = make(cast)
    tokens.touch(token.pk, "203.0.113.9")
    page = owner.get(reverse("tokens", args=[cast.workspace.pk])).text
    assert "from 203.0.113.0/24" in page
    assert "203.0.113.9" not in page
