"""The API's documentation works in a browser, under our security policy and off our own host."""

import json
import re
from collections.abc import Iterator

import pytest
from django.test import Client
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from agents.models import Ability, Agent
from tests.browser.people import no_complaints
from tests.runtime import Runtime

DOCS = "/api/docs/"


@pytest.fixture
def reading(page: Page, live_server: LiveServer) -> Iterator[Page]:
    """The open documentation, which asks no other host for anything and complains of nothing."""
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    with no_complaints(page):
        page.goto(DOCS)
        expect(page.locator(".opblock").first).to_be_visible()
        yield page
    own = (f"{live_server}/", "data:")
    assert [url for url in asked if not url.startswith(own)] == []


@pytest.mark.django_db(transaction=True)
def test_every_operation_is_listed(reading: Page, client: Client) -> None:
    paths = json.loads(client.get("/api/schema/", {"format": "json"}).content)["paths"]
    operations = [operation for methods in paths.values() for operation in methods.values()]
    expect(reading.locator(".opblock")).to_have_count(len(operations))
    for operation in operations:
        expect(reading.get_by_text(operation["summary"], exact=True)).to_be_visible()


@pytest.mark.django_db(transaction=True)
def test_a_call_can_be_tried_with_a_token(reading: Page, agent: Agent) -> None:
    key = Runtime.of(agent, Ability.RUNTIME).key
    reading.get_by_role("button", name="Authorize").click()
    tokens = reading.locator(".auth-container").filter(has_text="token (http, Bearer)")
    tokens.get_by_role("textbox").fill(key)
    tokens.get_by_role("button", name="Apply credentials").click()
    tokens.get_by_role("button", name="Close", exact=True).click()
    call = reading.locator("#operations-Runtime-resolve_assignment")
    call.locator(".opblock-summary-control").click()
    call.get_by_role("button", name="Try it out").click()
    call.get_by_placeholder("agent_id").fill(str(agent.pk))
    call.get_by_role("textbox").last.fill('{"visitor_id": "ada"}')
    call.get_by_role("button", name="Execute").click()
    answer = call.locator(".live-responses-table")
    expect(answer.locator("tbody .response-col_status").first).to_have_text(re.compile("^200"))
    expect(answer).to_contain_text('"visitor_id": "ada"')
