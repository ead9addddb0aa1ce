"""Sign-in by OpenID Connect, against a provider on loopback."""

from collections.abc import Iterator
from http import HTTPStatus
from typing import Any

import httpx
import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from django.test import Client
from django.urls import reverse

from agents.models import User
from tests.agents.people.openid_provider import CLIENT, SECRET, OpenIdProvider, serving
from tests.agents.proofs import age_proof, press
from tests.roles import Cast

pytestmark = pytest.mark.django_db


@pytest.fixture
def provider(settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[OpenIdProvider]:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with serving() as provider:
        app = {
            "provider_id": "sso",
            "name": "Northwind SSO",
            "client_id": CLIENT,
            "secret": SECRET,
            "settings": {"server_url": provider.issuer},
        }
        settings.OIDC_ISSUER, settings.OIDC_NAME = provider.issuer, "Northwind SSO"
        settings.SOCIALACCOUNT_PROVIDERS = {
            "openid_connect": {"OAUTH_PKCE_ENABLED": True, "APPS": [app]}
        }
        yield provider


def go_through(client: Client, **query: str) -> Any:
    """From the button to the provider and back, as a browser goes; the answer to the way back."""
    to_provider = client.get(reverse("openid_connect_login", args=["sso"]), query)
    assert to_provider.status_code == HTTPStatus.FOUND
    back = httpx.get(to_provider["Location"], trust_env=False)
    return client.get(back.headers["Location"].removeprefix("http://testserver"))


def is_signed_in(client: Client) -> bool:
    return client.get(reverse("agent_list")).status_code == HTTPStatus.OK


def test_who_has_proven_the_address_is_signed_in(
    client: Client, cast: Cast, provider: OpenIdProvider
) -> None:
    provider.says("Owner@example.com")
    assert "Sign in with Northwind SSO" in client.get("/accounts/login/").content.decode()
    go_through(client)
    assert client.get(reverse("agent_list")).context["user"] == cast.owner
    assert not SocialAccount.objects.exists(), "an address is all that an account is found by"
    assert "/userinfo" in provider.asked


def test_they_are_led_on_to_where_they_wanted(
    client: Client, cast: Cast, provider: OpenIdProvider
) -> None:
    provider.says("owner@example.com")
    assert go_through(client, next="/app/workspaces/")["Location"] == "/app/workspaces/"


@pytest.mark.parametrize(
    "said",
    [
        {"email_verified": False},
        {"email_verified": "false"},
        {"email_verified": None},
        {"sub": "another"},
        {"email": "nobody@example.com"},
        {"email": ""},
    ],
    ids=str,
)
def test_what_the_provider_does_not_assert_signs_nobody_in(
    client: Client, cast: Cast, provider: OpenIdProvider, said: dict[str, Any]
) -> None:
    people = User.objects.count()
    provider.says(**{"email": "owner@example.com", **said})
    answer = go_through(client)
    assert answer["Location"] == reverse("account_login")
    assert "has not confirmed an address" in client.get(answer["Location"]).content.decode()
    assert not is_signed_in(client)
    assert User.objects.count() == people


def test_an_address_that_nobody_has_proven_here_signs_nobody_in(
    client: Client, cast: Cast, provider: OpenIdProvider
) -> None:
    EmailAddress.objects.filter(user=cast.owner).update(verified=False)
    provider.says("owner@example.com")
    go_through(client)
    assert not is_signed_in(client)
    cast.owner.refresh_from_db()
    assert cast.owner.has_usable_password()


def test_an_inactive_account_stays_shut(
    client: Client, cast: Cast, provider: OpenIdProvider
) -> None:
    User.objects.filter(pk=cast.owner.pk).update(is_active=False)
    provider.says("owner@example.com")
    go_through(client)
    assert not is_signed_in(client)


@pytest.mark.parametrize("claims", [{"iss": "https://evil.example"}, {"aud": "x"}, {"exp": 1}])
def test_a_token_for_somebody_else_is_refused(
    client: Client, cast: Cast, provider: OpenIdProvider, claims: dict[str, Any]
) -> None:
    provider.says("owner@example.com")
    provider.claims |= claims
    answer = go_through(client)
    assert answer["Location"] == reverse("account_login")
    assert not is_signed_in(client)


def test_an_answer_that_was_not_asked_for_is_refused(
    client: Client, cast: Cast, provider: OpenIdProvider
) -> None:
    """As of an attacker who has a victim's browser open the end of their own sign-in."""
    provider.says("owner@example.com")
    begun = Client().get(reverse("openid_connect_login", args=["sso"]))
    back = httpx.get(begun["Location"], trust_env=False).headers["Location"]
    client.get(back.removeprefix("http://testserver"))
    assert not is_signed_in(client)


def test_nothing_is_connected_to_who_is_signed_in(
    client: Client, cast: Cast, provider: OpenIdProvider
) -> None:
    client.force_login(cast.owner)
    provider.says("attacker@example.com")
    go_through(client, process="connect")
    assert not SocialAccount.objects.exists()


def test_the_second_factor_is_still_asked_for(
    client: Client, cast: Cast, provider: OpenIdProvider
) -> None:
    Authenticator.objects.create(user=cast.owner, type="totp", data={"secret": "x"})
    provider.says("owner@example.com")
    assert go_through(client)["Location"] == "/accounts/2fa/authenticate/"
    assert not is_signed_in(client)


def test_who_has_no_password_proves_it_at_the_provider(
    client: Client, cast: Cast, provider: OpenIdProvider
) -> None:
    cast.owner.set_unusable_password()
    cast.owner.save()
    provider.says("owner@example.com")
    go_through(client)
    age_proof(client)
    address = reverse("tokens", args=[cast.workspace.pk])
    asked = client.post(address, {"name": "Chat", "abilities": ["runtime"]})
    assert "sign in again with Northwind SSO" in asked.content.decode()
    early = press(client, asked, proof_by="again")
    assert "You have not signed in again" in early.content.decode()
    begun = client.get(
        reverse("openid_connect_login", args=["sso"]), {"auth_params": "prompt=login"}
    )
    assert "prompt=login" in begun["Location"], "the provider is to ask, and not only to remember"
    go_through(client, auth_params="prompt=login")
    assert press(client, early, proof_by="again").status_code == HTTPStatus.OK
    assert cast.workspace.tokens.get().name == "Chat"
