"""An agent's words changed through the service, one or all of them."""

from typing import Any

from agents.agents.editing import edit_agent
from agents.models import Agent
from agents.roles import Caller


def reword(agent: Agent, *, by: Caller | None = None, **changes: Any) -> Agent:
    """`name`, `tone`, `prompt` and `urgent`; what is left out stays as it is stored."""
    stored = Agent.objects.get(pk=agent.pk)
    tone = changes.pop("tone", stored.persona["tone"])
    return edit_agent(
        agent,
        name=stored.name,
        persona={"name": changes.pop("name", stored.persona["name"]), "tone": tone},
        system_prompt=changes.pop("prompt", stored.system_prompt),
        by=by,
        **changes,
    )
