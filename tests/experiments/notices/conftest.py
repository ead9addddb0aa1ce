"""A workspace with an experiment, and somebody who takes its notices."""

from collections.abc import Iterator

import pytest

from experiments import lifecycle
from experiments.models import Experiment
from tests.experiments.notices.receivers import Receiver, receiver
from tests.factories import ExperimentFactory
from tests.roles import Cast


@pytest.fixture
def running(cast: Cast) -> Experiment:
    draft = ExperimentFactory.create(agent=cast.agent, name="Aria or Max")
    return lifecycle.start(draft, by=cast.owner)


@pytest.fixture
def taking() -> Iterator[Receiver]:
    with receiver() as one:
        yield one
