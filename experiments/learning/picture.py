"""Pure: the smallest lifts that so many weeks can show, as the geometry of a chart."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from experiments.results.charts import (
    AXIS_HEIGHT,
    CURVE_HEIGHT,
    PATH_WIDTH,
    Scale,
    Tick,
    round_levels,
)
from experiments.statistics.plan import Shown

HIGHEST_DRAWN = 1.0
LABELLED_WEEKS = (2, 4, 8, 12, 16, 20, 26)


@dataclass(frozen=True, slots=True)
class LiftLine:
    """One design's: an SVG path, and the point at which it ends, percent across and units down."""

    path: str
    end: tuple[float, float]


@dataclass(frozen=True, slots=True)
class LiftPlot:
    """A line is None of a design that shows no lift that is drawn."""

    planned: LiftLine | None
    watched: LiftLine | None
    levels: tuple[Tick, ...]
    weeks: tuple[Tick, ...]
    height: float
    plot_height: float


def lift_plot(shown: Sequence[Shown], written: Callable[[float], str]) -> LiftPlot:
    """Both designs' smallest lifts by weeks; those over 100% are left out."""
    lifts = [lift for each in shown for lift in (each.planned, each.watched) if _is_drawn(lift)]
    vertical = Scale(0, max([0.1, *filter(None, lifts)]) * 1.06, CURVE_HEIGHT)
    across = Scale(shown[0].weeks, shown[-1].weeks, 100)

    def line(points: Sequence[tuple[int, float | None]]) -> LiftLine | None:
        drawn = [
            (across.at(weeks), round(CURVE_HEIGHT - vertical.at(lift), 2))
            for weeks, lift in points
            if lift is not None and _is_drawn(lift)
        ]
        if not drawn:
            return None
        path = "M" + "L".join(f"{x * PATH_WIDTH / 100:g},{y:g}" for x, y in drawn)
        return LiftLine(path, drawn[-1])

    return LiftPlot(
        planned=line([(each.weeks, each.planned) for each in shown]),
        watched=line([(each.weeks, each.watched) for each in shown]),
        levels=tuple(
            Tick(round(CURVE_HEIGHT - vertical.at(level), 2), written(level), "start")
            for level in round_levels(0, vertical.high, at_most=4)
        ),
        weeks=tuple(
            Tick(across.at(weeks), f"{weeks} wk", _anchor(across.at(weeks)))
            for weeks in LABELLED_WEEKS
        ),
        height=CURVE_HEIGHT + AXIS_HEIGHT,
        plot_height=CURVE_HEIGHT,
    )


def _is_drawn(lift: float | None) -> bool:
    return lift is not None and lift <= HIGHEST_DRAWN


def _anchor(at: float) -> str:
    return "start" if at < 8 else "end" if at > 92 else "middle"
