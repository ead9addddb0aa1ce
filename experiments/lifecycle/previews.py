"""What each row of the form would give: its share of the visitors and its system prompt."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from agents.agents.prompt import persona_in_force, system_prompt
from agents.agents.prompt_diff import Piece, pieces
from agents.models import Agent
from experiments import limits
from experiments.split import Share, shares


@dataclass(frozen=True, slots=True)
class Typed:
    """A variant as far as it has been typed; `config` is None where it can't be read."""

    title: str
    weight: object
    config: Mapping[str, object] | None


@dataclass(frozen=True, slots=True)
class Preview:
    title: str
    share: Share
    prompt: Sequence[Piece] | None

    @property
    def is_own(self) -> bool:
        """Whether the prompt is the agent's own, word for word."""
        return self.prompt is not None and not any(piece.is_new for piece in self.prompt)


def previews(agent: Agent, variants: Sequence[Typed]) -> list[Preview]:
    """One preview a variant, in order; a weight that breaks the rules counts for nothing."""
    split = shares([(variant.title, _weight(variant.weight)) for variant in variants])
    own = system_prompt(agent.persona, agent.system_prompt)
    return [
        Preview(variant.title, share, _prompt(agent, variant.config, own))
        for variant, share in zip(variants, split, strict=True)
    ]


def _prompt(agent: Agent, config: Mapping[str, object] | None, own: str) -> list[Piece] | None:
    if config is None:
        return None
    persona = persona_in_force(agent.persona, config)
    return pieces(system_prompt(persona, agent.system_prompt), compared_to=own)


def _weight(value: object) -> int:
    return value if isinstance(value, int) and 1 <= value <= limits.MAX_WEIGHT else 0
