"""What an agent's variants have brought, experiments deleted since included."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import QuerySet

from agents.models import Agent
from experiments.models import Experiment, Variant
from experiments.results import rollup, totals
from experiments.results.metrics import LEAD_CAPTURE
from experiments.results.report import ExperimentResults, results_in_brief
from experiments.sums import NOTHING, Sums


@dataclass(frozen=True, slots=True)
class VariantReport:
    variant: Variant
    sums: Sums

    @property
    def lead_capture_rate(self) -> float | None:
        return LEAD_CAPTURE.arm(self.sums).value


@dataclass(frozen=True, slots=True)
class ExperimentReport:
    experiment: Experiment
    variants: Sequence[VariantReport]


@dataclass(frozen=True, slots=True)
class Overview:
    reports: Sequence[ExperimentReport]
    active: ExperimentResults | None
    """How the active experiment stands, if it is one of those reported."""
    is_complete: bool
    """False while more waits to be counted than a page may wait for."""


def experiments_that_ran(agent: Agent) -> QuerySet[Experiment]:
    """Every experiment that was ever started, the latest first; deleted ones too."""
    return (
        Experiment.with_tombstones.of_agent(agent.pk)
        .exclude(started_at=None)
        .with_is_active()
        .select_related("conclusion__variant")
        .prefetch_related("variants")
        .latest_started()
    )


def overview_of(agent: Agent, experiments: Sequence[Experiment]) -> Overview:
    """The figures of the variants of some of the agent's experiments."""
    is_complete = rollup.bring_up_to_date(agent.pk)
    variants = [variant for experiment in experiments for variant in experiment.variants.all()]
    sums = totals.by_variant([variant.pk for variant in variants])
    active = next((one for one in experiments if one.is_active), None)
    if active is not None:
        active.agent = agent
    return Overview(
        reports=[
            ExperimentReport(
                experiment,
                [
                    VariantReport(variant, sums.get(variant.pk, NOTHING))
                    for variant in experiment.variants.all()
                ],
            )
            for experiment in experiments
        ],
        active=None if active is None else results_in_brief(active, is_complete=is_complete),
        is_complete=is_complete,
    )
