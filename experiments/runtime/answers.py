"""What an agent answers with: its set-up and its variants, kept per process.

Everything is kept under the agent's `config_version`, which every start, stop, edit and delete
raises in its own transaction and every call of the runtime API reads from the database. A cached
answer is therefore current, or newer than the call that asks. What an agent says is kept under its
revision as well, as conversations under way go on with the one that they began with.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from uuid import UUID

from agents.access import NO_SUCH_AGENT
from agents.agents.prompt import persona_in_force, system_prompt
from agents.agents.revisions import words_at
from experiments import limits
from experiments.bucketing import bucket, takes_part
from experiments.models import Experiment, Kind, Variant, VariantPrompt
from experiments.runtime.statements import SETUP, SetupRow
from glozr.errors import NotFound
from glozr.postgres.statements import fetch_one
from glozr.secrets import digest_of


@dataclass(frozen=True, slots=True)
class ActiveExperiment:
    """What bucketing needs; variants by position. And its end, where one is set: a time, or a
    number of visitors that no variant may have more of."""

    id: UUID
    variant_ids: tuple[UUID, ...]
    weights: tuple[int, ...]
    ends_at: datetime | None
    ends_at_visitors: int | None
    traffic_share: int

    def variant_for(self, visitor_id: str) -> UUID | None:
        """None for a visitor outside of its share of traffic."""
        if not takes_part(self.id, visitor_id, self.traffic_share):
            return None
        return self.variant_ids[bucket(self.id, visitor_id, self.weights)]


@dataclass(frozen=True, slots=True)
class AgentSetup:
    version: int
    active: ActiveExperiment | None


@dataclass(frozen=True, slots=True)
class Answer:
    """The part of a resolution that is the same for all visitors of a variant."""

    variant_id: UUID | None
    json_members: bytes
    """What a resolution says beside whose it is, as members of a JSON object."""


@lru_cache(maxsize=4096)
def setup_at(agent_id: UUID, version: int) -> AgentSetup:
    """The agent's set-up at `version`, or at a newer one if it has changed just now."""
    found = fetch_one(SETUP, {"agent": agent_id}, SetupRow)
    if found is None:
        raise NotFound(NO_SUCH_AGENT)
    if found.experiment_id is None or not found.variant_ids or not found.weights:
        return AgentSetup(found.version, None)
    return AgentSetup(
        found.version,
        ActiveExperiment(
            found.experiment_id,
            tuple(found.variant_ids),
            tuple(found.weights),
            found.ends_at,
            found.ends_at_visitors,
            found.traffic_share or limits.TRAFFIC_SHARE,
        ),
    )


@lru_cache(maxsize=4096)
def answer_at(agent_id: UUID, version: int, revision: int, variant_id: UUID | None) -> Answer:
    """How the agent answers at a revision, in a conversation stamped with `variant_id` or none."""
    variant = _variant(agent_id, variant_id) if variant_id else None
    answer, digest = _answer(agent_id, revision, variant)
    if variant is not None:
        _note_prompt(agent_id, variant.pk, revision, digest)
    return answer


@lru_cache(maxsize=1024)
def preview_at(agent_id: UUID, version: int, revision: int, variant_id: UUID) -> Answer:
    """As `answer_at`, for somebody who chose the variant: nothing is noted of it."""
    return _answer(agent_id, revision, _variant(agent_id, variant_id))[0]


def _variant(agent_id: UUID, variant_id: UUID) -> Variant:
    variants = Variant.objects.select_related("experiment")
    return variants.get(pk=variant_id, experiment__agent=agent_id)


def _answer(agent_id: UUID, revision: int, variant: Variant | None) -> tuple[Answer, str]:
    """The answer, and the digest of its prompt."""
    words = words_at(agent_id, revision)
    persona = persona_of(words.persona, variant)
    prompt = system_prompt(persona, words.system_prompt)
    digest = digest_of(prompt)
    members = {
        "experiment": _described_experiment(variant.experiment) if variant else None,
        "variant": _described(variant) if variant else None,
        "revision": revision,
        "persona": persona,
        "system_prompt": prompt,
        "prompt_digest": digest,
    }
    said = json.dumps(members, ensure_ascii=False)[1:-1].encode()
    return Answer(variant.pk if variant else None, said), digest


def persona_of(own: Mapping[str, str], variant: Variant | None) -> dict[str, str]:
    """The persona in force under `variant`: only persona experiments change the agent's `own`."""
    if variant is None or variant.experiment.kind != Kind.PERSONA:
        return persona_in_force(own, None)
    return persona_in_force(own, variant.config)


def _note_prompt(agent_id: UUID, variant_id: UUID, revision: int, digest: str) -> None:
    """Once for all conversations of the variant: what they answer with, before any does."""
    VariantPrompt.objects.bulk_create(
        [VariantPrompt(agent_id=agent_id, variant_id=variant_id, revision=revision, digest=digest)],
        ignore_conflicts=True,
    )


def _described_experiment(experiment: Experiment) -> Mapping[str, object]:
    return {"id": str(experiment.pk), "name": experiment.name, "kind": experiment.kind}


def _described(variant: Variant) -> Mapping[str, object]:
    return {"id": str(variant.pk), "name": variant.name, "config": variant.config}
