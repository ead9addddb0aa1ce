"""The API's published description, a world for it to be asked about, and a call that is checked."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from unittest.mock import patch

import schemathesis
from django.core.signals import request_finished, request_started
from django.db import DEFAULT_DB_ALIAS, close_old_connections, connections
from schemathesis import Case, HookContext
from schemathesis.checks import positive_data_acceptance
from schemathesis.core.parameters import ParameterLocation

from agents.models import Ability, Agent
from experiments import lifecycle
from experiments.models import Experiment, Outcome
from experiments.outcomes.conclusions import Decision, conclude
from glozr.wsgi import application
from tests.factories import (
    ConversationFactory,
    ExperimentFactory,
    LeadFactory,
    MessageFactory,
    unused_id,
)
from tests.runtime import Runtime


@schemathesis.hook
def before_load_schema(context: HookContext, raw_schema: dict[str, Any]) -> None:
    """Clients may be told more one day. Here, what is not described is an error,
    unless it is said to be ignored."""
    for described in raw_schema["components"]["schemas"].values():
        if "properties" in described:
            described.setdefault("additionalProperties", False)


schema = schemathesis.openapi.from_wsgi(
    "/api/schema/?format=json",
    application,
    config=schemathesis.Config.from_dict(
        {
            "generation": {"with-security-parameters": False},
            "phases": {"coverage": {"unexpected-methods": ["put"]}},
            "checks": {"negative_data_rejection": {"expected-statuses": ["4xx"]}},
        }
    ),
)
OPERATIONS: Mapping[str, Any] = {
    described["operationId"]: described
    for methods in schema.raw_schema["paths"].values()
    for described in methods.values()
}


CONVERSATION, LEAD = unused_id(), unused_id()


@dataclass(frozen=True)
class World:
    """An agent with an experiment in each state, a conversation, a lead, and a token that may do
    everything."""

    agent: Agent
    draft: Experiment
    running: Experiment
    stopped: Experiment
    used: Experiment
    """Its variant is in use."""
    key: str

    @property
    def experiments(self) -> tuple[Experiment, ...]:
        return (self.draft, self.running, self.stopped, self.used)


def make_world(agent: Agent) -> World:
    draft, running, stopped, used = ExperimentFactory.create_batch(4, agent=agent)
    for experiment in (stopped, used):
        lifecycle.start(experiment, by=None)
        lifecycle.stop(experiment, by=None)
    decision = Decision(
        Outcome.WON, used.variants.all()[1].pk, reason="A guess.", put_into_use=True
    )
    conclude(used, decision, by=None)
    lifecycle.start(running, by=None)
    conversation = ConversationFactory.create(pk=CONVERSATION, agent=agent, visitor_id="ada")
    MessageFactory.create(conversation=conversation)
    LeadFactory.create(pk=LEAD, agent=agent, conversation=conversation)
    return World(agent, draft, running, stopped, used, Runtime.of(agent, *Ability.values).key)


@contextmanager
def one_connection() -> Iterator[None]:
    """Requests stay in the test's transaction, as Django's own test client keeps them there."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    with patch.object(connections[DEFAULT_DB_ALIAS], "close_if_unusable_or_obsolete"):
        yield
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


def call(
    case: Case[Any],
    world: World,
    experiment: Experiment | None,
    *,
    is_anonymous: bool = False,
) -> None:
    """Send the case to what is there, unless it is about an address that can't be."""
    assert case.meta is not None
    if not case.meta.is_negative_at(ParameterLocation.PATH):
        case.path_parameters["agent_id"] = str(world.agent.pk)
        if experiment is not None:
            case.path_parameters["experiment_id"] = str(experiment.pk)
    case.call_and_validate(
        headers={} if is_anonymous else {"Authorization": f"Bearer {world.key}"},
        # A description can't tell every rule, such as which config belongs to which kind.
        excluded_checks=[positive_data_acceptance],
    )
