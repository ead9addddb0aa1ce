"""Results in a browser: they renew themselves and leave the reader alone."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from experiments import lifecycle
from experiments.models import Experiment
from experiments.results import rollup
from tests.browser.accessibility import OPEN_EVERYTHING, problems
from tests.browser.people import no_complaints, show_on, sign_in
from tests.experiments.outcomes.concluded import OPEN, UNEVEN, WON, measured
from tests.factories import ExperimentFactory, LeadFactory
from tests.harness.servers import Served
from tests.roles import Cast, make_cast
from tests.visits import arrive

pytestmark = pytest.mark.django_db(transaction=True)

NOW = "htmx.ajax('GET', document.getElementById('results').getAttribute('hx-get'), "
NOW += "{source: '#results', swap: 'outerHTML'})"
"""What happens every ten seconds, at once."""


@pytest.fixture
def cast() -> Cast:
    return make_cast()


@pytest.fixture
def experiment(cast: Cast) -> Experiment:
    experiment = lifecycle.start(ExperimentFactory.create(agent=cast.agent), by=None)
    for days in range(8, 0, -1):
        at = datetime.now(UTC) - timedelta(days=days)
        arrive(experiment, [(60, 5), (60, 8)], at=at, messages=days)
    rollup.bring_up_to_date(cast.agent.pk, seconds=10)
    return experiment


@pytest.fixture
def page(
    context: BrowserContext, site: Served, cast: Cast, experiment: Experiment
) -> Iterator[Page]:
    """The experiment's page, read by an editor; fails if the browser complains."""
    sign_in(context, cast.editor, site)
    page = context.new_page()
    with no_complaints(page):
        page.goto(experiment.get_absolute_url())
        yield page


def test_figures_come_by_themselves_and_nothing_is_lost(page: Page, experiment: Experiment) -> None:
    said = page.locator("#results-said")
    expect(said).to_be_empty()
    curves = page.locator("#curves-body svg.chart").first
    expect(curves).to_have_count(0)
    page.locator("#curves-summary").click()
    expect(curves).to_be_visible()
    page.locator("#certainty-summary").click()
    page.locator("#lift").select_option("0.1")
    page.locator("#data-summary").click()
    page.locator("#visitors-table-summary").focus()
    page.evaluate("scrollTo(0, 900)")
    top = page.evaluate("scrollY")
    before = page.locator("#certainty-rows").inner_text()

    arrive(experiment, [(400, 30), (410, 230)], at=datetime.now(UTC))
    page.evaluate(NOW)
    expect(page.locator("#results-sentence")).to_contain_text("treatment is better than control")

    expect(said).to_contain_text("treatment is better than control")
    expect(curves).to_be_visible()
    expect(page.locator("#certainty-rows")).not_to_have_text(before)
    expect(page.locator("#certainty-body")).not_to_contain_text("How much longer?")
    expect(page.locator("#data-gist")).to_contain_text("Nothing speaks against it")
    assert abs(page.evaluate("scrollY") - top) < 60


def test_a_hidden_tab_rests_and_catches_up(page: Page, experiment: Experiment) -> None:
    page.evaluate("Object.defineProperty(document, 'hidden', {value: true, configurable: true})")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    arrive(experiment, [(400, 30), (410, 230)], at=datetime.now(UTC))
    page.evaluate("htmx.trigger('#results', 'refresh')")
    page.wait_for_timeout(300)
    assert asked == []
    page.evaluate(
        "Object.defineProperty(document, 'hidden', {value: false});"
        "document.dispatchEvent(new Event('visibilitychange'))"
    )
    sentence = page.locator("#results-sentence")
    # At the next turn at the latest, where somebody else was counting just then.
    expect(sentence).to_contain_text("treatment is better than control", timeout=15_000)


def test_what_was_closed_stays_closed_and_a_stop_ends_it(
    page: Page, experiment: Experiment
) -> None:
    summary = page.locator("#results-help-summary")
    summary.click()
    summary.click()
    lifecycle.stop(experiment, by=None)
    page.evaluate(NOW)
    expect(page.locator("#results[hx-get]")).to_have_count(0)
    expect(page.locator("#results-help")).not_to_have_attribute("open", "")
    expect(page.locator("#results")).to_be_visible()


def test_everyone_can_read_them(page: Page, cast: Cast) -> None:
    for address in (page.url, cast.agent.get_absolute_url()):
        page.goto(address)
        page.evaluate(OPEN_EVERYTHING)
        expect(page.locator(".section-body[data-stale]")).to_have_count(0)
        assert problems(page) == []


def test_charts_say_in_words_what_they_draw(page: Page) -> None:
    chart = page.get_by_role("img", name="Lead capture rate: lift of each variant")
    expect(chart).to_have_count(1)
    assert "holds zero" in str(chart.locator("desc").text_content())


def test_the_first_screen_has_the_verdict_the_picture_and_what_to_do(
    context: BrowserContext, site: Served, cast: Cast
) -> None:
    """On a telephone too; ten variants have their picture below what to do there."""
    ten = [
        {"name": f"A greeting that is long, number {n}", "weight": 1, "config": {}}
        for n in range(10)
    ]
    ten_apart = [(300, 20 + 9 * number) for number in range(10)]
    cases: list[tuple[str, Any, dict[str, Any]]] = [
        ("Conclude…", WON, {}),
        ("Keep it running", OPEN, {}),
        ("See what may be wrong", UNEVEN, {}),
        ("one of those", ten_apart, {"kind": "cta", "variants": ten}),
    ]
    sign_in(context, cast.owner, site)
    page = context.new_page()
    for told, counts, setup in cases:
        page.goto(measured(cast.agent, counts, name=told, **setup).get_absolute_url())
        for width, height in ((1440, 900), (360, 740)):
            show_on(page, "light", width=width, height=height)
            parts = ["#results-sentence", "#now", "#now .btn"]
            parts += ["#results .picture"] if told != "one of those" or width > 1000 else []
            for part in parts:
                box = page.locator(part).first.bounding_box()
                assert box is not None
                assert box["y"] + box["height"] <= height, (told, part, width, box)
        expect(page.locator("#now")).to_contain_text(told)
        names = page.locator("#results .lifts-names .arm-key").all_inner_texts()
        assert len(set(names)) == len(names)
    tails = page.locator("#results .arm-tail").all_inner_texts()
    assert len(set(tails)) == 10
    title = page.locator("#results .lifts-names .arm-name").first.get_attribute("title")
    assert title == "A greeting that is long, number 1"


def test_figures_lead_to_their_rows(context: BrowserContext, site: Served, cast: Cast) -> None:
    experiment = lifecycle.start(ExperimentFactory.create(agent=cast.agent), by=None)
    arrive(experiment, [(2, 0), (3, 0)], at=datetime.now(UTC) - timedelta(hours=1))
    visitor = experiment.variants.get(position=1).assignments.order_by("visitor_id")[0].visitor_id
    LeadFactory.create(agent=cast.agent, visitor_id=visitor, email="ann@example.com")
    sign_in(context, cast.editor, site)
    page = context.new_page()
    page.goto(experiment.get_absolute_url())
    page.get_by_title("The conversations of treatment").click()
    expect(page.get_by_role("rowheader")).to_have_count(3)
    page.get_by_role("row", name=visitor).get_by_role("link").first.click()
    expect(page.locator(".turn")).to_have_count(1)
    page.get_by_role("link", name="ann@example.com").click()
    expect(page.get_by_role("rowheader")).to_have_count(1)
    page.get_by_role("row").last.get_by_role("link").first.click()
    expect(page.get_by_role("heading", name="Conversations")).to_be_visible()
    expect(page.get_by_role("rowheader")).to_have_count(1)

    page.goto(experiment.get_absolute_url())
    page.get_by_title("The leads of treatment").click()
    expect(page.get_by_role("rowheader")).to_have_count(1)
