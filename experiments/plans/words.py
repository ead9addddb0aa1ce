"""A kept plan, in words."""

from collections.abc import Mapping
from typing import Any


def plan_in_words(plan: Mapping[str, Any]) -> str:
    """A kept plan, for the history."""
    told = f"planned for {plan['visitors']:,} visitors a variant"
    if plan["weeks"]:
        told += f" in {_many(plan['weeks'], 'week')}"
    if plan["look_weeks"]:
        told += f", with {_many(len(plan['look_weeks']), 'look')}"
    return told


def _many(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"
