"""Fetch an experiment for this caller, or refuse: `agents.access`, one level down."""

from uuid import UUID

from agents import access
from agents.models import User
from agents.roles import Caller, Permission
from experiments.models import Delivery, Experiment, Webhook
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


def webhook_for(user: User, workspace_id: UUID, webhook_id: UUID) -> Webhook:
    """A webhook of the workspace, which is set, for who manages tokens there: both let programs
    have what the workspace holds."""
    workspace = access.workspace_for(user, workspace_id, Permission.MANAGE_TOKENS)
    found = Webhook.objects.filter(workspace=workspace, pk=webhook_id).first()
    if found is None:
        raise NotFound("There is no such webhook here. It may have been removed.")
    found.workspace = workspace
    return found


def delivery_for(user: User, workspace_id: UUID, webhook_id: UUID, delivery_id: UUID) -> Delivery:
    """What was sent to a webhook, for who manages that."""
    webhook = webhook_for(user, workspace_id, webhook_id)
    found = webhook.deliveries.filter(pk=delivery_id).first()
    if found is None:
        raise NotFound("There is no such delivery. Those of more than 30 days ago are deleted.")
    found.webhook = webhook
    return found
