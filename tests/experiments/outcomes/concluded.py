"""Experiments with figures that say something, ready to be concluded."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from agents.models import Agent
from agents.roles import Caller
from experiments import lifecycle
from experiments.models import Conclusion, Experiment, Outcome
from experiments.outcomes.conclusions import Decision, conclude
from experiments.results import rollup
from tests.factories import ExperimentFactory
from tests.visits import arrive

WON = [(400, 40), (410, 140)]
OPEN = [(200, 20), (200, 24)]
LOST = [(400, 140), (410, 40)]
FEW = [(20, 2), (20, 3)]
UNEVEN = [(900, 90), (300, 120)]


def measured(agent: Agent, counts: Sequence[tuple[int, int]], **setup: Any) -> Experiment:
    """One that runs, whose visitors came an hour ago; `counts` as `arrive` takes them."""
    experiment = lifecycle.start(
        ExperimentFactory.create(agent=agent, **setup),
        by=None,
        on_conflict=lifecycle.OnConflict.STOP_CURRENT,
    )
    arrive(experiment, counts, at=datetime.now(UTC) - timedelta(hours=1))
    rollup.bring_up_to_date(agent.pk, seconds=10)
    return experiment


def won(experiment: Experiment, position: int = 1, **decided: Any) -> Decision:
    variant = experiment.variants.get(position=position)
    return Decision(Outcome.WON, variant.pk, **decided)


def winner_in_use(experiment: Experiment, *, by: Caller | None = None, **said: Any) -> Conclusion:
    return conclude(experiment, won(experiment, put_into_use=True, **said), by=by)
