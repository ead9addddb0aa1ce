"""The tabs above an agent's pages and a workspace's. An app that adds pages to either registers
them when Django starts it, so that nothing here has to know the app."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class AgentTab:
    """`section` names it to the pages below it; `url_name` takes the agent's id."""

    section: str
    label: str
    url_name: str
    rank: int
    needed: str
    """The permission without which nobody sees it; empty: anybody who sees the agent does."""


@dataclass(frozen=True, slots=True)
class WorkspaceTab:
    """`section` names it to the pages below it; `url_name` takes the workspace's id."""

    section: str
    label: str
    url_name: str
    needed: str


_tabs: dict[str, AgentTab] = {}
_workspace_tabs: dict[str, WorkspaceTab] = {}


def add_agent_tab(section: str, label: str, url_name: str, *, rank: int, needed: str = "") -> None:
    """Tabs stand in the order of their ranks; the first is where an agent's name leads."""
    _tabs[section] = AgentTab(section, label, url_name, rank, needed)


def agent_tabs() -> list[AgentTab]:
    return sorted(_tabs.values(), key=lambda tab: tab.rank)


def add_workspace_tab(section: str, label: str, url_name: str, *, needed: str) -> None:
    """It stands after the workspace's agents."""
    _workspace_tabs[section] = WorkspaceTab(section, label, url_name, needed)


def added_workspace_tabs() -> list[WorkspaceTab]:
    return list(_workspace_tabs.values())
