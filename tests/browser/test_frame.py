"""What the frame around every page does in a real browser."""

import re

import pytest
from allauth.mfa.totp.internal.auth import hotp_value, yield_hotp_counters_from_time
from django.conf import settings
from django.urls import reverse
from playwright.sync_api import Browser, BrowserContext, FloatRect, Page, expect

from agents.people import addresses
from agents.workspaces import tokens
from agents.workspaces.editing import edit_workspace
from tests.browser.accessibility import EVERY_WIDTH, OPEN_EVERYTHING, problems
from tests.browser.people import no_complaints, show_on, sign_in
from tests.experiments.outcomes.concluded import WON, measured
from tests.factories import PASSWORD
from tests.harness.servers import Served
from tests.roles import Cast

pytestmark = pytest.mark.django_db(transaction=True)

BACKGROUND = "getComputedStyle(document.documentElement).backgroundColor"


def test_the_theme_follows_the_system_until_one_is_chosen(
    page: Page, context: BrowserContext, site: Served, cast: Cast
) -> None:
    sign_in(context, cast.editor, site)
    page.emulate_media(color_scheme="dark")
    page.goto(reverse("agent_list"))
    dark = page.evaluate(BACKGROUND)
    page.get_by_title("Theme").click()
    page.get_by_role("button", name="Light").click()
    light = page.evaluate(BACKGROUND)
    assert light != dark
    with no_complaints(page):
        page.reload()
    assert page.evaluate(BACKGROUND) == light
    # theme.js stands in the head and is not deferred: the choice is there before the first paint.
    assert page.evaluate("document.querySelector('head script').defer") is False
    page.get_by_title("Theme").click()
    page.get_by_role("button", name="As the system").click()
    assert page.evaluate(BACKGROUND) == dark


def test_menus_and_the_skip_link_work_by_keyboard(
    page: Page, context: BrowserContext, site: Served, cast: Cast
) -> None:
    sign_in(context, cast.owner, site)
    page.goto(reverse("agent_list"))
    page.keyboard.press("Tab")
    skip = page.get_by_role("link", name="Skip to the content")
    expect(skip).to_be_focused()
    expect(skip).to_be_in_viewport()
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Workspaces", exact=True)).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_text("Workspaces", exact=True)).to_be_hidden()
    expect(page.locator("details.menu summary").first).to_be_focused()


def test_the_prompt_is_composed_while_one_types_and_saved(
    page: Page, context: BrowserContext, site: Served, cast: Cast
) -> None:
    sign_in(context, cast.admin, site)
    with no_complaints(page):
        page.goto(reverse("agent_settings", args=[cast.agent.pk]))
        page.get_by_label("Persona name").fill("Aria")
        page.get_by_label("Tone").fill("warm and concise")
        prompt = page.get_by_role("region", name="The whole system prompt")
        expect(prompt).to_contain_text("Your name is Aria.")
        expect(prompt).to_contain_text("Your tone: warm and concise")
        page.get_by_role("button", name="Save").click()
        expect(page.get_by_role("status").first).to_contain_text("Saved.")
    cast.agent.refresh_from_db()
    assert cast.agent.persona == {"name": "Aria", "tone": "warm and concise"}


def test_a_session_that_ended_meanwhile_loses_nothing_typed(
    page: Page, context: BrowserContext, site: Served, cast: Cast
) -> None:
    sign_in(context, cast.admin, site)
    page.goto(reverse("agent_settings", args=[cast.agent.pk]))
    context.clear_cookies(name=settings.SESSION_COOKIE_NAME)
    page.get_by_label("Persona name").fill("Aria")
    expect(page.locator("#toasts")).to_contain_text("You have been signed out")
    expect(page.get_by_label("Persona name")).to_have_value("Aria")


def test_what_was_typed_is_saved_after_signing_in_again_in_another_tab(
    page: Page, context: BrowserContext, site: Served, cast: Cast
) -> None:
    sign_in(context, cast.admin, site)
    page.goto(reverse("agent_settings", args=[cast.agent.pk]))
    context.clear_cookies(name=settings.SESSION_COOKIE_NAME)
    page.get_by_label("Persona name").fill("Aria")
    expect(page.locator("#toasts")).to_contain_text("Sign in again in another tab")

    other = context.new_page()
    other.goto("/accounts/login/")
    other.get_by_label("E-mail address").fill(cast.admin.email)
    other.get_by_label("Password").fill(PASSWORD)
    other.get_by_role("button", name="Sign in", exact=True).click()
    expect(other.get_by_role("heading", name="Agents")).to_be_visible()

    with no_complaints(page):
        page.get_by_label("Tone").fill("warm")
        expect(page.locator("#prompt")).to_contain_text("Your tone: warm")
        page.get_by_role("button", name="Save").click()
        expect(page.get_by_role("status").first).to_contain_text("Saved.")
    cast.agent.refresh_from_db()
    assert cast.agent.persona == {"name": "Aria", "tone": "warm"}


@pytest.mark.parametrize("scripts", [True, False])
def test_a_form_is_sent_again_after_signing_in_again(
    browser: Browser, site: Served, cast: Cast, scripts: bool
) -> None:
    context = browser.new_context(base_url=str(site), java_script_enabled=scripts)
    sign_in(context, cast.admin, site)
    page = context.new_page()
    page.goto(reverse("experiment_new", args=[cast.agent.pk]))
    page.get_by_label("Name", exact=True).first.fill("Aria or Max")
    page.get_by_label("Persona name").last.fill("Aria")
    page.get_by_label("Hypothesis").fill("Warmth helps.\nSo we think.")
    context.clear_cookies(name=settings.SESSION_COOKIE_NAME)
    page.get_by_role("button", name="Save draft").last.click()
    expect(page.get_by_role("heading", name="You have been signed out")).to_be_visible()
    if scripts:
        assert not problems(page)

    with context.expect_page() as opened:
        page.get_by_role("link", name="Sign in again").click()
    other = opened.value
    other.get_by_label("E-mail address").fill(cast.admin.email)
    other.get_by_label("Password").fill(PASSWORD)
    other.get_by_role("button", name="Sign in", exact=True).click()
    expect(other.get_by_role("heading", name="Agents")).to_be_visible()

    page.get_by_role("button", name="Send it again").click()
    if not scripts:  # The token of before signing in: the page that says so keeps it all as well.
        expect(page.get_by_role("heading", name="Please send that again")).to_be_visible()
        page.get_by_role("button", name="Send it again").click()
    expect(page.get_by_role("heading", name="Aria or Max")).to_be_visible()
    draft = cast.agent.experiments.get()
    assert draft.hypothesis.split() == ["Warmth", "helps.", "So", "we", "think."]
    context.close()


def test_who_made_a_mistake_is_put_at_it_and_told(
    page: Page, context: BrowserContext, site: Served, cast: Cast
) -> None:
    sign_in(context, cast.owner, site)
    page.goto(reverse("members", args=[cast.workspace.pk]))
    page.get_by_label("E-mail address").fill(cast.editor.email)
    page.get_by_label("Editor").check()
    page.get_by_role("button", name="Send the invitation").click()
    field = page.get_by_label("E-mail address")
    expect(field).to_be_focused()
    expect(field).to_have_accessible_description(re.compile("member"))
    expect(field).to_have_value(cast.editor.email)


def test_what_is_wrong_with_a_form_as_a_whole_is_told_first(page: Page, cast: Cast) -> None:
    page.goto("/accounts/login/")
    page.get_by_label("E-mail address").fill(cast.owner.email)
    page.get_by_label("Password").fill("wrong")
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page.locator(".errorlist.nonfield")).to_be_focused()


def test_a_key_is_copied(page: Page, context: BrowserContext, site: Served, cast: Cast) -> None:
    sign_in(context, cast.owner, site)
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.goto(reverse("tokens", args=[cast.workspace.pk]))
    page.get_by_label("Name").fill("Chat")
    page.get_by_label("Ask for assignments").check()
    page.get_by_role("button", name="Create token").click()
    key = page.get_by_label("Key of the token").input_value()
    page.get_by_role("button", name="Copy").click()
    expect(page.get_by_role("button", name="Copied")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()") == key
    assert tokens.usable_token(key)


def test_an_example_of_the_api_is_copied(page: Page, context: BrowserContext) -> None:
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    with no_complaints(page):
        page.goto("/api/docs/")
        page.get_by_role("navigation", name="Calls").get_by_text("Record a lead").click()
        page.get_by_role("button", name="Copy the example: Record a lead").click()
        expect(page.get_by_role("status")).to_contain_text("Copied")
    copied = str(page.evaluate("navigator.clipboard.readText()"))
    assert copied.startswith("curl -X POST")
    assert "ada@example.com" in copied


def test_a_double_click_sends_a_form_once(
    page: Page, context: BrowserContext, site: Served, cast: Cast
) -> None:
    sign_in(context, cast.owner, site)
    page.goto(reverse("tokens", args=[cast.workspace.pk]))
    page.get_by_label("Name").fill("Chat")
    page.get_by_label("Ask for assignments").check()
    page.get_by_role("button", name="Create token").dblclick(no_wait_after=True)
    expect(page.get_by_label("Key of the token")).to_be_visible()
    assert cast.workspace.tokens.count() == 1


def test_times_are_shown_in_the_readers_zone(browser: object, site: Served, cast: Cast) -> None:
    tokens.create_token(workspace=cast.workspace, name="Chat", abilities=["runtime"])
    token = cast.workspace.tokens.get()
    token.last_used_at = token.created_at.replace(month=1, day=1, hour=23, minute=30)
    token.save()
    context = browser.new_context(  # type: ignore[attr-defined]
        base_url=str(site), locale="en-GB", timezone_id="Asia/Tokyo"
    )
    sign_in(context, cast.owner, site)
    page = context.new_page()
    page.goto(reverse("tokens", args=[cast.workspace.pk]))
    expect(page.get_by_text(f"2 Jan {token.created_at.year}, 08:30")).to_be_visible()
    context.close()


def test_what_is_not_there_is_told_accessibly(page: Page, site: Served) -> None:
    page.goto("/nothing/")
    assert not problems(page)


def test_two_factor_sign_in_is_accessible_at_every_step(
    page: Page, context: BrowserContext, site: Served, cast: Cast
) -> None:
    addresses.mark_proven(cast.owner)
    found = {}

    def look(step: str) -> None:
        found[step] = problems(page)

    with no_complaints(page):
        sign_in(context, cast.owner, site, minutes_ago=11)
        page.goto("/accounts/2fa/")
        page.get_by_role("link", name="Turn on").click()
        look("confirm the password")
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Confirm").click()
        look("scan the picture")
        secret = page.get_by_label("Authenticator secret").input_value()
        page.get_by_label("Code", exact=True).fill(code_of(secret))
        page.get_by_role("button", name="Turn on").click()
        expect(page.get_by_label("Unused codes")).to_be_visible()
        look("recovery codes")
        recovery = page.get_by_label("Unused codes").input_value().split()[0]
        page.get_by_role("link", name="Make new ones").click()
        look("new recovery codes")
        page.goto("/accounts/2fa/")
        look("turned on")
        page.get_by_role("link", name="Turn off").click()
        look("turn off")
        page.goto("/accounts/logout/")
        look("sign out")
        page.get_by_role("button", name="Sign out").click()
        page.get_by_label("E-mail address").fill(cast.owner.email)
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Sign in", exact=True).click()
        look("enter the code")
        page.get_by_label("Code").fill(recovery)
        page.get_by_role("button", name="Sign in", exact=True).click()
        expect(page.get_by_role("heading", name="Agents")).to_be_visible()
    assert not any(found.values()), found


def code_of(secret: str) -> str:
    """What an authenticator app shows now."""
    return f"{hotp_value(secret, next(iter(yield_hotp_counters_from_time()))):06}"


def test_what_is_shown_once_is_accessible(
    page: Page, context: BrowserContext, site: Served, cast: Cast
) -> None:
    sign_in(context, cast.owner, site)
    found = {}
    with no_complaints(page):
        page.goto(reverse("tokens", args=[cast.workspace.pk]))
        page.get_by_label("Name").fill("A name that is one word: " + "w" * 50)
        page.get_by_label("Ask for assignments").check()
        page.get_by_role("button", name="Create token").click()
        found["key"] = problems(page)
        token = cast.workspace.tokens.get()
        page.goto(reverse("token_revoke", args=[cast.workspace.pk, token.pk]))
        found["revoke"] = problems(page)
        page.goto(reverse("members", args=[cast.workspace.pk]))
        page.get_by_label("E-mail address").fill(f"{'w' * 60}@example.com")
        page.get_by_label("Editor").check()
        page.get_by_role("button", name="Send the invitation").click()
        found["link"] = problems(page)
    assert not any(found.values()), found


def test_menus_stay_within_a_small_screen(
    page: Page, context: BrowserContext, site: Served, cast: Cast
) -> None:
    edit_workspace(
        cast.workspace, name="w" * 120, time_zone="UTC", retention_months=None, by=cast.owner
    )
    sign_in(context, cast.owner, site)
    page.set_viewport_size({"width": 360, "height": 740})
    page.goto(reverse("agent_list"))
    for number in range(page.locator("details.menu").count()):
        menu = page.locator("details.menu").nth(number)
        menu.locator("summary").click()
        box = menu.locator(".menu-panel").bounding_box()
        assert box is not None
        assert 0 <= box["x"] <= 360 - box["width"], box
        page.keyboard.press("Escape")


def test_the_window_is_used_from_a_telephone_to_a_wide_screen(
    page: Page, context: BrowserContext, site: Served, cast: Cast
) -> None:
    experiment = measured(cast.agent, WON)
    sign_in(context, cast.owner, site)
    found = {}
    for address in (
        reverse("agent_list"),
        reverse("experiment_list", args=[cast.agent.pk]),
        experiment.get_absolute_url(),
        reverse("conversation_list", args=[cast.agent.pk]),
        reverse("tokens", args=[cast.workspace.pk]),
    ):
        with no_complaints(page):
            page.goto(address)
        page.evaluate(OPEN_EVERYTHING)
        page.wait_for_load_state("networkidle")  # what is fetched when it is opened
        found[address] = problems(page, EVERY_WIDTH)
        for width in (1280, 1440, 1920, 2560):
            show_on(page, "light", width=width, height=900)
            account, main, aside = (
                box_of(page, part) for part in (".topbar-end", ".page-main", ".page-aside")
            )
            assert width - (account["x"] + account["width"]) <= 32, (address, width)
            assert main["width"] <= 72 * 15, (address, width)
            assert aside["x"] > main["x"] + main["width"], (address, width)
            assert (aside["x"] + aside["width"] - main["x"]) / width > 0.64, (address, width)
        show_on(page, "light", width=1279, height=900)
        assert box_of(page, ".page-aside")["x"] < 32, address
    assert not any(found.values()), found


def box_of(page: Page, part: str) -> FloatRect:
    box = page.locator(part).bounding_box()
    assert box is not None
    return box
