"""What a model answers by itself."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from agents.models import Agent
from experiments import lifecycle
from experiments.lifecycle import OnConflict
from experiments.models import Experiment
from tests.factories import ExperimentFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def superseded(agent: Agent) -> Experiment:
    return lifecycle.start(ExperimentFactory.create(agent=agent), by=None)


@pytest.fixture
def active(agent: Agent, superseded: Experiment) -> Experiment:
    newer = ExperimentFactory.create(agent=agent)
    return lifecycle.start(newer, by=None, on_conflict=OnConflict.KEEP_RUNNING)


def test_is_active_asks_the_database_where_nobody_has(
    active: Experiment, superseded: Experiment
) -> None:
    assert Experiment.objects.get(pk=active.pk).is_active
    assert not Experiment.objects.get(pk=superseded.pk).is_active
    assert not ExperimentFactory.create(agent=active.agent).is_active


def test_is_active_of_a_deleted_one_is_false(active: Experiment) -> None:
    lifecycle.delete(active, by=None)
    assert not Experiment.with_tombstones.get(pk=active.pk).is_active


def test_is_active_takes_no_query_where_it_was_annotated(active: Experiment) -> None:
    found = list(Experiment.objects.of_agent(active.agent_id).with_is_active())
    with CaptureQueriesContext(
        connection,
    ) as asked:
        assert {one.pk for one in found if one.is_active} == {active.pk}
    assert not asked.captured_queries
