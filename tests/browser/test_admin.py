"""The Django admin in a real browser: what `test_every_page` finds there, people also use."""

import pytest
from django.urls import reverse
from playwright.sync_api import BrowserContext, Page, expect

from agents.models import User
from experiments.models import Experiment, Variant
from tests.browser.accessibility import problems
from tests.browser.people import no_complaints, sign_in
from tests.factories import AgentFactory, ExperimentFactory
from tests.harness.servers import Served
from tests.roles import Cast

pytestmark = pytest.mark.django_db(transaction=True)

EXPERIMENTS = "/admin/experiments/experiment/"


@pytest.fixture
def staff(page: Page, context: BrowserContext, site: Served, cast: Cast) -> Page:
    """A page of somebody on the staff who is an Admin of the workspace."""
    User.objects.filter(pk=cast.admin.pk).update(is_staff=True)
    sign_in(context, cast.admin, site)
    return page


def test_an_experiment_is_made_and_duplicated(staff: Page, cast: Cast) -> None:
    with no_complaints(staff):
        staff.goto(f"{EXPERIMENTS}add/")
        staff.get_by_role("combobox", name="Agent:").click()
        staff.get_by_role("option", name=cast.agent.name).click()
        staff.locator("#id_name").fill("Made in the admin")
        staff.get_by_label("Kind:").select_option("CTA")
        for number, name in enumerate(("Short", "Long")):
            staff.get_by_text("Add another Variant").click()
            staff.locator(f"#id_variants-{number}-name").fill(name)
            staff.locator(f"#id_variants-{number}-config").fill('{"text": "Hello"}')
        staff.get_by_role("button", name="Save and add another").click()
        expect(staff.locator(".success")).to_contain_text("was added successfully")
        staff.goto(EXPERIMENTS)
        staff.get_by_label("Select all objects on this page for an action").check()
        staff.get_by_label("Action:").select_option("Duplicate as a draft")
        staff.get_by_role("button", name="Go").click()
        expect(staff.locator(".success").first).to_contain_text("duplicated")
    assert Experiment.objects.count() == 2
    assert {v.name for v in Variant.objects.all()} == {"Short", "Long"}


def test_an_agent_is_chosen_by_keyboard_from_a_list_that_has_a_name(
    staff: Page, cast: Cast
) -> None:
    other = AgentFactory.create(workspace=cast.workspace, name="Zoe")
    staff.goto(f"{EXPERIMENTS}add/")
    box = staff.get_by_role("combobox", name="Agent:")
    box.focus()
    staff.keyboard.press("Enter")
    expect(staff.get_by_role("searchbox", name="Agent:")).to_be_focused()
    options = staff.get_by_role("listbox", name="Agent:").get_by_role("option")
    expect(options).to_have_text([cast.agent.name, other.name])
    assert problems(staff) == []
    staff.keyboard.type(cast.agent.name)
    expect(options).to_have_text([cast.agent.name])
    staff.keyboard.press("Enter")
    expect(box).to_have_accessible_name(f"Agent: {cast.agent.name}")
    assert problems(staff) == []


def test_errors_actions_and_searches_are_accessible(staff: Page, cast: Cast) -> None:
    draft = ExperimentFactory.create(agent=cast.agent, name="A draft")
    found = {}
    staff.goto(reverse("admin:experiments_experiment_change", args=[draft.pk]))
    staff.get_by_text("Add another Variant").click()
    staff.locator("#id_variants-1-weight").fill("0")
    staff.locator("#id_variants-2-config").fill("no JSON")
    found["new row"] = problems(staff)
    staff.get_by_role("button", name="Save", exact=True).click()
    config = staff.locator("#id_variants-2-config")
    expect(config).to_have_value("no JSON")
    expect(config).to_have_attribute("aria-invalid", "true")
    found["errors"] = problems(staff)
    staff.goto(EXPERIMENTS)
    staff.get_by_role("searchbox", name="Find").fill("draft")
    staff.get_by_role("button", name="Search").click()
    expect(staff.get_by_text("1 result", exact=False).first).to_be_visible()
    found["search"] = problems(staff)
    staff.get_by_label("Select all objects on this page for an action").check()
    staff.get_by_label("Action:").select_option("Delete selected experiments")
    staff.get_by_role("button", name="Go").click()
    expect(staff.get_by_role("heading", name="Delete multiple objects")).to_be_visible()
    found["deletion"] = problems(staff)
    assert not any(found.values()), found
