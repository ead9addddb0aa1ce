"""Pure: whether a visitor takes part, and which variant it falls into.

The contract: the answer depends on the experiment's id, the visitor's id and the proportions of
the weights alone; it is the same in every process and release; scaling all the weights by one
factor moves nobody.
"""

from collections.abc import Sequence
from hashlib import sha256
from itertools import accumulate
from uuid import UUID

HASH_BITS = 64


def bucket(experiment_id: UUID, visitor_id: str, weights: Sequence[int]) -> int:
    """The index of the visitor's variant among `weights`, positive integers by position.

    The first 64 bits of SHA-256 over `{experiment_id}:{visitor_id}`, as a fraction of 2⁶⁴,
    point into the running total of the weights. Integers throughout: no rounding.
    """
    point = _point(f"{experiment_id}:{visitor_id}", sum(weights))
    return next(index for index, total in enumerate(accumulate(weights)) if total > point)


def takes_part(experiment_id: UUID, visitor_id: str, traffic_share: int) -> bool:
    """Whether the visitor is among so many percent of all.

    It has a hash of its own, so that who takes part says nothing of the variant. Raising the share
    leaves in whoever was.
    """
    return _point(f"{experiment_id}:share:{visitor_id}", 100) < traffic_share


def _point(text: str, total: int) -> int:
    """From 0 to under `total`, by the text's hash."""
    digest = sha256(text.encode()).digest()
    return (int.from_bytes(digest[: HASH_BITS // 8], "big") * total) >> HASH_BITS
