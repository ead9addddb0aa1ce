"""What putting a variant into use would change of what the agent says."""

from collections.abc import Sequence
from dataclasses import dataclass

from agents.agents.prompt import persona_in_force, system_prompt
from agents.agents.prompt_diff import Piece, pieces
from experiments.models import Experiment, Kind, Variant


@dataclass(frozen=True, slots=True)
class Proposal:
    """The agent's prompt now and with the variant's persona; what the other lacks is marked."""

    variant: Variant
    before: Sequence[Piece]
    after: Sequence[Piece]

    @property
    def is_change(self) -> bool:
        return any(piece.is_new for piece in (*self.before, *self.after))


def proposals_of(experiment: Experiment) -> list[Proposal]:
    """One a variant, in order; none where variants are not personas."""
    if experiment.kind != Kind.PERSONA:
        return []
    return [proposal_of(experiment, variant) for variant in experiment.variants.all()]


def proposal_of(experiment: Experiment, variant: Variant) -> Proposal:
    """Of a variant that is a persona."""
    agent = experiment.agent
    now = system_prompt(agent.persona, agent.system_prompt)
    then = system_prompt(persona_in_force(agent.persona, variant.config), agent.system_prompt)
    return Proposal(variant, pieces(now, compared_to=then), pieces(then, compared_to=now))
