"""What an agent's variants have brought, experiments deleted since included."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import QuerySet

from agents.models import Agent
from experiments import totals
from experiments.models import Experiment, Variant
from experiments.results import ExperimentResults, results_of
from experiments.totals import NOTHING, Sums


@dataclass(frozen=True, slots=True)
class VariantReport:
    variant: Variant
    sums: Sums


@dataclass(frozen=True, slots=True)
class ExperimentReport:
    experiment: Experiment
    variants: Sequence[VariantReport]


def experiments_that_ran(agent: Agent) -> QuerySet[Experiment]:
    """Every experiment that was ever started, the latest first; deleted ones too."""
    return (
        Experiment.with_tombstones.of_agent(agent.pk)
        .exclude(started_at=None)
        .with_is_active()
        .prefetch_related("variants")
        .latest_started()
    )


def reports(experiments: Sequence[Experiment]) -> list[ExperimentReport]:
    """The figures of each experiment's variants, as far as they have been counted."""
    variants = [variant for experiment in experiments for variant in experiment.variants.all()]
    sums = totals.by_variant([variant.pk for variant in variants])
    return [
        ExperimentReport(
            experiment,
            [
                VariantReport(variant, sums.get(variant.pk, NOTHING))
                for variant in experiment.variants.all()
            ],
        )
        for experiment in experiments
    ]


def active_results(agent: Agent, experiments: Sequence[Experiment]) -> ExperimentResults | None:
    """How the active experiment stands, if it is one of those."""
    for experiment in experiments:
        if getattr(experiment, "is_active", False):
            experiment.agent = agent
            return results_of(experiment, in_brief=True)
    return None
