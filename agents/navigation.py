"""The tabs above the pages of an agent and of a workspace, and the sign of what is new there. An
app that adds such pages registers them when Django starts it, so that nothing here has to know it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class PageTab:
    """`section` names it to the pages below it; `url_name` takes the id of agent or workspace."""

    section: str
    label: str
    url_name: str
    rank: int
    needed: str
    """The permission without which nobody sees it; empty: anybody who sees the pages does."""


@dataclass(frozen=True, slots=True)
class News:
    """`unseen` gives, for a person's id, an expression for a query of workspaces: how much is new
    to the person in each. `url_name` is where to read it."""

    label: str
    url_name: str
    unseen: Callable[[int], Any]


_agent_tabs: dict[str, PageTab] = {}
_workspace_tabs: dict[str, PageTab] = {}
_news: list[News] = []


def add_agent_tab(section: str, label: str, url_name: str, *, rank: int, needed: str = "") -> None:
    """Tabs stand in the order of their ranks; the first is where an agent's name leads."""
    _agent_tabs[section] = PageTab(section, label, url_name, rank, needed)


def agent_tabs() -> list[PageTab]:
    return sorted(_agent_tabs.values(), key=lambda tab: tab.rank)


def add_workspace_tab(section: str, label: str, url_name: str, *, rank: int, needed: str) -> None:
    """Tabs stand in the order of their ranks."""
    _workspace_tabs[section] = PageTab(section, label, url_name, rank, needed)


def workspace_tabs() -> list[PageTab]:
    return sorted(_workspace_tabs.values(), key=lambda tab: tab.rank)


def add_news(label: str, url_name: str, unseen: Callable[[int], Any]) -> None:
    """Show beside a workspace's name how much of this is new to whoever looks."""
    _news[:] = [News(label, url_name, unseen)]


def workspace_news() -> News | None:
    return _news[0] if _news else None
