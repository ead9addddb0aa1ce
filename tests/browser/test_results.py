"""Results in a browser: they renew themselves and leave the reader alone."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from experiments import lifecycle
from experiments.models import Experiment
from experiments.results import rollup
from tests.browser.accessibility import OPEN_EVERYTHING, problems
from tests.browser.people import no_complaints, sign_in
from tests.factories import ExperimentFactory
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
    page.locator("#lead_capture_rate-curves-summary").click()
    expect(page.locator("#lead_capture_rate-curves svg.chart")).to_be_visible()
    page.locator("#lift").select_option("0.1")
    page.locator("#visitors-table-summary").focus()
    page.evaluate("scrollTo(0, 900)")
    top = page.evaluate("scrollY")

    arrive(experiment, [(400, 30), (410, 230)], at=datetime.now(UTC))
    page.evaluate(NOW)
    expect(page.locator("#results-sentence")).to_contain_text("treatment is better than control")

    expect(said).to_contain_text("treatment is better than control")
    expect(page.locator("#lead_capture_rate-curves svg.chart")).to_be_visible()
    expect(page.locator("#lift")).to_have_value("0.1")
    expect(page.locator("#visitors-table-summary")).to_be_focused()
    assert abs(page.evaluate("scrollY") - top) < 60


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
        assert problems(page) == []


def test_charts_say_in_words_what_they_draw(page: Page) -> None:
    chart = page.get_by_role("img", name="Lead capture rate: lift of each variant")
    expect(chart).to_have_count(1)
    assert "holds zero" in str(chart.locator("desc").text_content())
