"""The pages of the Django admin, as far as they are ours to make accessible."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.urls import reverse
from playwright.sync_api import BrowserContext, Page
from pytest_django.live_server_helper import LiveServer

from agents.models import User
from tests.browser.people import show_on, sign_in
from tests.factories import ExperimentFactory
from tests.roles import Cast

pytestmark = pytest.mark.django_db(transaction=True)

# Django's own, in markup that no stylesheet can mend: tables of inlines, whose fields are named
# by their columns alone; select2; the search box.
DJANGOS = ("empty-table-header", "label", "aria-input-field-name", "label-title-only")
OPTIONS = {
    "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    "rules": {rule: {"enabled": False} for rule in DJANGOS},
}


@pytest.mark.parametrize("width", [360, 1280])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_pages_are_accessible(
    page: Page,
    context: BrowserContext,
    live_server: LiveServer,
    cast: Cast,
    scheme: str,
    width: int,
) -> None:
    experiment = ExperimentFactory.create(agent=cast.agent)
    User.objects.filter(pk=cast.owner.pk).update(is_staff=True, is_superuser=True)
    sign_in(context, cast.owner, live_server)
    show_on(page, scheme, width=width, height=800)
    found = {}
    for address in (
        reverse("admin:index"),
        reverse("admin:experiments_experiment_changelist"),
        reverse("admin:experiments_experiment_change", args=[experiment.pk]),
        reverse("admin:experiments_experiment_delete", args=[experiment.pk]),
        reverse("admin:experiments_assignment_changelist"),
        reverse("admin:agents_user_changelist"),
        reverse("admin:agents_message_changelist"),
        reverse("admin:agents_apitoken_add"),
    ):
        page.goto(address)
        violations = Axe().run(page, options=OPTIONS).response["violations"]
        problems = [violation["id"] for violation in violations]
        if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
            problems.append("wider than the screen")
        if problems:
            found[address] = problems
    assert not found
