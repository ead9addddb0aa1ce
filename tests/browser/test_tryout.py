"""A try-out in a browser: answers as they come, as text, whatever the model does meanwhile."""

from collections.abc import Iterator
from time import monotonic

import httpx
import pytest
from playwright.sync_api import BrowserContext, Page, expect

from agents.model_endpoints.keeping import set_endpoint
from agents.models import Ability
from agents.workspaces.tokens import create_token
from tests.browser.accessibility import problems
from tests.browser.people import no_complaints, show_on, sign_in
from tests.factories import ConversationFactory, ExperimentFactory, MessageFactory
from tests.harness.language_models import Endpoint, chunk, hangs, language_model, streams
from tests.harness.servers import Served
from tests.roles import Cast

MARKUP = '<b onclick="x">Bold</b>'


@pytest.fixture
def there(cast: Cast) -> Iterator[Endpoint]:
    with language_model() as endpoint:
        set_endpoint(
            cast.workspace, url=endpoint.url, model="t", key="sk", calls_a_day=90, by=cast.owner
        )
        yield endpoint


def test_a_try_out(
    context: BrowserContext, page: Page, site: Served, cast: Cast, there: Endpoint
) -> None:
    experiment = ExperimentFactory.create(agent=cast.agent)
    for number in range(2):
        conversation = ConversationFactory.create(agent=cast.agent, visitor_id=f"v{number}")
        MessageFactory.create(conversation=conversation, content=f"First of {number}")
    sign_in(context, cast.editor, site)
    logs = page.locator("[data-log]")
    with no_complaints(page):
        page.goto(f"/app/agents/{cast.agent.pk}/experiments/{experiment.pk}/try/")
        there.behaves = streams("Good ", MARKUP)
        page.get_by_label("Say to all of them").fill("How much?")
        page.keyboard.press("Enter")
        for n in range(2):
            expect(logs.nth(n).locator(".tryout-said-agent")).to_have_text(f"Good {MARKUP}")
            expect(logs.nth(n)).to_contain_text("30 tokens read, 5 written")
        there.behaves = hangs(after=chunk("Half"), begins=True)
        page.get_by_role("button", name="A complaint").click()
        for n in range(2):  # what has come is shown while the rest is waited for
            expect(logs.nth(n).locator(".tryout-said-agent").last).to_have_text("Half")
        answer_beside(site, cast)
        page.get_by_role("button", name="Stop").click()
        expect(logs.first).to_contain_text("Stopped.")
        there.behaves = streams("Anew")
        page.get_by_role("button", name="Replay them").click()
        expect(logs.first).to_contain_text("Visitor 2 of 2")
        expect(logs.first.locator(".tryout-said-agent")).to_have_text(["Anew", "Anew"])
    for scheme, width in (("light", 360), ("dark", 1280)):
        show_on(page, scheme, width=width, height=800)
        assert problems(page) == []
        assert page.evaluate("document.documentElement.scrollWidth") <= width


def answer_beside(site: Served, cast: Cast) -> None:
    """The runtime answers at once although a model lets as many wait as there are threads."""
    _, key = create_token(workspace=cast.workspace, name="x", abilities=[Ability.RUNTIME])
    began = monotonic()
    for visitor in range(20):
        answered = httpx.post(
            f"{site}/api/v1/agents/{cast.agent.pk}/assignments/",
            json={"visitor_id": f"beside-{visitor}"},
            headers={"Authorization": f"Bearer {key}"},
        )
        assert answered.status_code == 200
    assert monotonic() - began < 5
