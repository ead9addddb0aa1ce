"""A real Chromium for each test, against a real server of two processes."""

import os
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright
from pytest_django import DjangoDbBlocker

from tests.browser.chromium import FLAGS, find_or_install
from tests.harness.servers import Served, served

# Playwright's event loop makes Django refuse the ORM in the test's own thread otherwise.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    sandbox = ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=find_or_install(), args=[*FLAGS, *sandbox]
        )
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def two_processes(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[Served]:
    with django_db_blocker.unblock(), served(workers=2) as server:
        yield server


@pytest.fixture
def site(two_processes: Served, transactional_db: None) -> Served:
    return two_processes


@pytest.fixture
def context(browser: Browser, site: Served) -> Iterator[BrowserContext]:
    context = browser.new_context(base_url=str(site), locale="en-GB")
    context.set_default_timeout(10_000)
    yield context
    context.close()


@pytest.fixture
def page(context: BrowserContext) -> Page:
    return context.new_page()
