"""Experiments with figures that say something, ready to be concluded."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from agents.models import Agent
from agents.roles import Caller
from experiments import lifecycle
from experiments.models import Conclusion, Experiment, Outcome, VariantTotals
from experiments.outcomes.conclusions import Decision, conclude
from tests.factories import ExperimentFactory

WON = [(400, 40), (410, 140)]
OPEN = [(200, 20), (200, 24)]
LOST = [(400, 140), (410, 40)]
FEW = [(20, 2), (20, 3)]
UNEVEN = [(900, 90), (300, 120)]


def measured(agent: Agent, counts: Sequence[tuple[int, int]], **setup: Any) -> Experiment:
    """One that runs. Of each variant so many visitors have come, of whom so many left a lead; they
    are counted already, which is quicker than that they come."""
    experiment = lifecycle.start(
        ExperimentFactory.create(agent=agent, **setup),
        by=None,
        on_conflict=lifecycle.OnConflict.STOP_CURRENT,
    )
    came = datetime.now(UTC) - timedelta(hours=1)
    VariantTotals.objects.bulk_create(
        VariantTotals(
            agent=agent,
            variant=variant,
            assigned_from=came,
            visitors=visitors,
            converted=converted,
            leads=converted,
            conversations=visitors,
            messages=visitors,
            messages_squared=visitors,
        )
        for variant, (visitors, converted) in zip(experiment.variants.all(), counts, strict=True)
        if visitors
    )
    return experiment


def won(experiment: Experiment, position: int = 1, **decided: Any) -> Decision:
    variant = experiment.variants.get(position=position)
    return Decision(Outcome.WON, variant.pk, **decided)


def winner_in_use(experiment: Experiment, *, by: Caller | None = None, **said: Any) -> Conclusion:
    return conclude(experiment, won(experiment, put_into_use=True, **said), by=by)
