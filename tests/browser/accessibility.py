"""What keeps people from using a page."""

from collections.abc import Sequence

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

EVERY_RULE = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice")
RULES_ON_LOOKS = (
    "color-contrast",
    "link-in-text-block",
    "scrollable-region-focusable",
    "target-size",
)
"""What may be well in one theme and size, and not in another."""
OPEN_EVERYTHING = "document.querySelectorAll('main details').forEach(each => { each.open = true })"


def problems(page: Page, rules: Sequence[str] = EVERY_RULE) -> list[str]:
    """The rules of axe-core that the page breaks, and where; and whether it is too wide."""
    options = {"runOnly": list(rules), "preload": False, "resultTypes": ["violations"]}
    page.wait_for_load_state()
    violations = Axe().run(page, options=options).response["violations"]
    found = [
        f"{violation['id']}: {[node['target'] for node in violation['nodes']]}"
        for violation in violations
    ]
    if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
        found.append("wider than the screen")
    return found
