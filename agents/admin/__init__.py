"""The Django admin of people, workspaces, agents and what visitors do."""

from agents.admin import history, members, people, workspaces

__all__ = ["history", "members", "people", "workspaces"]
