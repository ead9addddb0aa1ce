"""The Django admin of people, workspaces, agents, mail and what visitors do."""

from agents.admin import history, mail, members, people, workspaces

__all__ = ["history", "mail", "members", "people", "workspaces"]
