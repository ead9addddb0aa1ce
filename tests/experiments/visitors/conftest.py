"""What tests of what visitors did share."""

import pytest
from django.test import Client

from agents.models import Agent
from experiments import lifecycle
from experiments.models import Experiment
from tests.factories import ExperimentFactory
from tests.roles import Cast, signed_in


@pytest.fixture
def editor(cast: Cast) -> Client:
    return signed_in(cast.editor)


@pytest.fixture
def experiment(agent: Agent) -> Experiment:
    return lifecycle.start(ExperimentFactory.create(agent=agent, name="Aria or Max"), by=None)
