"""What people do with experiments, in a real browser over real HTTP."""

import re
from collections.abc import Callable, Iterator
from http import HTTPStatus

import httpx
import pytest
from django.urls import reverse
from playwright.sync_api import Browser, BrowserContext, Page, expect

from agents.models import Ability, User
from agents.workspaces import tokens
from experiments import lifecycle
from experiments.lifecycle import editing
from experiments.models import Action, Assignment, Experiment
from glozr.ids import new_id
from tests.browser import people
from tests.browser.accessibility import problems
from tests.factories import ExperimentFactory
from tests.harness.servers import Served
from tests.roles import Cast, make_cast

pytestmark = pytest.mark.django_db(transaction=True)

SignIn = Callable[[User], Page]


@pytest.fixture
def cast(site: Served) -> Cast:
    return make_cast()


@pytest.fixture
def tab(cast: Cast) -> str:
    return reverse("experiment_list", args=[cast.agent.pk])


def signed_in(context: BrowserContext, person: User, server: object) -> Page:
    """A page of somebody who has signed in, in a browser of their own."""
    people.sign_in(context, person, server)
    page = context.new_page()
    page.set_default_timeout(10_000)
    return page


@pytest.fixture
def sign_in(browser: Browser, site: Served) -> Iterator[SignIn]:
    contexts: list[BrowserContext] = []

    def open_browser(person: User) -> Page:
        context = browser.new_context(base_url=str(site), locale="en-GB")
        contexts.append(context)
        return signed_in(context, person, site)

    yield open_browser
    for context in contexts:
        context.close()


@pytest.fixture
def say(cast: Cast, site: Served) -> Iterator[Callable[[str], str]]:
    """A visitor's first message over the runtime API; the name of the variant they got."""
    _, key = tokens.create_token(
        workspace=cast.workspace, name="site", abilities=[Ability.RUNTIME], created_by=None
    )
    headers = {"Authorization": f"Bearer {key}"}
    base = f"{site}/api/v1/agents/{cast.agent.pk}"
    with httpx.Client(headers=headers) as http:

        def first_message(visitor: str) -> str:
            message = {"visitor_id": visitor, "role": "visitor", "content": "Hello"}
            answer = http.post(f"{base}/conversations/{new_id()}/messages/", json=message)
            assert answer.status_code == HTTPStatus.CREATED, answer.text
            return str(answer.json()["resolution"]["variant"]["name"])

        yield first_message


def fields_of(page: Page, number: int) -> dict[str, str]:
    return {
        field: page.locator(f"#id_variants-{number}-{field}").input_value()
        for field in ("name", "weight")
    }


def test_an_admin_takes_an_experiment_from_the_first_idea_to_its_end(
    cast: Cast, tab: str, sign_in: SignIn, say: Callable[[str], str]
) -> None:
    page = sign_in(cast.admin)
    page.goto(tab)
    page.get_by_role("link", name="New experiment").first.click()
    page.get_by_label("Name", exact=True).first.fill("Aria or Max")
    treatment = page.get_by_role("group", name="Variant 2")
    treatment.get_by_label("Persona name").fill("Aria")
    expect(page.locator("#preview ins").first).to_contain_text("Aria.")
    treatment.get_by_label("Weight").fill("150")
    expect(page.locator("#share-1")).to_have_text("75%")
    page.get_by_role("button", name="Save draft", exact=True).last.click()
    expect(page.get_by_text("Aria or Max is a draft.")).to_be_visible()

    page.get_by_role("link", name="Start").click()
    expect(page.get_by_text("Every new visitor of")).to_be_visible()
    page.get_by_role("button", name="Start").click()
    expect(page.get_by_text("Running, active")).to_be_visible()

    assert say("visitor-1") in ("control", "treatment")
    page.reload()
    page.get_by_text("Is the data sound?").click()
    expect(page.get_by_text("1 so far")).to_be_visible()
    for number in range(2, 8):
        say(f"visitor-{number}")
    page.reload()
    page.get_by_text("Is the data sound?").click()
    expect(page.get_by_text("7 so far")).to_be_visible()
    page.goto(tab)
    row = page.get_by_role("row", name=re.compile("Aria or Max"))
    expect(row.get_by_role("cell", name="7", exact=True)).to_be_visible()

    row.get_by_role("link").click()
    page.get_by_role("link", name="Stop").click()
    page.get_by_role("button", name="Stop").click()
    expect(page.get_by_text("Aria or Max is stopped.")).to_be_visible()

    page.locator("summary").filter(has_text="More").click()
    page.get_by_role("link", name="Delete").click()
    page.get_by_role("button", name="Delete").click()
    expect(page.get_by_text("This is not its name.")).to_be_visible()
    page.get_by_label("Type the experiment's name").fill("Aria or Max")
    page.get_by_role("button", name="Delete").click()
    expect(page.get_by_text("Aria or Max is deleted.")).to_be_visible()
    expect(page.get_by_text("No experiments yet")).to_be_visible()
    assert problems(page) == []
    assert Assignment.objects.count() == 7


def test_an_editor_sees_the_same_pages_and_no_control(
    cast: Cast, tab: str, sign_in: SignIn
) -> None:
    running = lifecycle.start(ExperimentFactory.create(agent=cast.agent, name="Mine"), by=None)
    page = sign_in(cast.editor)
    page.goto(tab)
    expect(page.get_by_text("New experiment")).to_have_count(0)
    page.get_by_role("link", name="Mine", exact=True).click()
    expect(page.get_by_role("heading", name="Set-up")).to_be_visible()
    expect(page.get_by_role("heading", name="History")).to_be_visible()
    main = page.locator("main")
    for control in ("Start", "Stop", "Edit", "Duplicate", "Delete"):
        expect(main.get_by_role("link", name=control)).to_have_count(0)
        expect(main.get_by_role("button", name=control)).to_have_count(0)
    page.goto(reverse("experiment_stop", args=[cast.agent.pk, running.pk]))
    expect(page.get_by_text("Your role doesn't allow this").first).to_be_visible()


def test_starting_a_second_experiment_asks_what_becomes_of_the_first(
    cast: Cast, sign_in: SignIn, say: Callable[[str], str]
) -> None:
    first = lifecycle.start(ExperimentFactory.create(agent=cast.agent, name="First"), by=None)
    say("visitor")
    second = ExperimentFactory.create(agent=cast.agent, name="Second")
    page = sign_in(cast.owner)
    page.goto(second.get_absolute_url())
    page.get_by_role("link", name="Start").click()
    expect(page.get_by_role("radio", name="Stop it")).to_be_checked()
    page.get_by_role("radio", name="Keep it running").check()
    page.get_by_role("button", name="Start").click()
    expect(page.get_by_text("Running, active")).to_be_visible()
    page.goto(first.get_absolute_url())
    expect(page.get_by_text("Running, superseded")).to_be_visible()

    page.goto(second.get_absolute_url())
    page.get_by_role("link", name="Stop").click()
    expect(page.get_by_text("It becomes the active experiment again")).to_be_visible()
    page.get_by_role("button", name="Stop").click()
    page.goto(first.get_absolute_url())
    expect(page.get_by_text("Running, active")).to_be_visible()


def test_errors_stand_at_their_fields_and_nothing_typed_is_lost(
    cast: Cast, sign_in: SignIn
) -> None:
    page = sign_in(cast.admin)
    page.goto(reverse("experiment_new", args=[cast.agent.pk]))
    page.get_by_label("Hypothesis").fill("Warmth helps.")
    page.locator("#id_variants-1-name").fill("CONTROL")
    page.locator("#id_variants-1-weight").fill("33.3")
    expect(page.get_by_text("A whole number from 1 to")).to_be_visible()
    page.locator("#id_variants-1-weight").fill("half")
    page.get_by_role("button", name="Save draft", exact=True).last.click()
    summary = page.get_by_role("alert")
    expect(summary).to_be_focused()
    expect(summary).to_contain_text("4 things need your attention")
    assert problems(page) == []
    summary.get_by_role("link", name=re.compile("CONTROL, Weight")).click()
    weight = page.locator("#id_variants-1-weight")
    expect(weight).to_be_focused()
    expect(weight).to_have_value("half")
    expect(weight).to_have_accessible_description(re.compile("A weight is a whole number"))
    expect(page.get_by_label("Hypothesis")).to_have_value("Warmth helps.")

    page.get_by_label("Name", exact=True).first.fill("Warm or cold")
    page.locator("#id_variants-1-name").fill("warm")
    weight.fill("50")
    page.locator("#id_variants-1-persona_tone").fill("warm")
    page.get_by_role("button", name="Save draft", exact=True).last.click()
    expect(page.get_by_text("Warm or cold is a draft.")).to_be_visible()


def test_rows_change_in_place_and_keep_what_was_typed(cast: Cast, sign_in: SignIn) -> None:
    page = sign_in(cast.admin)
    page.goto(reverse("experiment_new", args=[cast.agent.pk]))
    page.get_by_label("Name", exact=True).first.fill("Three ways")
    page.get_by_role("button", name="Add a variant").click()
    expect(page.locator("#id_variants-2-name")).to_be_focused()
    page.keyboard.type("third")
    page.locator("#id_variants-2-weight").fill("100")
    expect(page.locator("#share-2")).to_have_text("50%")
    page.get_by_role("button", name="Move variant 3 up").click()
    expect(page.locator("#up-1")).to_be_focused()
    expect(page.locator("#rows-status")).to_have_text("third is now number 2 of 3.")
    assert fields_of(page, 1) == {"name": "third", "weight": "100"}

    page.locator("#id_variants-1-persona_name").fill("Tess")
    page.get_by_role("button", name="Edit as JSON of variant 2").click()
    config = page.locator("#id_variants-1-config")
    expect(config).to_have_value(re.compile('"name": "Tess"'))
    config.fill('{"persona": {"name": "Tessa", "tone": "dry"}}')
    expect(page.locator("#preview ins").first).to_contain_text("Tessa.")
    page.get_by_role("button", name="Edit as fields of variant 2").click()
    expect(page.locator("#id_variants-1-persona_tone")).to_have_value("dry")

    page.get_by_role("button", name="Remove variant 1").click()
    expect(page.locator("#id_variants-2-name")).to_have_count(0)
    assert fields_of(page, 0) == {"name": "third", "weight": "100"}
    page.get_by_role("radio", name="CTA").check()
    expect(page.locator("#id_variants-0-config")).to_be_visible()
    page.get_by_role("radio", name="Persona").check()
    expect(page.locator("#id_variants-0-persona_name")).to_have_value("Tessa")
    expect(page.get_by_label("Name", exact=True).first).to_have_value("Three ways")
    assert not Experiment.objects.exists()


def test_the_second_of_two_people_is_told_and_overwrites_nothing(
    cast: Cast, sign_in: SignIn
) -> None:
    draft = ExperimentFactory.create(agent=cast.agent, name="Ours")
    url = reverse("experiment_edit", args=[cast.agent.pk, draft.pk])
    one, other = sign_in(cast.owner), sign_in(cast.admin)
    one.goto(url)
    other.goto(url)
    one.get_by_label("Name", exact=True).first.fill("The owner's")
    one.get_by_role("button", name="Save", exact=True).last.click()
    expect(one.get_by_text("The owner's is saved.")).to_be_visible()

    other.get_by_label("Hypothesis").fill("The admin's reason")
    other.get_by_role("button", name="Save", exact=True).last.click()
    told = other.get_by_role("alert")
    expect(told).to_contain_text("Somebody changed this experiment")
    assert problems(other) == []
    expect(told.get_by_role("row", name=re.compile("Name"))).to_contain_text("The owner's")
    expect(other.get_by_label("Hypothesis")).to_have_value("The admin's reason")
    draft.refresh_from_db()
    assert (draft.name, draft.hypothesis) == ("The owner's", "")

    other.get_by_label("Name", exact=True).first.fill("The owner's")
    other.get_by_role("button", name="Save", exact=True).last.click()
    expect(other.get_by_text("The owner's is saved.")).to_be_visible()
    draft.refresh_from_db()
    assert draft.hypothesis == "The admin's reason"


def test_a_double_click_on_start_starts_once(cast: Cast, sign_in: SignIn) -> None:
    draft = ExperimentFactory.create(agent=cast.agent, name="Eager")
    url = reverse("experiment_start", args=[cast.agent.pk, draft.pk])
    page, stale = sign_in(cast.admin), sign_in(cast.owner)
    page.goto(url)
    stale.goto(url)
    page.get_by_role("button", name="Start").dblclick()
    expect(page.get_by_text("Running, active")).to_be_visible()
    stale.get_by_role("button", name="Start").click()
    expect(stale.get_by_text("Eager is running already.")).to_be_visible()
    assert draft.events.filter(action=Action.STARTED).count() == 1


def test_an_experiment_is_made_by_keyboard_alone(cast: Cast, tab: str, sign_in: SignIn) -> None:
    page = sign_in(cast.admin)
    page.goto(tab)

    def tab_to(name: str, key: str = "Tab") -> None:
        for _ in range(60):
            page.keyboard.press(key)
            focused = page.evaluate(
                "document.activeElement.id || document.activeElement.textContent.trim()"
            )
            if focused == name:
                return
        pytest.fail(f"Tab never reaches {name}")

    tab_to("New experiment")
    page.keyboard.press("Enter")
    page.wait_for_url("**/new/")
    tab_to("id_name")
    page.keyboard.type("By keyboard")
    tab_to("add")
    page.keyboard.press("Enter")
    expect(page.locator("#id_variants-2-name")).to_be_focused()
    page.keyboard.type("third")
    tab_to("id_variants-2-persona_name")
    page.keyboard.type("Tess")
    tab_to("up-2", key="Shift+Tab")
    expect(page.locator("#up-2")).to_be_focused()
    page.keyboard.press("Space")
    expect(page.locator("#id_variants-1-persona_name")).to_have_value("Tess")
    expect(page.locator("#up-1")).to_be_focused()
    tab_to("id_variants-2-persona_tone")
    page.keyboard.type("dry")
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Enter")  # in a field, it saves
    expect(page.get_by_text("By keyboard is a draft.")).to_be_visible()
    made = Experiment.objects.get()
    assert [variant.name for variant in made.variants.all()] == ["control", "third", "treatment"]


def test_everything_works_without_javascript(
    browser: Browser, cast: Cast, tab: str, site: Served
) -> None:
    context = browser.new_context(base_url=str(site), java_script_enabled=False)
    page = signed_in(context, cast.admin, site)
    page.goto(tab)
    page.get_by_role("link", name="New experiment").first.click()
    page.locator("#id_name").fill("By hand")
    page.get_by_role("radio", name="CTA").check()
    page.get_by_role("button", name="Show the fields of this kind").click()
    page.locator("#id_variants-1-config").fill('{"text": "10% off"}')
    page.get_by_role("button", name="Add a variant").click()
    page.locator("#id_variants-2-name").fill("third")
    page.get_by_role("button", name="Move variant 3 up").click()
    page.get_by_role("button", name="Remove variant 1").click()
    assert fields_of(page, 0)["name"] == "third"
    page.locator("#id_variants-0-weight").fill("0")
    page.get_by_role("button", name="Save draft", exact=True).last.click()
    expect(page.get_by_role("alert")).to_contain_text("One thing needs your attention")
    page.locator("#id_variants-0-weight").fill("1")
    page.get_by_role("button", name="Save draft", exact=True).last.click()
    page.get_by_role("link", name="Start").click()
    page.get_by_role("button", name="Start").click()
    page.get_by_role("link", name="Stop").click()
    page.get_by_role("button", name="Stop").click()
    page.get_by_role("button", name="Duplicate").click()
    expect(page.locator("#id_name")).to_have_value("By hand (copy)")
    original = Experiment.objects.get(name="By hand")
    assert (original.kind, original.status) == ("cta", "stopped")
    assert original.variants.get(name="treatment").config == {"text": "10% off"}
    context.close()


@pytest.fixture
def pages_to_look_at(cast: Cast, tab: str, say: Callable[[str], str]) -> dict[str, str]:
    """Every page of experiments, with something on it."""
    running = ExperimentFactory.create(agent=cast.agent, name="First", hypothesis="A " * 900)
    editing.edit(running, sent={"name": "Running"}, by=cast.owner)
    lifecycle.start(running, by=cast.owner)
    say("visitor")
    cta = [{"name": "w" * 60, "weight": 1, "config": {"x" * 90: "y" * 90}} for _ in range(1)]
    draft = ExperimentFactory.create(
        agent=cast.agent,
        name="n" * 120,
        kind="cta",
        variants=[*cta, {"name": "b", "weight": 1_000_000, "config": {}}],
    )
    found = {"tab": tab, "new": reverse("experiment_new", args=[cast.agent.pk])}
    for step in ("edit", "start", "duplicate", "delete", "history"):
        found[step] = reverse(f"experiment_{step}", args=[cast.agent.pk, draft.pk])
    for step in ("edit", "stop", "history"):
        found[f"running {step}"] = reverse(f"experiment_{step}", args=[cast.agent.pk, running.pk])
    return found | {"draft": draft.get_absolute_url(), "running": running.get_absolute_url()}


def test_every_page_is_accessible_fits_and_obeys_its_own_policy(
    browser: Browser,
    cast: Cast,
    pages_to_look_at: dict[str, str],
    site: Served,
) -> None:
    context = browser.new_context(base_url=str(site))
    page = signed_in(context, cast.admin, site)
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    found: dict[str, object] = {}
    for name, url in pages_to_look_at.items():
        page.goto(url)
        if broken := problems(page):
            found[name] = broken
    context.close()
    assert found == {}
    assert said == []
