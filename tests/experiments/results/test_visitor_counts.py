"""The count of visitors that pages show."""

import pytest

from agents.models import Agent
from experiments import lifecycle
from experiments.models import Assignment, Experiment
from experiments.results import rollup
from experiments.results.visitor_counts import visitors_by_variant
from tests.factories import ExperimentFactory
from tests.runtime import Runtime

pytestmark = pytest.mark.django_db


@pytest.fixture
def running(agent: Agent) -> Experiment:
    return lifecycle.start(ExperimentFactory.create(agent=agent), by=None)


def counted(experiment: Experiment) -> dict[str, int]:
    found = visitors_by_variant(experiment.agent_id, [experiment.pk])
    return {variant.name: found[variant.pk] for variant in experiment.variants.all()}


def test_every_visitor_counts_once_before_and_after_folding(
    running: Experiment, runtime: Runtime
) -> None:
    def assigned() -> dict[str, int]:
        rows = Assignment.objects.filter(experiment=running)
        return {
            variant.name: rows.filter(variant=variant).count() for variant in running.variants.all()
        }

    for number in range(20):
        runtime.resolve(f"visitor-{number}")
        runtime.resolve(f"visitor-{number}")  # another conversation
    assert sum(counted(running).values()) == 20
    assert counted(running) == assigned()
    rollup.bring_up_to_date(running.agent_id, seconds=5)
    assert counted(running) == assigned()
    runtime.resolve("one more")
    assert counted(running) == assigned()


def test_visitors_of_other_experiments_are_not_counted(
    running: Experiment, runtime: Runtime
) -> None:
    draft = ExperimentFactory.create(agent=running.agent)
    runtime.resolve("visitor")
    assert counted(draft) == {"control": 0, "treatment": 0}
