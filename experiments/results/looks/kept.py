"""The figures of a look as they are kept, and read again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from experiments.statistics import (
    ArmFigures,
    Comparison,
    FixedHorizon,
    Interval,
    Lift,
    Reason,
)

Kept = Mapping[str, Any]


def as_kept(comparisons: Sequence[Comparison]) -> list[dict[str, Any]]:
    return [asdict(comparison) for comparison in comparisons]


def comparisons_of(kept: Sequence[Kept]) -> tuple[Comparison, ...]:
    return tuple(map(_comparison, kept))


def _comparison(kept: Kept) -> Comparison:
    return Comparison(
        **{
            **kept,
            "control": _arm(kept["control"]),
            "treatment": _arm(kept["treatment"]),
            "absolute": _lift(kept["absolute"]),
            "relative": _lift(kept["relative"]),
            "fixed": _fixed(kept["fixed"]),
            "reason": _reason(kept["reason"]),
        }
    )


def _arm(kept: Kept) -> ArmFigures:
    read = {"interval": _interval(kept["interval"]), "reason": _reason(kept["reason"])}
    return ArmFigures(**{**kept, **read})


def _lift(kept: Kept) -> Lift:
    return Lift(kept["value"], _interval(kept["interval"]), _reason(kept["reason"]))


def _fixed(kept: Kept | None) -> FixedHorizon | None:
    return None if kept is None else FixedHorizon(kept["p_value"], Interval(**kept["interval"]))


def _interval(kept: Kept | None) -> Interval | None:
    return None if kept is None else Interval(**kept)


def _reason(kept: str | None) -> Reason | None:
    return None if kept is None else Reason(kept)
