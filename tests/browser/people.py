"""Sign people into a browser, choose their screen, and watch what it complains about."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.conf import settings
from django.test import Client
from playwright.sync_api import BrowserContext, ConsoleMessage, Error, Page

from agents.models import User
from tests.agents.proofs import age_proof


def sign_in(context: BrowserContext, user: User, url: object, *, minutes_ago: float = 0) -> None:
    """Give the browser a session of `user` on the server at `url`, begun so long ago."""
    client = Client()
    client.force_login(user)
    age_proof(client, minutes=minutes_ago)
    cookie = client.cookies[settings.SESSION_COOKIE_NAME]
    context.add_cookies([{"name": cookie.key, "value": cookie.value, "url": str(url)}])


def show_on(page: Page, scheme: str, *, width: int, height: int) -> None:
    """A screen of this size, of somebody who likes it "light" or "dark"."""
    page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    page.set_viewport_size({"width": width, "height": height})


@contextmanager
def no_complaints(page: Page) -> Iterator[None]:
    """Fail on what the console reports: scripts that fail, what the security policy blocks."""
    complaints: list[str] = []

    def note(message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            complaints.append(f"{page.url}: {message.text}")

    def note_error(error: Error) -> None:
        complaints.append(f"{page.url}: {error}")

    page.on("console", note)
    page.on("pageerror", note_error)
    yield
    page.remove_listener("console", note)
    page.remove_listener("pageerror", note_error)
    assert not complaints, complaints
