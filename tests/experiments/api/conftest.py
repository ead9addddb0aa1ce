"""What tests of the API of experiments share."""

import pytest

from agents.models import Agent
from experiments.models import Experiment
from tests.experiments.api.caller import Api
from tests.factories import ExperimentFactory
from tests.roles import Cast


@pytest.fixture
def api(cast: Cast) -> Api:
    return Api(cast.agent, user=cast.owner)


@pytest.fixture
def experiment(agent: Agent) -> Experiment:
    return ExperimentFactory.create(agent=agent)
