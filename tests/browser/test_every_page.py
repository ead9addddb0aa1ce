"""Every page of the project, those of the Django admin too, is for everybody."""

from collections.abc import Iterator, Sequence

import pytest
from playwright.sync_api import BrowserContext, Page
from pytest_django.live_server_helper import LiveServer

from agents.models import User
from tests.browser.accessibility import EVERY_RULE, OPEN_EVERYTHING, RULES_ON_LOOKS, problems
from tests.browser.people import no_complaints, show_on, sign_in
from tests.roles import Cast
from tests.urls_by_role import ROLES, SECTIONS
from tests.world import ROUTES, World, make_world

NOT_FOR_PEOPLE = {
    "admin:autocomplete",
    "admin:jsi18n",
    "agent_history_file",
    "api_schema",
    "assignment_file",
    "conversation_file",
    "experiment_history_file",
    "healthz",
    "lead_file",
    "message_file",
    "readyz",
    "result_file",
    "workspace_history_file",
}

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize("section", ["operation", "pages", "accounts", "admin"])
@pytest.mark.parametrize(
    ("scheme", "width", "rules"),
    [("light", 1280, EVERY_RULE), ("dark", 360, RULES_ON_LOOKS)],
    ids=["light-1280", "dark-360"],
)
def test_axe_finds_nothing_and_nothing_is_too_wide(
    page: Page,
    context: BrowserContext,
    live_server: LiveServer,
    cast: Cast,
    section: str,
    scheme: str,
    width: int,
    rules: Sequence[str],
) -> None:
    world = make_world(cast)
    User.objects.filter(pk=cast.owner.pk).update(is_superuser=True, is_staff=True)
    show_on(page, scheme, width=width, height=800)
    found = {}
    for role, addresses in pages_by_reader(world, section):
        if role != "anonymous":
            sign_in(context, cast.owner, live_server)
        for name, address in addresses.items():
            with no_complaints(page):
                page.goto(address)
                assert page.url.endswith(address), f"{name} leads away to {page.url}."
                page.evaluate(OPEN_EVERYTHING)
            if broken := problems(page, rules):
                found[name] = broken
    assert not found


def pages_by_reader(world: World, section: str) -> Iterator[tuple[str, dict[str, str]]]:
    """Names and addresses of the section's pages: as anybody sees them, and signed in."""
    for role in ("anonymous", "superuser"):
        yield (
            role,
            {
                name: row.address or world.address(ROUTES[name])
                for name, row in SECTIONS[section].items()
                if row.get[ROLES.index(role)] == 200 and name not in NOT_FOR_PEOPLE
            },
        )
