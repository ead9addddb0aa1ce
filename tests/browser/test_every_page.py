"""Every page of the project, those of the Django admin too, is for everybody."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import BrowserContext, Page

from agents.models import User
from tests.browser.accessibility import OPEN_EVERYTHING, problems
from tests.browser.people import no_complaints, sign_in
from tests.harness.servers import Served
from tests.roles import Cast
from tests.urls_by_role import ROLES, SECTIONS
from tests.world import ROUTES, World, make_world

NOT_FOR_PEOPLE = {
    "admin:autocomplete",
    "admin:jsi18n",
    "agent_history_file",
    "api_markdown",
    "api_schema",
    "assignment_file",
    "conversation_file",
    "experiment_history_file",
    "healthz",
    "lead_file",
    "llms_txt",
    "message_file",
    "readyz",
    "result_file",
    "workspace_history_file",
}

PARTS = {"operation": 1, "pages": 1, "accounts": 1, "admin": 4}
"""Of a section: so that no process has the longest to itself at the end."""
SAME_FOR_ALL = {"api_docs"}
FROM_ONE_TEMPLATE = re.compile(
    r"admin:(?!experiments_experiment_|agents_membership_)\w+_(history|delete)"
)
"""Django's own, the same for each model: two of them tell of all."""

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize(
    ("section", "part"),
    [(section, part) for section, parts in PARTS.items() for part in range(parts)],
)
def test_axe_finds_nothing_and_nothing_is_too_wide(
    page: Page,
    context: BrowserContext,
    site: Served,
    cast: Cast,
    section: str,
    part: int,
) -> None:
    world = make_world(cast)
    User.objects.filter(pk=cast.owner.pk).update(is_superuser=True, is_staff=True)
    found = {}
    for role, addresses in pages_by_reader(world, section):
        if role != "anonymous":
            sign_in(context, cast.owner, site)
        for name, address in [*addresses.items()][part :: PARTS[section]]:
            with no_complaints(page):
                page.goto(address)
                assert page.url.endswith(address), f"{name} leads away to {page.url}."
                page.evaluate(OPEN_EVERYTHING)
            if broken := problems(page):
                found[name] = broken
    assert not found


def pages_by_reader(world: World, section: str) -> Iterator[tuple[str, dict[str, str]]]:
    """Names and addresses of the section's pages: as anybody sees them, and signed in."""
    for role, left_out in (
        ("anonymous", NOT_FOR_PEOPLE),
        ("superuser", NOT_FOR_PEOPLE | SAME_FOR_ALL),
    ):
        yield (
            role,
            {
                name: row.address or world.address(ROUTES[name])
                for name, row in SECTIONS[section].items()
                if row.get[ROLES.index(role)] == 200
                and name not in left_out
                and not FROM_ONE_TEMPLATE.fullmatch(name)
            },
        )
