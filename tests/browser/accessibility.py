"""What keeps people from using a page."""

import json
from collections.abc import Sequence

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from tests.browser.people import show_on

EVERY_RULE = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice")
RULES_ON_LOOKS = (
    "color-contrast",
    "link-in-text-block",
    "scrollable-region-focusable",
    "target-size",
)
"""What may be well in one theme and size, and not in another."""
LOOKS = (("light", 1280, EVERY_RULE), ("dark", 360, RULES_ON_LOOKS))
"""A page is loaded once and looked at in each."""
EVERY_WIDTH = tuple(
    (scheme, width, RULES_ON_LOOKS)
    for scheme, width in (("light", 360), ("dark", 768), ("light", 1440), ("dark", 2560))
)
END_TRANSITIONS = """document.getAnimations()
    .filter(each => each instanceof CSSTransition).forEach(each => each.finish())"""
OPEN_EVERYTHING = """[...document.querySelectorAll('main details')].slice(0, 20)
    .forEach(each => { each.open = true })"""
"""But of a page with hundreds of a kind, such as the API's: there the first stand for all."""
AXE = Axe().axe_script


def problems(page: Page, looks: Sequence[tuple[str, int, Sequence[str]]] = LOOKS) -> list[str]:
    """The rules of axe-core that the page breaks, and where; and whether it is too wide."""
    page.wait_for_load_state()
    if page.evaluate("window.axe === undefined"):
        page.evaluate(AXE)
    found = []
    for scheme, width, rules in looks:
        show_on(page, scheme, width=width, height=800)
        page.evaluate(END_TRANSITIONS)
        found += [f"{scheme}, {width} px: {problem}" for problem in _problems(page, rules)]
    return found


def _problems(page: Page, rules: Sequence[str]) -> list[str]:
    options = {"runOnly": list(rules), "preload": False, "resultTypes": ["violations"]}
    run = f"axe.run({json.dumps(options)}).then(results => results.violations)"
    found = [
        f"{violation['id']}: {[node['target'] for node in violation['nodes']]}"
        for violation in page.evaluate(run)
    ]
    if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
        found.append("wider than the screen")
    return found
