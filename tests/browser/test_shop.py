"""The demo's shop in a browser: what a variant's config does to the page, and who can use it."""

from collections.abc import Iterator
from threading import Thread
from typing import Any
from uuid import uuid4

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect

from experiments.demo.shop.__main__ import Shop
from experiments.demo.shop.chat import Chat
from experiments.demo.shop.glozr_client import Client
from tests.browser.accessibility import problems
from tests.browser.people import no_complaints

CONFIGS: dict[str, dict[str, Any]] = {
    "cta": {"text": "<b>Get 10% off</b>"},
    "trigger": {"after_seconds": 0.2},
}


@pytest.fixture
def shop() -> Iterator[tuple[str, dict[str, Any]]]:
    """The shop's address, and what Glozr says."""
    said: dict[str, Any] = {"persona": {"name": "Aria", "tone": "warm"}, "source": "new"}

    def answer(request: httpx.Request) -> httpx.Response:
        is_message = request.url.path.endswith("messages/")
        return httpx.Response(201, json={"resolution": said} if is_message else said)

    chat = Chat(Client("http://glozr", uuid4(), "x", transport=httpx.MockTransport(answer)))
    with Shop(("127.0.0.1", 0), chat) as server:
        Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}/", said
        server.shutdown()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(bypass_csp=False)
    context.set_default_timeout(10_000)
    yield context.new_page()
    context.close()


def varied(kind: str) -> dict[str, Any]:
    return {
        "experiment": {"id": str(uuid4()), "name": "Offer", "kind": kind},
        "variant": {"id": str(uuid4()), "name": "offer", "config": CONFIGS[kind]},
    }


def test_a_visit(page: Page, shop: tuple[str, dict[str, Any]]) -> None:
    url, said = shop
    said |= varied("cta")
    with no_complaints(page):
        page.goto(url)
        expect(page.get_by_text("<b>Get 10% off</b>")).to_be_visible()
        visitor = page.locator("#visitor").inner_text()
        said |= varied("trigger")
        page.get_by_role("button", name="New conversation").click()
        expect(page.get_by_text("Hello! Can I help you?")).to_be_visible()
        expect(page.locator("#offer")).to_be_hidden()
        expect(page.locator("#visitor")).to_have_text(visitor)
        page.get_by_label("Your message").fill("<i>What does it cost?</i>")
        page.get_by_role("button", name="Send", exact=True).click()
        expect(page.get_by_text("<i>What does it cost?</i>")).to_be_visible()
        expect(page.get_by_text("Lovely that you ask!")).to_be_visible()
        page.get_by_role("button", name="Be another visitor").click()
        expect(page.locator("#visitor")).not_to_have_text(visitor)
        page.get_by_label("Your e-mail address").fill("ada@example.com")
        page.get_by_role("button", name="Send it").click()
        expect(page.get_by_text("It is on its way.")).to_be_visible()


def test_everybody_can_use_it(browser: Browser, shop: tuple[str, dict[str, Any]]) -> None:
    url, said = shop
    said |= varied("cta")
    context = browser.new_context(bypass_csp=True)  # axe is a script of ours, not the shop's
    page = context.new_page()
    page.goto(url)
    expect(page.locator("#call")).to_contain_text("assignments")
    assert problems(page) == []
    context.close()
