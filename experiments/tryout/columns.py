"""The columns of a try-out: whom one talks to, and the prompt that each runs under."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from agents.agents.prompt import system_prompt
from agents.models import Agent
from experiments import limits
from experiments.models import Experiment, Variant
from experiments.runtime.answers import persona_of
from glozr.errors import NotFound

OWN = "agent"
"""The key of the column in which an agent answers as it is, without an experiment."""


@dataclass(frozen=True, slots=True)
class TriedColumn:
    """`variant` is None for the agent as it is; `prompt` is what a conversation runs under."""

    key: str
    title: str
    variant: Variant | None
    persona: Mapping[str, str]
    prompt: str


def columns_of_experiment(experiment: Experiment, chosen: Sequence[str] = ()) -> list[TriedColumn]:
    """Those of the variants with the `chosen` ids, in their order, of more than fit the first; of
    all variants where none of them is chosen."""
    variants = list(experiment.variants.all())
    picked = [variant for variant in variants if str(variant.pk) in chosen] or variants
    return [
        _column(experiment.agent, variant, experiment)
        for variant in picked[: limits.TRIED_VARIANTS]
    ]


def columns_of_agent(agent: Agent) -> list[TriedColumn]:
    """The agent as it is, then the variants of the experiment that takes its new visitors."""
    own = _column(agent, None, None)
    running = Experiment.objects.of_agent(agent.pk).running().latest_started()
    active = running.prefetch_related("variants").first()
    if active is None:
        return [own]
    active.agent = agent
    return [own, *columns_of_experiment(active)][: limits.TRIED_VARIANTS]


def column_for(columns: Sequence[TriedColumn], key: str) -> TriedColumn:
    """
    Raises:
        NotFound: none of them has this key, as a variant that was deleted meanwhile.
    """
    for column in columns:
        if column.key == key:
            return column
    raise NotFound("This variant no longer exists. Load the page again.")


def _column(agent: Agent, variant: Variant | None, experiment: Experiment | None) -> TriedColumn:
    if variant is not None and experiment is not None:
        variant.experiment = experiment
    persona = persona_of(agent.persona, variant)
    return TriedColumn(
        key=OWN if variant is None else str(variant.pk),
        title="The agent as it is" if variant is None else variant.name,
        variant=variant,
        persona=persona,
        prompt=system_prompt(persona, agent.system_prompt),
    )
