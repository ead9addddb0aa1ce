"""Conversations, leads and the admin in a real browser."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.urls import reverse
from playwright.sync_api import BrowserContext, Page, expect
from pytest_django.live_server_helper import LiveServer

from agents.models import Lead, User
from experiments import lifecycle
from experiments.models import Experiment
from tests.browser.people import no_complaints, show_on, sign_in
from tests.factories import ConversationFactory, ExperimentFactory, LeadFactory, MessageFactory
from tests.roles import Cast

pytestmark = pytest.mark.django_db(transaction=True)

WCAG = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}


def stamped(cast: Cast) -> Experiment:
    """An experiment with a conversation and a lead of one of its visitors."""
    experiment = lifecycle.start(ExperimentFactory.create(agent=cast.agent), by=cast.owner)
    conversation = ConversationFactory.create(
        agent=cast.agent,
        visitor_id="somebody",
        variant_id=experiment.variants.all()[1].pk,
        decided_at=experiment.started_at,
    )
    MessageFactory.create(conversation=conversation)
    MessageFactory.create(conversation=conversation, role="agent", content="word " * 200)
    LeadFactory.create(agent=cast.agent, visitor_id="somebody", email="ann@example.com")
    return experiment


@pytest.mark.parametrize("width", [360, 1280])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_pages_are_accessible(
    theme: str,
    width: int,
    page: Page,
    context: BrowserContext,
    live_server: LiveServer,
    cast: Cast,
) -> None:
    experiment = stamped(cast)
    conversation = cast.agent.conversations.get()
    conversations = reverse("conversation_list", args=[cast.agent.pk])
    show_on(page, theme, width=width, height=800)
    for person in (cast.admin, cast.editor):
        sign_in(context, person, live_server)
        for address in (
            conversations,
            f"{conversations}?experiment={experiment.pk}",
            f"{conversations}?search=nobody",
            reverse("conversation", args=[cast.agent.pk, conversation.pk]),
            reverse("lead_list", args=[cast.agent.pk]),
        ):
            with no_complaints(page):
                page.goto(address)
                found = Axe().run(page, options=WCAG)
            assert found.violations_count == 0, found.generate_report()
            assert page.evaluate("document.documentElement.scrollWidth") <= width, address


def test_a_lead_is_moved_on_without_leaving_the_list(
    page: Page, context: BrowserContext, live_server: LiveServer, cast: Cast
) -> None:
    stamped(cast)
    sign_in(context, cast.admin, live_server)
    with no_complaints(page):
        page.goto(reverse("lead_list", args=[cast.agent.pk]))
        page.get_by_label("Status of ann@example.com", exact=True).select_option("Won")
        page.get_by_role("button", name="Save the status of ann@example.com").click()
        expect(page.get_by_role("status")).to_contain_text("ann@example.com is now won")
        save = page.get_by_role("button", name="Save the status of ann@example.com")
        expect(save).to_be_focused()

    assert Lead.objects.get().status == "won"


def test_filters_lead_from_the_list_to_a_transcript(
    page: Page, context: BrowserContext, live_server: LiveServer, cast: Cast
) -> None:
    experiment = stamped(cast)
    sign_in(context, cast.editor, live_server)
    page.goto(reverse("conversation_list", args=[cast.agent.pk]))
    page.get_by_label("Experiment").select_option(experiment.name)
    page.get_by_role("button", name="Filter").click()
    page.get_by_role("rowheader").get_by_role("link").click()

    expect(page.get_by_role("heading", level=1)).to_contain_text("Conversation of")
    expect(page.get_by_label("About this conversation")).to_contain_text("warm and concise")


def test_the_admin_works_under_the_security_policy(
    page: Page, context: BrowserContext, live_server: LiveServer, cast: Cast
) -> None:
    stamped(cast)
    User.objects.filter(pk=cast.admin.pk).update(is_staff=True)
    sign_in(context, cast.admin, live_server)
    with no_complaints(page):
        for address in ("/admin/", "/admin/agents/message/", "/admin/agents/apitoken/add/"):
            page.goto(address)
        page.goto("/admin/experiments/experiment/add/")
        page.locator(".field-agent .select2-selection").click()
        page.locator(".select2-results__option", has_text=cast.agent.name).click()
        page.get_by_label("Name:", exact=True).fill("Made in the admin")
        page.get_by_label("Kind:").select_option("CTA")
        page.get_by_text("Add another Variant").click()
        page.get_by_role("button", name="Save and add another").click()
        expect(page.locator(".success")).to_contain_text("was added successfully")
        page.goto("/admin/experiments/experiment/")
        page.get_by_label("Select all objects on this page for an action").check()
        page.get_by_label("Action:").select_option("Duplicate as a draft")
        page.get_by_role("button", name="Go").click()
        expect(page.locator(".success").first).to_contain_text("duplicated")
