"""From the results to a lesson that is found again, in a browser; and on paper."""

import re

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from agents.models import Agent
from experiments.models import Experiment
from experiments.outcomes import sharing
from tests.browser.accessibility import problems
from tests.browser.people import no_complaints, sign_in
from tests.experiments.outcomes.concluded import OPEN, WON, measured
from tests.factories import persona_variants
from tests.roles import Cast, make_cast

pytestmark = pytest.mark.django_db(transaction=True)

PAGE_OF_PDF = re.compile(rb"/Type\s*/Page\b(?!s)")


@pytest.fixture
def cast() -> Cast:
    return make_cast()


@pytest.fixture
def admin(context: BrowserContext, live_server: object, cast: Cast) -> Page:
    sign_in(context, cast.admin, live_server)
    return context.new_page()


def persona_of(agent: Agent) -> str:
    return str(Agent.objects.get(pk=agent.pk).persona["name"])


def test_three_clicks_from_the_results_to_the_winner_in_use(admin: Page, cast: Cast) -> None:
    experiment = measured(cast.agent, WON, name="Aria or Max")
    with no_complaints(admin):
        admin.goto(experiment.get_absolute_url())
        admin.get_by_role("link", name="Conclude").click()
        expect(admin.get_by_label("Reason")).to_be_hidden()
        expect(admin.get_by_text("What would change with treatment")).to_be_visible()
        assert problems(admin) == []
        admin.get_by_label("into use").click()
        admin.get_by_role("button", name="Conclude").click()
        expect(admin.get_by_text("Concluded: treatment won").first).to_be_visible()
    assert persona_of(cast.agent) == "Aria"


def test_against_the_verdict_with_a_reason_and_back_and_found_again(
    admin: Page, cast: Cast
) -> None:
    experiment = measured(cast.agent, OPEN, name="Aria or Max")
    with no_complaints(admin):
        admin.goto(experiment.get_absolute_url())
        admin.get_by_role("link", name="Conclude").click()
        expect(admin.get_by_label("into use")).to_be_hidden()
        admin.get_by_label("treatment won").check()
        admin.get_by_label("Reason").fill("It is cheaper to keep.")
        admin.get_by_label("into use").check()
        admin.get_by_label("What was learned").fill("Warmth costs nothing.")
        admin.get_by_role("button", name="Conclude").click()
        expect(admin.locator("#concluded")).to_contain_text("It is cheaper to keep.")
        assert persona_of(cast.agent) == "Aria"
        assert problems(admin) == []

        admin.get_by_role("link", name="Take it back").click()
        assert problems(admin) == []
        admin.get_by_role("button", name="Take it back").click()
        expect(admin.locator("#concluded")).to_contain_text("taken back by")
        assert persona_of(cast.agent) == "Max"

        admin.get_by_role("link", name="What we learned").first.click()
        admin.get_by_label("Search names").fill("costs nothing")
        admin.get_by_role("button", name="Show").click()
        expect(admin.locator(".lessons")).to_contain_text("Warmth costs nothing.")
        assert problems(admin) == []


@pytest.mark.parametrize("is_shared", [False, True])
def test_results_print_on_two_pages(admin: Page, cast: Cast, is_shared: bool) -> None:
    variants = [{**persona_variants()[1], "name": f"Variant {number}"} for number in range(4)]
    experiment: Experiment = measured(
        cast.agent, [(400, 40), (410, 140), (400, 60), (405, 44)], variants=variants
    )
    address = experiment.get_absolute_url()
    if is_shared:
        address = f"/shared/{sharing.share(experiment, by=cast.owner)}/"
    admin.goto(address)
    pages = len(PAGE_OF_PDF.findall(admin.pdf(prefer_css_page_size=True)))
    assert 1 <= pages <= 2
