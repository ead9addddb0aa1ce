"""What either design would take, in words beside the form of a set-up."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from uuid import UUID

from django.utils import timezone

from agents.models import Agent
from experiments import limits
from experiments.configuration import PLAIN_FIELDS, Setup, changed_setup
from experiments.models import Design, Experiment
from experiments.plans.baseline import Baseline, baseline_of
from experiments.plans.frozen import FrozenPlan, as_json, plan_for
from experiments.plans.words import plan_in_words
from glozr.errors import Invalid

BASELINE_SECONDS = 600
"""For so long a form goes by what was read of the agent."""


@dataclass(frozen=True, slots=True)
class DesignWords:
    """`is_chosen` by what was typed so far."""

    label: str
    words: str
    is_chosen: bool


def designs_in_words(
    agent: Agent, sent: Mapping[str, object], weights: Sequence[int]
) -> list[DesignWords]:
    """Of both designs, by what was typed so far of a plan; nothing while that breaks the rules."""
    if not weights or min(weights) < 1:
        return []
    blank = Setup("", "", "", ())
    try:
        setup = changed_setup(sent, current=blank, is_taken=lambda name: False)
    except Invalid:
        return []
    baseline = _recent_baseline(agent.pk, int(time.monotonic() // BASELINE_SECONDS))
    return [
        DesignWords(
            label=str(design.label),
            words=_words_of(agent, setup, design, baseline, weights),
            is_chosen=setup.design == design,
        )
        for design in Design
    ]


def _words_of(
    agent: Agent, setup: Setup, design: Design, baseline: Baseline, weights: Sequence[int]
) -> str:
    fields = {field: getattr(setup, field) for field in PLAIN_FIELDS}
    experiment = Experiment(agent=agent, **{**fields, "design": design.value})
    experiment.planned_lift = setup.planned_lift or limits.USUAL_LIFT
    experiment.most_looks = setup.most_looks or limits.USUAL_LOOKS
    try:
        plan: FrozenPlan | None = plan_for(experiment, baseline, timezone.now(), weights)
    except Invalid as invalid:
        return " ".join(error.detail for error in invalid.errors)
    if plan is None:
        return "Nothing tells yet how long it would take."
    told = plan_in_words(as_json(plan)).removeprefix("planned for ")
    latest = "" if plan.looks else ", at the latest"
    return f"{told}{latest}, for a lift of {plan.lift:+.0%}."


@lru_cache(maxsize=256)
def _recent_baseline(agent_id: UUID, period: int) -> Baseline:
    return baseline_of(Agent(pk=agent_id))
