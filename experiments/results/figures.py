"""Pure: how figures are written for people. A missing one is a dash, and its reason in words."""

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


def value(amount: float | None, unit: str) -> str:
    """A metric's value: `12.3%`, `4.21` or `1 min 32 s`."""
    if amount is None:
        return DASH
    if unit == "share":
        return f"{amount * 100:.2f}%" if 0 < amount < 0.1 else f"{amount * 100:.1f}%"
    return _duration(amount) if unit == "seconds" else f"{amount:,.2f}"


def difference(amount: float | None, unit: str) -> str:
    """An absolute lift: `+1.20 points`, `-0.31` or `+12.0 s`."""
    if amount is None:
        return DASH
    if unit == "share":
        return f"{_signed(amount * 100, 2)} points"
    return f"{_signed(amount, 1)} s" if unit == "seconds" else _signed(amount, 2)


def relative(amount: float | None) -> str:
    """A relative lift: 0.123 is `+12.3%`."""
    return DASH if amount is None else f"{_signed(amount * 100, 1)}%"


def relative_tick(amount: float) -> str:
    """A relative lift on an axis: `+20%`, `0%`."""
    return f"{_signed(amount * 100, 0 if abs(amount) >= 0.01 or not amount else 1)}%"


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


def _signed(amount: float, decimals: int) -> str:
    text = f"{abs(amount):,.{decimals}f}"
    if not float(text.replace(",", "")):
        return text
    return f"{MINUS if amount < 0 else '+'}{text}"


def _duration(seconds: float) -> str:
    if seconds < 59.95:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:,} h {minutes} min" if hours else f"{minutes} min {rest} s"
