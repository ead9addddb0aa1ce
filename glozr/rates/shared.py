"""Counting that costs a call next to nothing and is shared by the processes of a machine.

A limit is kept as the moment until which somebody's requests are paid for (the generic cell rate
algorithm): each request moves it on by one interval, and who is ahead of the clock by more than
the burst waits. The moments stand in a file that every worker maps into its memory. Two that write
at once may count two requests for one, which lets one more through and is cheaper than a lock.
"""

import mmap
import time
from hashlib import blake2b
from pathlib import Path
from typing import Final

SLOTS: Final = 1 << 17
_MOMENT_BYTES: Final = 8


class Moments:
    """A table of moments by key. Each key has two places and is as far as the lesser of them, so
    that hardly anybody pays for another whose key falls on one of his."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("a+b") as file:
            if file.seek(0, 2) < SLOTS * _MOMENT_BYTES:
                file.truncate(SLOTS * _MOMENT_BYTES)
            self._moments = memoryview(mmap.mmap(file.fileno(), SLOTS * _MOMENT_BYTES)).cast("d")

    def wait(self, key: str, *, interval: float, burst: float) -> float:
        """Seconds that the owner of the key has to wait; 0.0 where the request is within the limit,
        and then it is counted. `interval` is of one request, `burst` of all at once; seconds."""
        now = time.monotonic()
        mark = int.from_bytes(blake2b(key.encode(), digest_size=8).digest())
        one, other = mark % SLOTS, (mark >> 32) % SLOTS
        moments = self._moments
        paid_until = min(moments[one], moments[other])
        if paid_until > now + burst + interval or paid_until < now:
            paid_until = now  # of another start of the machine, or long ago
        if paid_until > now + burst:
            return paid_until - now - burst
        moments[one] = moments[other] = paid_until + interval
        return 0.0
