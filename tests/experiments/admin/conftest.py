"""What tests of the admin of experiments share."""

import pytest
from django.test import Client

from agents.models import Agent
from experiments.models import Experiment
from tests.experiments.admin.site import signed_in
from tests.factories import ExperimentFactory
from tests.roles import Cast


@pytest.fixture
def client(cast: Cast) -> Client:
    """An Admin who is staff."""
    return signed_in(cast.admin)


@pytest.fixture
def experiment(agent: Agent) -> Experiment:
    return ExperimentFactory.create(agent=agent, name="Aria or Max")
