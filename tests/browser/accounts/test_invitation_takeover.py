"""An invitation in two real browsers: the link that the inviter sees is worth nothing."""

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from agents.models import User
from tests.agents.letters import link_to
from tests.browser.accessibility import problems
from tests.browser.people import no_complaints, sign_in
from tests.harness.servers import Served
from tests.roles import Cast

pytestmark = pytest.mark.django_db(transaction=True)
SAM = "sam@example.com"
SAMS = "otters dance by sevens"


def test_an_admin_gets_nothing_of_whom_they_invite(
    browser: Browser,
    page: Page,
    context: BrowserContext,
    site: Served,
    cast: Cast,
) -> None:
    """Mallory invites Sam and keeps the link; Sam opens the mail in a browser of their own."""
    sams_browser = browser.new_context(base_url=str(site), locale="en-GB")
    sam = sams_browser.new_page()
    with no_complaints(page), no_complaints(sam):
        sign_in(context, cast.admin, site)
        shown = invite(page, cast)
        context.clear_cookies()
        page.goto(shown)
        assert not problems(page)
        expect(page.locator("input[type=password]")).to_have_count(0)
        page.get_by_role("button", name="Mail me the link again").click()
        expect(page.get_by_text("a moment ago")).to_be_visible()
        assert not User.objects.filter(email=SAM).exists()

        sam.goto(link_to(SAM))
        assert not problems(sam)
        sam.get_by_label("Your name").fill("Sam")
        sam.get_by_label("Password").fill(SAMS)
        sam.get_by_role("button", name="Create my account and join").click()
        expect(sam.get_by_text(f"Welcome to {cast.workspace}")).to_be_visible()
    page.goto("/app/")
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    assert page.goto(shown).status == 404  # type: ignore[union-attr]
    sams_browser.close()


def invite(page: Page, cast: Cast) -> str:
    """Invite Sam on the page; the link that it shows."""
    page.goto(f"/app/workspaces/{cast.workspace.pk}/members/")
    page.get_by_label("E-mail address").fill(SAM)
    page.get_by_role("button", name="Send the invitation").click()
    return page.get_by_label("Link of the invitation").input_value()
