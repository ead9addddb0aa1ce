"""What tests of the commands share."""

import pytest

from agents.models import Agent
from experiments import lifecycle
from experiments.models import Experiment
from tests.factories import ExperimentFactory


@pytest.fixture
def experiment(agent: Agent) -> Experiment:
    return lifecycle.start(ExperimentFactory.create(agent=agent), by=None)
