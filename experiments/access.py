"""Fetch an experiment for this caller, or refuse: `agents.access`, one level down."""

from uuid import UUID

from agents import access
from agents.roles import Caller, Permission
from experiments.models import Experiment
from glozr.errors import NotFound

NO_SUCH_EXPERIMENT = "There is no such experiment here. It may have been deleted."


def experiment_for(
    caller: Caller, agent_id: UUID, experiment_id: UUID, permission: Permission
) -> Experiment:
    """The undeleted experiment of the agent, its agent and variants, for who may see or run it.

    `experiment.is_active` is annotated.
    """
    agent = access.agent_for(caller, agent_id, permission)
    experiment = (
        Experiment.objects.of_agent(agent.pk)
        .with_is_active()
        .with_active_name()
        .select_related("conclusion__variant")
        .prefetch_related("variants")
        .filter(pk=experiment_id)
        .first()
    )
    if experiment is None:
        raise NotFound(NO_SUCH_EXPERIMENT)
    experiment.agent = agent
    return experiment
