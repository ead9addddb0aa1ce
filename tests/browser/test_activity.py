"""Conversations and leads in a real browser."""

import pytest
from django.urls import reverse
from playwright.sync_api import BrowserContext, Page, expect

from agents.models import Lead
from experiments import lifecycle
from experiments.models import Experiment
from tests.browser.accessibility import problems
from tests.browser.people import no_complaints, sign_in
from tests.factories import ConversationFactory, ExperimentFactory, LeadFactory, MessageFactory
from tests.harness.servers import Served
from tests.roles import Cast

pytestmark = pytest.mark.django_db(transaction=True)


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


def test_pages_are_accessible(
    page: Page, context: BrowserContext, site: Served, cast: Cast
) -> None:
    experiment = stamped(cast)
    conversation = cast.agent.conversations.get()
    conversations = reverse("conversation_list", args=[cast.agent.pk])
    for person in (cast.admin, cast.editor):
        sign_in(context, person, site)
        for address in (
            conversations,
            f"{conversations}?experiment={experiment.pk}",
            f"{conversations}?search=nobody",
            reverse("conversation", args=[cast.agent.pk, conversation.pk]),
            reverse("lead_list", args=[cast.agent.pk]),
        ):
            with no_complaints(page):
                page.goto(address)
            assert problems(page) == [], address


def test_a_lead_is_moved_on_without_leaving_the_list(
    page: Page, context: BrowserContext, site: Served, cast: Cast
) -> None:
    stamped(cast)
    sign_in(context, cast.admin, site)
    with no_complaints(page):
        page.goto(reverse("lead_list", args=[cast.agent.pk]))
        steps = page.get_by_role("group", name="Status of ann@example.com")
        steps.get_by_role("button", name="Won").click()
        expect(page.get_by_role("status")).to_contain_text("ann@example.com is now won")
        won = steps.get_by_role("button", name="Won")
        expect(won).to_be_focused()
        expect(won).to_have_attribute("aria-pressed", "true")
        assert Lead.objects.get().status == "won"

        page.get_by_label("Choose ann@example.com").check()
        page.locator("#several").get_by_role("button", name="Lost").click()
        expect(page.get_by_text("1 lead saved.")).to_be_visible()

    assert Lead.objects.get().status == "lost"


def test_filters_lead_from_the_list_to_a_transcript(
    page: Page, context: BrowserContext, site: Served, cast: Cast
) -> None:
    experiment = stamped(cast)
    sign_in(context, cast.editor, site)
    page.goto(reverse("conversation_list", args=[cast.agent.pk]))
    page.get_by_label("Experiment").select_option(experiment.name)
    page.get_by_role("button", name="Filter").click()
    page.get_by_role("rowheader").get_by_role("link").click()

    expect(page.get_by_role("heading", level=1)).to_contain_text("Conversation of")
    expect(page.get_by_label("About this conversation")).to_contain_text("warm and concise")
