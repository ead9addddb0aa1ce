"""What keeps people from using a page."""

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

OPTIONS = {
    "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    "preload": False,
    "resultTypes": ["violations"],
}
OPEN_EVERYTHING = "document.querySelectorAll('main details').forEach(each => { each.open = true })"


def problems(page: Page) -> list[str]:
    """The rules of axe-core that the page breaks, and where; and whether it is too wide."""
    page.wait_for_load_state()
    violations = Axe().run(page, options=OPTIONS).response["violations"]
    found = [
        f"{violation['id']}: {[node['target'] for node in violation['nodes']]}"
        for violation in violations
    ]
    if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
        found.append("wider than the screen")
    return found
