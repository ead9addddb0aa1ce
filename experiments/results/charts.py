"""Pure: figures -> the geometry of charts, which templates draw as SVG.

Across, positions are percent of the drawing's width, so that it fits any screen with its text
unscaled. Down, they are units that the templates use as pixels. Paths are drawn in a box 1,000
wide that is stretched to the width. A missing figure is a gap, never a zero.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from itertools import groupby
from types import MappingProxyType

PATH_WIDTH = 1_000
ROW_HEIGHT = 44
BAR_IN_ROW = 0.7
AXIS_HEIGHT = 28
CURVE_HEIGHT = 160
BARS_HEIGHT = 140
MOST_BARS = 62
LABELLED_DAYS = 4
ALWAYS_SHOWN = 0.5
"""Ends of intervals are shown up to here from zero at least, and where nothing reaches so far."""
TOO_NARROW = 1e-6


class Tone(StrEnum):
    """What an interval says; drawn as a colour and a shape, with a word beside it."""

    AHEAD = "ahead"
    BEHIND = "behind"
    OPEN = "open"
    EMPTY = "empty"


@dataclass(frozen=True, slots=True)
class Span:
    """What is drawn of a figure: its value, from `lower` to `upper` around it.

    Without `upper` the interval has no upper end.
    """

    value: float | None
    lower: float | None
    upper: float | None

    @property
    def tone(self) -> Tone:
        if self.lower is None:
            return Tone.EMPTY
        if self.lower > 0:
            return Tone.AHEAD
        return Tone.BEHIND if self.upper is not None and self.upper < 0 else Tone.OPEN


@dataclass(frozen=True, slots=True)
class Tick:
    """A labelled line of an axis; `anchor` keeps the label inside of the drawing."""

    at: float
    label: str
    anchor: str = "middle"


@dataclass(frozen=True, slots=True)
class Bar:
    """The interval of the variant at `position`, from `start` to `end`, percent across."""

    position: int
    y: float
    tone: Tone
    start: float | None
    end: float | None
    dot: float | None
    runs_off_left: bool
    runs_off_right: bool


@dataclass(frozen=True, slots=True)
class IntervalPlot:
    bars: tuple[Bar, ...]
    zero: float
    ticks: tuple[Tick, ...]
    height: float
    axis_y: float


@dataclass(frozen=True, slots=True)
class Mark:
    """A day on which something happened, percent across, and what."""

    at: float
    title: str


@dataclass(frozen=True, slots=True)
class CurvePlot:
    """A line within its band, by day; `lines` and `bands` are SVG paths, `dots` lone points,
    `marks` upright lines."""

    lines: str
    bands: str
    dots: tuple[tuple[float, float], ...]
    marks: tuple[Mark, ...]
    zero: float
    levels: tuple[Tick, ...]
    days: tuple[Tick, ...]
    height: float
    plot_height: float


@dataclass(frozen=True, slots=True)
class Stack:
    """All bars of one variant as one path."""

    position: int
    path: str


@dataclass(frozen=True, slots=True)
class Period:
    """The days of one bar, and the visitors of each variant in them."""

    first: date
    last: date
    visitors: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class BarPlot:
    """Stacked bars, each for `days_per_bar` days; `periods` are the figures that they draw."""

    stacks: tuple[Stack, ...]
    periods: tuple[Period, ...]
    levels: tuple[Tick, ...]
    days: tuple[Tick, ...]
    days_per_bar: int
    height: float
    plot_height: float


@dataclass(frozen=True, slots=True)
class Scale:
    """From `low` at 0 to `high` at `length`."""

    low: float
    high: float
    length: float

    def at(self, value: float) -> float:
        """The position of `value`; what lies outside is put on the edge."""
        share = (value - self.low) / (self.high - self.low)
        return round(min(max(share, 0.0), 1.0) * self.length, 2)

    def holds(self, value: float) -> bool:
        return self.low <= value <= self.high


def interval_plot(
    rows: Sequence[tuple[int, Span]], written: Callable[[float], str]
) -> IntervalPlot:
    """An interval below the other, by its variant's position; `written` labels the axis."""
    scale = _scale([span for _, span in rows], length=100)
    axis_y = ROW_HEIGHT * len(rows)
    return IntervalPlot(
        bars=tuple(
            _bar(position, span, scale, ROW_HEIGHT * (number + BAR_IN_ROW))
            for number, (position, span) in enumerate(rows)
        ),
        zero=scale.at(0),
        ticks=tuple(
            _anchored(scale.at(level), written(level))
            for level in round_levels(scale.low, scale.high, at_most=6)
        ),
        height=axis_y + AXIS_HEIGHT,
        axis_y=axis_y,
    )


def curve_plots(
    curves: Sequence[Sequence[tuple[date, Span]]],
    written: Callable[[float], str],
    marks: Mapping[date, str] = MappingProxyType({}),
) -> list[CurvePlot]:
    """How estimates of one metric have become what they are, all on one scale: the line of each
    one's values within their intervals.

    The scale is made for the last intervals; wider ones before are cut off. `marks` are drawn of
    the days that the lines span.
    """
    values = [Span(span.value, None, None) for points in curves for _, span in points]
    last = [span for points in curves for _, span in points[-1:]]
    vertical = _scale([*values, *last], length=CURVE_HEIGHT)
    days = sorted({day for points in curves for day, _ in points})
    return [_curve_plot(points, days, vertical, written, marks) for points in curves]


def _curve_plot(
    points: Sequence[tuple[date, Span]],
    days: Sequence[date],
    vertical: Scale,
    written: Callable[[float], str],
    marks: Mapping[date, str],
) -> CurvePlot:
    across = _days_scale(days)

    def at(day: date, value: float | None) -> tuple[float, float]:
        """In the box of the paths; no value is the upper edge, an end without limit."""
        x = across.at(day.toordinal()) * PATH_WIDTH / 100
        y = CURVE_HEIGHT - vertical.at(vertical.high if value is None else value)
        return round(x, 2), round(y, 2)

    lines = [
        [at(day, span.value) for day, span in run]
        for run in _runs(points, lambda span: span.value is not None)
    ]
    bands = [
        [at(day, span.upper) for day, span in run]
        + [at(day, span.lower) for day, span in reversed(run)]
        for run in _runs(points, lambda span: span.lower is not None)
    ]
    return CurvePlot(
        lines="".join(_path(line) for line in lines if len(line) > 1),
        bands="".join(f"{_path(band)}Z" for band in bands),
        dots=tuple((round(x / PATH_WIDTH * 100, 2), y) for x, y in _ends(lines)),
        marks=tuple(
            Mark(across.at(day.toordinal()), title)
            for day, title in marks.items()
            if days and days[0] <= day <= days[-1]
        ),
        zero=round(CURVE_HEIGHT - vertical.at(0), 2),
        levels=tuple(
            Tick(round(CURVE_HEIGHT - vertical.at(level), 2), written(level), "start")
            for level in round_levels(vertical.low, vertical.high, at_most=4)
        ),
        days=_day_ticks(days, across),
        height=CURVE_HEIGHT + AXIS_HEIGHT,
        plot_height=CURVE_HEIGHT,
    )


def bar_plot(days: Sequence[tuple[date, Sequence[int]]]) -> BarPlot:
    """Visitors by day, one part of each bar for each variant; long times have wider bars."""
    periods = _periods(days)
    most = max((sum(period.visitors) for period in periods), default=0)
    vertical = Scale(0, max(most, 1) * 1.05, BARS_HEIGHT)
    return BarPlot(
        stacks=tuple(
            Stack(position, "".join(_stacked(periods, position, vertical)))
            for position in range(len(periods[0].visitors) if periods else 0)
        ),
        periods=tuple(periods),
        levels=tuple(
            Tick(round(BARS_HEIGHT - vertical.at(level), 2), _count(level), "start")
            for level in round_levels(0, vertical.high, at_most=3)
            if level == int(level)
        ),
        days=_period_ticks(periods),
        days_per_bar=_days_per_bar(days),
        height=BARS_HEIGHT + AXIS_HEIGHT,
        plot_height=BARS_HEIGHT,
    )


def _periods(days: Sequence[tuple[date, Sequence[int]]]) -> list[Period]:
    """Every day from the first to the last, in groups; those without visitors count 0."""
    if not days:
        return []
    by_day = dict(days)
    none = (0,) * len(days[0][1])
    first, last, length = days[0][0], days[-1][0], _days_per_bar(days)
    periods = []
    for start in range(first.toordinal(), last.toordinal() + 1, length):
        within = [date.fromordinal(start + number) for number in range(length)]
        counts = [by_day.get(day, none) for day in within]
        periods.append(
            Period(within[0], min(within[-1], last), tuple(map(sum, zip(*counts, strict=True))))
        )
    return periods


def _days_per_bar(days: Sequence[tuple[date, Sequence[int]]]) -> int:
    return -(-((days[-1][0] - days[0][0]).days + 1) // MOST_BARS) if days else 1


def round_levels(low: float, high: float, *, at_most: int) -> list[float]:
    """Up to `at_most` multiples of 1, 2 or 5 times a power of ten from `low` to `high`."""
    step = 10.0 ** math.floor(math.log10((high - low) / at_most))
    while True:
        for factor in (1, 2, 5):
            first, last = math.ceil(low / (step * factor)), math.floor(high / (step * factor))
            if last - first < at_most:
                return [round(number * step * factor, 12) for number in range(first, last + 1)]
        step *= 10


def _count(level: float) -> str:
    """A count on an axis: 500, 20k, 1.5M."""
    for size, letter in ((1_000_000, "M"), (1_000, "k")):
        if level >= size * 10 or (level >= size and not level % (size / 10)):
            return f"{level / size:g}{letter}"
    return f"{level:g}"


def _runs(
    points: Sequence[tuple[date, Span]], is_known: Callable[[Span], bool]
) -> list[list[tuple[date, Span]]]:
    """The points with a figure, parted where one without stands between them."""
    grouped = groupby(points, key=lambda point: is_known(point[1]))
    return [list(run) for known, run in grouped if known]


def _scale(spans: Sequence[Span], *, length: float) -> Scale:
    """A scale that holds zero, all values and, unless they are far off, all intervals."""
    values = [0.0, *[one.value for one in spans if one.value is not None]]
    ends = [end for one in spans for end in (one.lower, one.upper) if end is not None]
    reach = max(ALWAYS_SHOWN, 3 * max(abs(value) for value in values))
    near = [min(max(end, -reach), reach) for end in ends]
    low, high = min([*values, *near]), max([*values, *near])
    if high - low < TOO_NARROW:
        low, high = -ALWAYS_SHOWN, ALWAYS_SHOWN
    margin = (high - low) * 0.06
    return Scale(low - margin, high + margin, length)


def _bar(position: int, span: Span, scale: Scale, y: float) -> Bar:
    lower, upper = span.lower, span.upper
    return Bar(
        position=position,
        y=round(y, 2),
        tone=span.tone,
        start=None if lower is None else scale.at(lower),
        end=None if lower is None else scale.length if upper is None else scale.at(upper),
        dot=None if span.value is None else scale.at(span.value),
        runs_off_left=lower is not None and not scale.holds(lower),
        runs_off_right=lower is not None and (upper is None or not scale.holds(upper)),
    )


def _anchored(at: float, label: str) -> Tick:
    anchor = "start" if at < 8 else "end" if at > 92 else "middle"
    return Tick(at, label, anchor)


def _days_scale(days: Sequence[date]) -> Scale:
    if len(days) < 2:
        middle = days[0].toordinal() if days else 1
        return Scale(middle - 1, middle + 1, 100)
    return Scale(days[0].toordinal(), days[-1].toordinal(), 100)


def _day_ticks(days: Sequence[date], across: Scale) -> tuple[Tick, ...]:
    if not days:
        return ()
    first, length = days[0].toordinal(), (days[-1] - days[0]).days
    labelled = sorted(
        {first + round(length * part / (LABELLED_DAYS - 1)) for part in range(LABELLED_DAYS)}
    )
    return tuple(_anchored(across.at(day), written_day(date.fromordinal(day))) for day in labelled)


def _period_ticks(periods: Sequence[Period]) -> tuple[Tick, ...]:
    """Labels below the middle of a few bars."""
    step = -(-len(periods) // LABELLED_DAYS) or 1
    return tuple(
        _anchored(round((bar + 0.5) / len(periods) * 100, 2), written_day(periods[bar].first))
        for bar in range(0, len(periods), step)
    )


def written_day(day: date) -> str:
    return f"{day.day} {day:%b}"


def _ends(lines: Sequence[Sequence[tuple[float, float]]]) -> list[tuple[float, float]]:
    """Where a line is a single point, and where the last one ends."""
    lone = [line[0] for line in lines[:-1] if len(line) == 1]
    return lone + [line[-1] for line in lines[-1:]]


def _path(points: Sequence[tuple[float, float]]) -> str:
    return "M" + "L".join(f"{x:g},{y:g}" for x, y in points)


def _stacked(periods: Sequence[Period], position: int, vertical: Scale) -> Iterator[str]:
    """One rectangle for each bar of `position`, above those of the variants before it."""
    width = PATH_WIDTH / len(periods)
    gap = min(width * 0.15, 6.0)
    for number, period in enumerate(periods):
        if period.visitors[position]:
            bottom = BARS_HEIGHT - vertical.at(sum(period.visitors[:position]))
            top = BARS_HEIGHT - vertical.at(sum(period.visitors[: position + 1]))
            yield (
                f"M{number * width + gap / 2:.2f},{bottom:.2f}h{width - gap:.2f}"
                f"V{top:.2f}h{gap - width:.2f}Z"
            )
