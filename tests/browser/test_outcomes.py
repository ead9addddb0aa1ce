"""From the results to a lesson that is found again, in a browser; and on paper."""

import re
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import BrowserContext, Page, expect

from agents.models import Agent
from experiments.models import Experiment
from experiments.outcomes import sharing
from experiments.results.looks.taking import take_due_looks
from experiments.schedules.due import start_and_end_due
from glozr.zones import zone
from tests.browser.accessibility import problems
from tests.browser.people import no_complaints, sign_in
from tests.experiments.learning.test_planning import came
from tests.experiments.outcomes.concluded import OPEN, measured
from tests.experiments.results.planned import week_of
from tests.factories import persona_variants
from tests.roles import Cast, make_cast

pytestmark = pytest.mark.django_db(transaction=True)

PAGE_OF_PDF = re.compile(rb"/Type\s*/Page\b(?!s)")


COUNT_CLICKS = """addEventListener("pointerdown", () =>
    sessionStorage.setItem("clicks", Number(sessionStorage.getItem("clicks")) + 1), true)"""
"""Across pages, of the hand alone: a label also clicks its field."""


@pytest.fixture
def cast() -> Cast:
    return make_cast()


@pytest.fixture
def admin(context: BrowserContext, live_server: object, cast: Cast) -> Page:
    sign_in(context, cast.admin, live_server)
    return context.new_page()


def clicks(page: Page) -> int:
    return int(page.evaluate("Number(sessionStorage.getItem('clicks'))"))


def persona_of(agent: Agent) -> str:
    return str(Agent.objects.get(pk=agent.pk).persona["name"])


def plan_and_draft(page: Page, agent: Agent) -> Experiment:
    page.goto(reverse("experiment_plan", args=[agent.pk]))
    page.get_by_label("By how many percent at least").fill("40")
    page.get_by_role("button", name="Show").click()
    expect(page.locator("#plan-words")).to_contain_text("a lift of +40% in lead capture rate")
    assert problems(page) == []

    page.goto(reverse("experiment_new", args=[agent.pk]))
    page.get_by_label("Name", exact=True).first.fill("Aria or Max")
    page.get_by_role("group", name="Variant 2").get_by_label("Persona name").fill("Aria")
    page.locator("#design").get_by_role("radio", name="Planned").check()
    page.get_by_label("Lift to detect").fill("40")
    page.get_by_label("Looks at most").fill("12")
    page.get_by_role("button", name="Save draft", exact=True).last.click()
    expect(page.get_by_text("Aria or Max is a draft.")).to_be_visible()
    return Experiment.objects.get(name="Aria or Max")


def start_by_schedule_and_look(page: Page, experiment: Experiment) -> None:
    """Until the second look, whose weeks pass in the database, has decided."""
    page.locator("summary").filter(has_text="More").click()
    page.get_by_role("link", name="Schedule").click()
    here = zone(experiment.agent.workspace.time_zone)
    tomorrow = timezone.localtime(timezone=here) + timedelta(days=1)
    page.locator("#id_starts_at").fill(f"{tomorrow:%Y-%m-%dT%H:%M}")
    page.get_by_role("button", name="Save").click()
    expect(page.locator("#scheduled")).to_be_visible()
    Experiment.objects.update(starts_at=timezone.now())
    start_and_end_due()
    page.reload()
    expect(page.get_by_text("Running, active")).to_be_visible()

    week_of(experiment, (125, 38), (125, 40))  # whose spans close in a week
    for taken, counts, told in (
        (1, ((125, 37), (125, 90)), "No verdict between looks."),
        (2, ((10, 3), (10, 4)), "treatment is better than control."),
    ):
        week_of(experiment, *counts)
        assert take_due_looks()
        assert experiment.looks.count() == taken
        page.reload()
        expect(page.locator("#results")).to_contain_text(told)


def put_the_winner_into_use(page: Page) -> None:
    """From the results, with three clicks at most."""
    before = clicks(page)
    page.get_by_role("link", name="Conclude").first.click()
    expect(page.get_by_label("Reason")).to_be_hidden()
    expect(page.get_by_text("What would change with treatment")).to_be_visible()
    assert problems(page) == []
    page.get_by_label("into use").click()
    page.get_by_label("What was learned").press_sequentially("Warmth pays.")
    page.get_by_role("button", name="Conclude").click()
    expect(page.get_by_text("Concluded: treatment won").first).to_be_visible()
    assert clicks(page) - before <= 3
    expect(page.locator("#concluded")).to_contain_text("In use")


def take_back_and_use_again(page: Page, agent: Agent) -> None:
    page.get_by_role("link", name="Take it back").click()
    page.get_by_role("button", name="Take it back").click()
    expect(page.locator("#concluded")).to_contain_text("taken back by")
    assert persona_of(agent) == "Max"
    page.get_by_role("link", name="Put treatment into use again").click()
    assert problems(page) == []
    page.get_by_role("button", name="Put into use").click()
    expect(page.locator("#concluded")).to_contain_text("In use")
    assert persona_of(agent) == "Aria"


def mend_the_lesson_and_find_it(page: Page) -> None:
    page.get_by_role("link", name="Edit what was learned").click()
    assert problems(page) == []
    page.get_by_label("What was learned").fill("Warmth pays at night.")
    page.get_by_role("button", name="Save").click()
    page.get_by_role("link", name="What we learned").first.click()
    page.get_by_label("Search names").fill("at night")
    page.get_by_role("button", name="Show").click()
    expect(page.locator(".lessons")).to_contain_text("Warmth pays at night.")
    expect(page.locator(".lessons")).to_contain_text("In use")


def test_from_the_question_to_a_lesson_that_is_found_again(
    context: BrowserContext, admin: Page, cast: Cast
) -> None:
    """A planned experiment, all the way."""
    context.add_init_script(COUNT_CLICKS)
    came(cast.agent, 800, 240, weeks_ago=4)
    with no_complaints(admin):
        experiment = plan_and_draft(admin, cast.agent)
        start_by_schedule_and_look(admin, experiment)
        put_the_winner_into_use(admin)
        assert persona_of(cast.agent) == "Aria"
        take_back_and_use_again(admin, cast.agent)
        mend_the_lesson_and_find_it(admin)


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
