"""What the place for results on an experiment's page shows."""

from dataclasses import dataclass
from typing import Any

from experiments.models import Experiment
from experiments.split import Share, percent, shares
from experiments.visitors import visitors_by_variant


@dataclass(frozen=True, slots=True)
class Arm:
    share: Share
    visitors: int
    percent: str


def results_context(experiment: Experiment) -> dict[str, Any]:
    """For `experiments/_results.html`: visitors per variant against the expected split."""
    variants = list(experiment.variants.all())
    counts = visitors_by_variant(experiment.agent_id, [experiment.pk])
    total = sum(counts.values())
    split = shares([(variant.name, variant.weight) for variant in variants])
    return {
        "visitors": total,
        "arms": [
            Arm(share, counts[variant.pk], percent(counts[variant.pk], total))
            for variant, share in zip(variants, split, strict=True)
        ],
        "counted_split": shares([(v.name, counts[v.pk]) for v in variants]),
    }
