"""The README's pictures, made from the demo: `make pictures` while `make run` serves it."""

import argparse
import os
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

from tests.browser.chromium import FLAGS, find_or_install

FOLDER = Path(__file__).resolve().parents[2] / "docs" / "screenshots"
SIZE = {"width": 1440, "height": 900}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--url", default="http://127.0.0.1:8000", help="where the demo is served")
    url = parser.parse_args().url.rstrip("/")
    sandbox = ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=find_or_install(), args=[*FLAGS, *sandbox]
        )
        light, dark = (_signed_in(browser, url, scheme) for scheme in ("light", "dark"))
        _experiment(light, url, "Cedar & Chain Bicycles", "Ask back before recommending")
        _taken(light, "results")
        light.get_by_role("link", name="A/B experiments").first.click()
        light.get_by_role("link", name="New experiment").first.click()
        light.get_by_label("Name", exact=True).first.fill("Lena asks even more")
        row = light.get_by_role("group", name="Variant 2")
        row.get_by_label("Persona name").fill("Lena")
        row.get_by_label("Tone").fill("curious; one question in every answer")
        light.locator("#preview ins").first.wait_for()
        _taken(light, "new-experiment")
        _agent(dark, url, "Northwind Travel")
        _taken(dark, "experiments")
        browser.close()


def _signed_in(browser: Browser, url: str, scheme: str) -> Page:
    context = browser.new_context(
        base_url=url,
        viewport={"width": SIZE["width"], "height": SIZE["height"]},
        color_scheme="dark" if scheme == "dark" else "light",
        locale="en-GB",
    )
    page = context.new_page()
    page.goto("/accounts/login/")
    page.locator("button[name=role][value=owner]").click()
    page.wait_for_load_state("networkidle")
    return page


def _agent(page: Page, url: str, agent: str) -> None:
    page.goto(f"{url}/app/")
    page.get_by_role("link", name=agent, exact=True).first.click()
    page.get_by_role("link", name="A/B experiments").first.click()


def _experiment(page: Page, url: str, agent: str, name: str) -> None:
    _agent(page, url, agent)
    page.get_by_role("link", name=name, exact=True).first.click()


def _taken(page: Page, name: str) -> None:
    page.wait_for_load_state("networkidle")
    page.screenshot(path=FOLDER / f"{name}.png")


if __name__ == "__main__":
    main()
