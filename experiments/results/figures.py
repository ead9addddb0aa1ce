"""Pure: how figures are written for people, in sentences, tables and pictures alike.

One rule for decimals: one of them, and two under 1. A missing figure is a dash, and its reason in
words.
"""

from __future__ import annotations

from experiments.statistics import Interval, Reason

DASH = "\N{EN DASH}"
MINUS = "\N{MINUS SIGN}"
LEAST_P = 0.001
REASONS = {
    Reason.NOTHING_MEASURED: "nothing measured yet",
    Reason.TOO_FEW_VISITORS: "too few visitors yet",
    Reason.NO_VARIATION: "nothing varies yet",
    Reason.CONTROL_TOO_CLOSE_TO_ZERO: "the control is at zero",
    Reason.TOO_UNCERTAIN: "not estimable yet",
    Reason.BETWEEN_LOOKS: "no verdict between looks",
}


def number(amount: float) -> str:
    """Without its sign: `1,250.0`, `12.3`, `0.31`, and `0.0` for what is nothing then."""
    size = abs(amount)
    two = f"{size:.2f}"
    return two if 0.005 <= size < 0.995 else f"{0.0 if size < 0.005 else size:,.1f}"


def percents(share: float) -> str:
    """0.123 is `12.3%`, without its sign."""
    return f"{number(share * 100)}%"


def value(amount: float | None, unit: str) -> str:
    """A metric's value: `12.3%`, `4.2` or `1 min 32 s`."""
    if amount is None:
        return DASH
    if unit == "share":
        return percents(amount)
    return _duration(amount) if unit == "seconds" else number(amount)


def difference(amount: float | None, unit: str) -> str:
    """An absolute lift: `+1.2 points`, `-0.31` or `+12.0 s`."""
    if amount is None:
        return DASH
    if unit == "share":
        return f"{_signed(amount * 100)} points"
    return f"{_signed(amount)} s" if unit == "seconds" else _signed(amount)


def relative(amount: float | None) -> str:
    """A relative lift: 0.123 is `+12.3%`."""
    return DASH if amount is None else f"{_signed(amount * 100)}%"


def relative_tick(amount: float) -> str:
    """A relative lift on an axis: `+20%`, `0%`."""
    decimals = 0 if abs(amount) >= 0.01 or not amount else 1
    return f"{_sign(amount)}{abs(amount) * 100:,.{decimals}f}%"


def reach(interval: Interval | None, unit: str = "") -> str:
    """Both ends of an interval: of an absolute lift in `unit`, else of a relative one."""
    if interval is None:
        return DASH
    lower = difference(interval.lower, unit) if unit else relative(interval.lower)
    if interval.upper is None:
        return f"{lower} or more"
    upper = difference(interval.upper, unit) if unit else relative(interval.upper)
    return f"{lower.removesuffix(' points').removesuffix(' s')} to {upper}"


def p_value(probability: float | None) -> str:
    if probability is None:
        return DASH
    return f"under {LEAST_P}" if probability < LEAST_P else f"{probability:.3f}"


def reason(missing: Reason | None) -> str:
    return "" if missing is None else REASONS[missing]


def _signed(amount: float) -> str:
    text = number(amount)
    return text if text == "0.0" else f"{_sign(amount)}{text}"


def _sign(amount: float) -> str:
    return "" if not amount else MINUS if amount < 0 else "+"


def _duration(seconds: float) -> str:
    if seconds < 59.95:
        return f"{number(seconds)} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:,} h {minutes} min" if hours else f"{minutes} min {rest} s"
