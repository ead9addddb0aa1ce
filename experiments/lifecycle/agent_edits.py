"""What an edit of the agent means for the experiments that run on it: its form warns of them, and
each has the edit in its history (`agents.agents.dependents`)."""

from collections.abc import Collection
from uuid import UUID

from agents.agents.dependents import AgentEdit, Dependent
from experiments import history
from experiments.models import Experiment


def running_at(agent_id: UUID) -> list[Dependent]:
    """The one that takes the new visitors first."""
    running = Experiment.objects.of_agent(agent_id).running().latest_started()
    return [Dependent(each.name, each.get_absolute_url()) for each in running]


def active_at_each(agent_ids: Collection[UUID]) -> dict[UUID, Dependent]:
    """The active experiment of each of the agents that has one."""
    running = Experiment.objects.running().filter(agent__in=agent_ids)
    latest = running.order_by("agent_id", "-started_at", "-id").distinct("agent_id")
    return {each.agent_id: Dependent(each.name, each.get_absolute_url()) for each in latest}


def note_in_histories(edit: AgentEdit) -> None:
    history.record_of_agent(
        list(Experiment.objects.of_agent(edit.agent.pk).running().select_related("agent")),
        workspace_id=edit.agent.workspace_id,
        by=edit.by,
        changes=edit.changes,
    )
