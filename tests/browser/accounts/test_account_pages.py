"""Pages between people and what they came for, which no address alone leads to: for everybody."""

from collections.abc import Callable

import pytest
from allauth.account.authentication import AUTHENTICATION_METHODS_SESSION_KEY
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.contrib.sessions.backends.db import SessionStore
from playwright.sync_api import BrowserContext, Page

from agents.models import Workspace
from agents.people import attempts
from tests.browser.accessibility import problems
from tests.browser.people import sign_in
from tests.harness.servers import Served
from tests.roles import Cast

pytestmark = pytest.mark.django_db(transaction=True)


def wait_is_told(page: Page, cast: Cast) -> None:
    for _ in range(attempts.PASSWORDS.free + 3):
        page.goto("/accounts/login/")
        page.get_by_label("E-mail address").fill(cast.owner.email)
        page.get_by_label("Password").fill("wrong")
        page.get_by_role("button", name="Sign in", exact=True).click()
    page.get_by_role("heading", name="Wait a moment").wait_for()


def code_is_asked(page: Page, cast: Cast) -> None:
    page.goto("/accounts/login/code/")
    page.get_by_label("E-mail address").fill(cast.owner.email)
    page.get_by_role("button", name="Mail me a code").click()
    page.get_by_role("heading", name="Enter the code").wait_for()


def proof_is_asked(page: Page, cast: Cast) -> None:
    Authenticator.objects.create(user=cast.owner, type="totp", data={"secret": "x"})
    [key] = [
        c["value"] for c in page.context.cookies() if c["name"] == settings.SESSION_COOKIE_NAME
    ]
    session = SessionStore(key)
    for record in session[AUTHENTICATION_METHODS_SESSION_KEY]:
        record["at"] -= 3600
    session.save()
    page.goto(f"/app/workspaces/{cast.workspace.pk}/tokens/")
    page.get_by_label("Name").fill("Website chat")
    page.get_by_label("Ask for assignments").check()
    page.locator("form").filter(has=page.get_by_label("Name")).get_by_role("button").click()
    page.get_by_role("heading", name="Confirm that it is you").wait_for()
    page.get_by_role("button", name="Confirm and go on").click()
    page.get_by_role("alert").wait_for()


def second_factor_is_asked(page: Page, cast: Cast) -> None:
    Workspace.objects.update(second_factor_required=True)
    page.goto("/app/")
    page.get_by_role("heading", name="Set up a second factor first").wait_for()


def sign_in_asks_for_it(page: Page, cast: Cast) -> None:
    Authenticator.objects.create(user=cast.owner, type="totp", data={"secret": "x"})
    page.goto("/accounts/login/")
    page.get_by_label("E-mail address").fill(cast.owner.email)
    page.get_by_label("Password").fill("correct horse battery")
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.get_by_role("heading", name="Enter your code").wait_for()


SIGNED_OUT = (wait_is_told, code_is_asked, sign_in_asks_for_it)
SIGNED_IN = (proof_is_asked, second_factor_is_asked)


@pytest.mark.parametrize("reach", [*SIGNED_OUT, *SIGNED_IN], ids=lambda reach: reach.__name__)
def test_axe_finds_nothing_and_nothing_is_too_wide(
    page: Page,
    context: BrowserContext,
    site: Served,
    cast: Cast,
    reach: Callable[[Page, Cast], None],
) -> None:
    if reach in SIGNED_IN:
        sign_in(context, cast.owner, site)
    reach(page, cast)
    assert not problems(page)
