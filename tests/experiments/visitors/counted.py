"""What counts of an agent's visitors now, proven by the plain recount."""

from agents.models import Agent
from experiments.models import Experiment, Variant
from experiments.results import rollup, totals, verification
from experiments.sums import NOTHING, Sums


def counted(experiment: Experiment) -> Sums:
    """The sums of all variants."""
    assert rollup.bring_up_to_date(experiment.agent_id, seconds=30)
    assert verification.departures(experiment) == []
    ids = Variant.objects.filter(experiment=experiment).values_list("pk", flat=True)
    return sum(totals.by_variant(ids).values(), NOTHING)


def everything_agrees(agent: Agent) -> None:
    assert rollup.bring_up_to_date(agent.pk, seconds=30)
    for experiment in Experiment.with_tombstones.of_agent(agent.pk):
        assert verification.departures(experiment) == []
