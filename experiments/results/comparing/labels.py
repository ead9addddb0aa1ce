"""Pure: names of variants where there is little room for them.

What does not fit is cut by the browser, which alone knows how wide it is. So that two long names
that begin alike never read the same then, the end that tells them apart is kept.
"""

from collections.abc import Sequence

ALIKE = 10
"""Names that have so many characters in common at the beginning might be cut within them."""
LONGEST_TAIL = 14


def parted(names: Sequence[str]) -> list[tuple[str, str]]:
    """Each name in two: what may be cut, and what may not, from the word in which it differs from
    the name most like it; nothing of it where the beginning tells it apart."""
    return [_parted(name, [other for other in names if other != name]) for name in names]


def _parted(name: str, others: Sequence[str]) -> tuple[str, str]:
    alike = max((_alike(name, other) for other in others), default=0)
    if alike < ALIKE:
        return name, ""
    begin = name.rfind(" ", 0, alike) + 1
    if alike - begin >= LONGEST_TAIL - 2:
        begin = alike
    begin = min(begin, len(name) - 1)
    tail = name[begin:]
    return name[:begin], tail if len(tail) <= LONGEST_TAIL else f"{tail[: LONGEST_TAIL - 1]}…"


def _alike(name: str, other: str) -> int:
    """With how many characters both begin."""
    pairs = enumerate(zip(name, other, strict=False))
    return next((at for at, (mine, theirs) in pairs if mine != theirs), min(len(name), len(other)))
