"""Pure: which variant a visitor falls into.

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
    digest = sha256(f"{experiment_id}:{visitor_id}".encode()).digest()
    fraction = int.from_bytes(digest[: HASH_BITS // 8], "big")
    point = (fraction * sum(weights)) >> HASH_BITS
    return next(index for index, total in enumerate(accumulate(weights)) if total > point)
