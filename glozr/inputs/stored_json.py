"""JSON values as PostgreSQL keeps them: what it refuses, and what comes back."""

import math
from collections.abc import Mapping, Sequence
from decimal import Decimal

from glozr.text import CONTROL_CHARACTERS, LINE_BREAKS, has_control_characters, is_encodable


def as_stored(value: object) -> object:
    """A JSON value as it is read again. PostgreSQL writes numbers without an exponent: 1e300, of
    five characters, comes back with 301, and would be too large at the start alone."""
    match value:
        case float():
            return int(Decimal(text)) if "e+" in (text := repr(value)) else value + 0.0
        case Mapping():
            return {key: as_stored(each) for key, each in value.items()}
        case list():
            return [as_stored(each) for each in value]
    return value


def json_problem(value: object, most_levels: int, depth: int = 0) -> tuple[str, str] | None:
    """The code and sentence of what PostgreSQL could not keep of a JSON value, if anything."""
    if depth > most_levels:
        return "too_deep", f"Nest at most {most_levels} levels."
    if isinstance(value, str):
        if not is_encodable(value):
            return "not_unicode", "A text in it holds half of a surrogate pair."
        if has_control_characters(value, allowed=LINE_BREAKS):
            return "control_characters", CONTROL_CHARACTERS
    elif isinstance(value, float) and not math.isfinite(value):
        return "not_finite", "JSON knows no infinite number."
    elif isinstance(value, Mapping):
        parts = [part for item in value.items() for part in item]
        return _first_problem(parts, most_levels, depth)
    elif isinstance(value, list):
        return _first_problem(value, most_levels, depth)
    return None


def _first_problem(parts: Sequence[object], most_levels: int, depth: int) -> tuple[str, str] | None:
    problems = (json_problem(part, most_levels, depth + 1) for part in parts)
    return next((problem for problem in problems if problem is not None), None)
