"""Passkeys, with an authenticator that Chromium makes up, under the policy on scripts."""

import pytest
from allauth.account.authentication import AUTHENTICATION_METHODS_SESSION_KEY
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.contrib.sessions.backends.db import SessionStore
from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.people import no_complaints, sign_in
from tests.harness.servers import Served
from tests.roles import Cast

pytestmark = pytest.mark.django_db(transaction=True)
PHONE = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


@pytest.fixture(autouse=True)
def _phone(context: BrowserContext, page: Page) -> None:
    cdp = context.new_cdp_session(page)
    cdp.send("WebAuthn.enable")
    cdp.send("WebAuthn.addVirtualAuthenticator", {"options": PHONE})


@pytest.fixture
def _with_passkey(page: Page, context: BrowserContext, site: Served, cast: Cast) -> None:
    """The Owner is signed in and has added one."""
    sign_in(context, cast.owner, site)
    with no_complaints(page):
        page.goto("/accounts/2fa/")
        page.get_by_role("link", name="Add one").click()
        page.get_by_label("Name").fill("My phone")
        page.get_by_label("It may sign me in by itself").check()
        page.get_by_role("button", name="Add it").click()
        page.wait_for_url("**/recovery-codes/")
        page.goto("/accounts/2fa/webauthn/")
        expect(page.get_by_role("link", name="Rename My phone")).to_be_visible()
    assert Authenticator.objects.filter(user=cast.owner, type="webauthn").count() == 1


@pytest.mark.usefixtures("_with_passkey")
def test_a_passkey_signs_in_by_itself(page: Page, context: BrowserContext, cast: Cast) -> None:
    context.clear_cookies(name=settings.SESSION_COOKIE_NAME)
    with no_complaints(page):
        page.goto("/accounts/login/")
        page.get_by_role("button", name="Sign in with a passkey").click()
        page.wait_for_url("**/app/")
        expect(page.get_by_role("heading", name="Agents")).to_be_visible()


@pytest.mark.usefixtures("_with_passkey")
def test_a_passkey_is_a_proof(page: Page, context: BrowserContext, cast: Cast) -> None:
    [key] = [c["value"] for c in context.cookies() if c["name"] == settings.SESSION_COOKIE_NAME]
    session = SessionStore(key)
    for record in session[AUTHENTICATION_METHODS_SESSION_KEY]:
        record["at"] -= 3600
    session.save()
    page.goto(f"/app/workspaces/{cast.workspace.pk}/tokens/")
    page.get_by_label("Name").fill("Website chat")
    page.get_by_label("Ask for assignments").check()
    page.locator("form").filter(has=page.get_by_label("Name")).get_by_role("button").click()
    expect(page.get_by_role("heading", name="Confirm that it is you")).to_be_visible()
    page.get_by_role("button", name="Use a passkey or security key").click()
    expect(page.get_by_text("Website chat").first).to_be_visible()
    assert cast.workspace.tokens.count() == 1
