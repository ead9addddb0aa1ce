"""The picture of lift against weeks is true to the figures."""

from experiments.learning.picture import lift_plot
from experiments.results.figures import relative_tick
from experiments.statistics.plan import Shown


def test_lines_fall_with_the_weeks_and_the_planned_one_is_below() -> None:
    shown = [
        Shown(2, 100, None, 1.6),
        Shown(4, 300, 0.5, 0.8),
        Shown(26, 900, 0.2, 0.4),
    ]
    plot = lift_plot(shown, relative_tick)
    assert plot.planned is not None
    assert plot.watched is not None
    # From 4 weeks on: what can't be shown, and what is over 100%, is left out.
    assert [line.path.count("L") for line in (plot.planned, plot.watched)] == [1, 1]
    assert plot.planned.end[0] == plot.watched.end[0] == 100
    assert plot.planned.end[1] > plot.watched.end[1]  # further down
    heights = [level.at for level in plot.levels]
    assert heights == sorted(heights, reverse=True)
    assert plot.levels[0].label == "0%"


def test_without_any_lift_there_are_no_lines() -> None:
    plot = lift_plot([Shown(2, 1, None, None), Shown(26, 9, 1.2, None)], relative_tick)
    assert (plot.planned, plot.watched) == (None, None)
