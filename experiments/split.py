"""Pure: how the weights of variants divide visitors, as numbers and as a bar."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate


@dataclass(frozen=True, slots=True)
class Share:
    """One variant's part of a bar that is 100 wide.

    Attributes:
        name: the variant's.
        position: 0 for the control.
        start, width: in percent, to four decimals.
        percent: for people: "50%", "33.3%", "under 0.1%".
    """

    name: str
    position: int
    start: float
    width: float
    percent: str


def shares(variants: Sequence[tuple[str, int]]) -> list[Share]:
    """The part of each variant, given its name and weight; weights of 0 or less get nothing."""
    weights = [max(weight, 0) for _, weight in variants]
    total = sum(weights)
    ends = list(accumulate(weights))
    return [
        Share(
            name=name,
            position=position,
            start=_rounded(ends[position] - weight, total),
            width=_rounded(weight, total),
            percent=percent(weight, total),
        )
        for position, ((name, _), weight) in enumerate(zip(variants, weights, strict=True))
    ]


def percent(part: int, total: int) -> str:
    """`part` of `total` with at most one decimal; a dash where there is nothing to divide."""
    if total == 0:
        return "\N{EN DASH}"
    if 0 < part * 1000 < total:
        return "under 0.1%"
    if total > part > total - total / 1000:
        return "over 99.9%"
    return f"{part * 100 / total:.1f}".removesuffix(".0") + "%"


def _rounded(part: int, total: int) -> float:
    return round(part * 100 / total, 4) if total else 0.0
