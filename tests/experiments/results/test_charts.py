"""The geometry of charts: what is drawn where."""

import re
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from types import MappingProxyType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from experiments.results.charts import (
    CURVE_HEIGHT,
    MOST_BARS,
    PATH_WIDTH,
    CurvePlot,
    Span,
    Tone,
    bar_plot,
    curve_plots,
    interval_plot,
    round_levels,
)

FIRST = date(2026, 3, 1)
finite = st.floats(-1e6, 1e6)
spans = st.builds(Span, st.none() | finite, st.none() | finite, st.none() | finite)


def written(amount: float) -> str:
    return f"{amount:g}"


def coordinates(path: str) -> list[tuple[float, float]]:
    return [(float(x), float(y)) for x, y in re.findall(r"(-?[\d.e+]+),(-?[\d.e+-]+)", path)]


def only_curve(
    points: Sequence[tuple[date, Span]], marks: Mapping[date, str] = MappingProxyType({})
) -> CurvePlot:
    (plot,) = curve_plots([points], written, marks)
    return plot


class TestIntervals:
    def test_lie_on_their_side_of_zero(self) -> None:
        plot = interval_plot(
            [
                (1, Span(0.3, 0.1, 0.6)),
                (2, Span(-0.3, -0.5, -0.1)),
                (3, Span(0.1, -0.2, 0.4)),
            ],
            written,
        )
        better, worse, unclear = plot.bars
        assert [bar.tone for bar in plot.bars] == [Tone.AHEAD, Tone.BEHIND, Tone.OPEN]
        assert better.start is not None
        assert better.start > plot.zero
        assert worse.end is not None
        assert worse.end < plot.zero
        assert unclear.start is not None
        assert unclear.end is not None
        assert unclear.start < plot.zero < unclear.end

    def test_one_without_an_upper_end_runs_off_to_the_right(self) -> None:
        (bar,) = interval_plot([(1, Span(0.3, -0.1, None))], written).bars
        assert bar.end == 100
        assert bar.runs_off_right
        assert not bar.runs_off_left

    def test_one_far_off_does_not_squeeze_the_others(self) -> None:
        plot = interval_plot([(1, Span(0.1, 0.05, 0.15)), (2, Span(0.2, -0.9, 80.0))], written)
        near, far = plot.bars
        assert near.start is not None
        assert near.end is not None
        assert near.end - near.start > 5
        assert far.runs_off_right

    def test_without_figures_there_is_still_an_axis(self) -> None:
        plot = interval_plot([(1, Span(None, None, None))], written)
        (bar,) = plot.bars
        assert (bar.tone, bar.start, bar.dot) == (Tone.EMPTY, None, None)
        assert plot.zero == 50
        assert "0" in [tick.label for tick in plot.ticks]

    @given(st.lists(spans, min_size=1, max_size=9))
    def test_stay_within_the_drawing(self, drawn: list[Span]) -> None:
        plot = interval_plot([(1, span) for span in drawn], written)
        positions = [plot.zero, *[tick.at for tick in plot.ticks]]
        for bar in plot.bars:
            positions += [at for at in (bar.start, bar.end, bar.dot) if at is not None]
        assert all(0 <= at <= 100 for at in positions)


class TestCurves:
    def test_a_day_without_a_figure_is_a_gap(self) -> None:
        known = Span(0.1, -0.1, 0.3)
        gap = Span(None, None, None)
        days = [known, known, gap, known, known]
        plot = only_curve([(FIRST + timedelta(days=n), span) for n, span in enumerate(days)])
        assert plot.lines.count("M") == 2
        assert plot.bands.count("M") == 2
        assert (PATH_WIDTH / 2) not in [x for x, _ in coordinates(plot.lines)]

    def test_days_without_visitors_leave_their_room(self) -> None:
        known = Span(0.1, -0.1, 0.3)
        days = [FIRST, FIRST + timedelta(days=1), FIRST + timedelta(days=10)]
        plot = only_curve([(day, known) for day in days])
        assert [x for x, _ in coordinates(plot.lines)] == [0, 100, 1000]

    def test_the_first_day_alone_is_a_point(self) -> None:
        plot = only_curve([(FIRST, Span(0.1, -0.1, 0.3))])
        assert plot.lines == ""
        assert [x for x, _ in plot.dots] == [50]

    def test_of_one_metric_share_their_scale(self) -> None:
        small = [(FIRST, Span(0.1, -0.1, 0.3)), (FIRST + timedelta(days=1), Span(0.1, 0.0, 0.2))]
        large = [(FIRST + timedelta(days=3), Span(0.4, 0.2, 0.6))]
        one, other = curve_plots([small, large], written)
        assert (one.zero, one.levels, one.days) == (other.zero, other.levels, other.days)
        ((_, low), *_), ((_, high), *_) = one.dots, other.dots
        assert high < low < one.zero

    @given(st.lists(spans, max_size=40))
    def test_stay_within_the_drawing(self, drawn: list[Span]) -> None:
        points = [(FIRST + timedelta(days=n), span) for n, span in enumerate(drawn)]
        plot = only_curve(points)
        for x, y in coordinates(plot.lines) + coordinates(plot.bands):
            assert 0 <= x <= PATH_WIDTH
            assert 0 <= y <= CURVE_HEIGHT


class TestBars:
    def test_days_within_the_line_are_marked(self) -> None:
        points = [(FIRST + timedelta(days=n), Span(0.1, -0.1, 0.3)) for n in range(5)]
        marks = {FIRST + timedelta(days=n): f"Day {n}" for n in (-1, 0, 2, 5)}
        plot = only_curve(points, marks)
        assert [(mark.at, mark.title) for mark in plot.marks] == [(0, "Day 0"), (50, "Day 2")]
        assert only_curve([], marks).marks == ()

    def test_count_every_day_between_the_first_and_the_last(self) -> None:
        plot = bar_plot([(FIRST, (3, 4)), (FIRST + timedelta(days=3), (1, 0))])
        assert [period.visitors for period in plot.periods] == [(3, 4), (0, 0), (0, 0), (1, 0)]
        assert [stack.path.count("M") for stack in plot.stacks] == [2, 1]

    @given(st.lists(st.tuples(st.integers(0, 900), st.integers(0, 10**9)), min_size=1, max_size=50))
    def test_of_a_long_time_are_few_and_lose_nobody(self, days: list[tuple[int, int]]) -> None:
        by_day = dict(sorted(days))
        plot = bar_plot([(FIRST + timedelta(days=n), (count,)) for n, count in by_day.items()])
        assert len(plot.periods) <= MOST_BARS
        assert sum(period.visitors[0] for period in plot.periods) == sum(by_day.values())
        assert plot.periods[-1].last == FIRST + timedelta(days=max(by_day))

    def test_levels_are_short(self) -> None:
        labels = [tick.label for tick in bar_plot([(FIRST, (1_300_000,))]).levels]
        assert labels == ["0", "500k", "1M"]
        labels = [tick.label for tick in bar_plot([(FIRST, (3,))]).levels]
        assert labels == ["0", "2"]

    def test_without_days_are_empty(self) -> None:
        plot = bar_plot([])
        assert (plot.stacks, plot.periods, plot.days) == ((), (), ())


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        (0, 10, [0, 5, 10]),
        (-0.42, 0.61, [-0.4, -0.2, 0, 0.2, 0.4, 0.6]),
        (0, 1_234_567, [0, 500_000, 1_000_000]),
    ],
)
def test_levels_are_round(low: float, high: float, expected: list[float]) -> None:
    at_most = max(4, len(expected))
    assert round_levels(low, high, at_most=at_most) == expected
