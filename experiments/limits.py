"""How long, how many, how heavy: each limit once, for models, forms, serializers and tests alike.

Lengths are in characters.
"""

from collections.abc import Mapping

from agents import limits

EXPERIMENT_NAME = 120
HYPOTHESIS = 2_000
MIN_VARIANTS, MAX_VARIANTS = 2, 10
VARIANT_NAME = 60
MAX_WEIGHT = 1_000_000
MAX_CONFIG_BYTES = 16 * 1024
MAX_CONFIG_DEPTH = 20
PERSONA_LIMITS: Mapping[str, int] = {"name": limits.PERSONA_NAME, "tone": limits.PERSONA_TONE}

EXPERIMENTS_OF_WORKSPACE = 2_000
"""Of a workspace, those that are deleted not counted."""
HISTORY = 100_000
"""Steps in the histories of a workspace's experiments, those that are deleted not counted."""
