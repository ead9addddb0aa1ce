"""From signing in to "we heard from you", without leaving the page that connects a runtime."""

import os
import subprocess
import sys

from playwright.sync_api import Page, expect

from tests.browser.people import no_complaints
from tests.factories import PASSWORD
from tests.harness.servers import Served
from tests.roles import Cast


def test_from_sign_in_to_green(page: Page, site: Served, cast: Cast) -> None:
    with no_complaints(page):
        page.goto("/accounts/login/")
        page.get_by_label("E-mail").fill(cast.owner.email)
        page.get_by_label("Password", exact=True).fill(PASSWORD)
        page.get_by_role("button", name="Sign in", exact=True).click()
        page.get_by_role("link", name=cast.agent.name).first.click()
        page.get_by_role("link", name="Connect", exact=True).click()
        page.get_by_role("button", name="Make a token").click()
        key = page.get_by_label("Key of the token").input_value()
        expect(page.get_by_text("Waiting for the first call.")).to_be_visible()
        page.get_by_text("Python", exact=True).click()
        run(page.get_by_label("The three calls in Python").inner_text(), key)
        heard = page.locator("#heard.alert-success")
        expect(heard).to_contain_text("first message of visitor ada")
        expect(heard).to_contain_text("UTC")


def run(program: str, key: str) -> None:
    """The program as it stands on the page, where its token is in the environment."""
    environment = {**os.environ, "GLOZR_TOKEN": key}
    subprocess.run([sys.executable, "-c", program], env=environment, check=True)
