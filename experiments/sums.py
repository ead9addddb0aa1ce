"""Pure: the sums over visitors that all figures are made of.

To add one: a field of `Sums` (`makemigrations` writes its column, JSON shows it), its line in the
fold (`results/functions/`) and its line in the recount (`results/sql/sums.sql`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from decimal import Decimal
from typing import Any

ZERO = Decimal(0)


def _about(words: str) -> dict[str, Any]:
    return {"help_text": words}


def _exact(max_digits: int, decimal_places: int, about: str) -> dict[str, Any]:
    return {"max_digits": max_digits, "decimal_places": decimal_places, **_about(about)}


@dataclass(frozen=True, slots=True)
class Sums:
    """Over visitors; per visitor x: its sum, and as `x_squared` that of its square. Integers and
    exact decimals, so that no sum ever drifts."""

    visitors: int = 0
    converted: int = field(default=0, metadata=_about("Visitors who left contact details."))
    qualified: int = field(
        default=0, metadata=_about("Visitors with a lead that was qualified, contacted or won.")
    )
    won: int = field(default=0, metadata=_about("Visitors with a lead that was won."))
    handovers: int = field(default=0, metadata=_about("Visitors to whom a human agent wrote."))
    leads: int = 0
    conversations: int = 0
    messages: int = field(
        default=0, metadata=_about("Of one visitor at most a hundred are counted.")
    )
    messages_squared: int = field(default=0, metadata=_about("Sum of squares."))
    capped: int = field(
        default=0, metadata=_about("Visitors who sent more messages than are counted of one.")
    )
    sessions: int = field(
        default=0,
        metadata=_about(
            "Each from a visitor's message to the last before half an hour of silence."
        ),
    )
    sessions_squared: int = field(default=0, metadata=_about("Sum of squares."))
    seconds: Decimal = field(
        default=ZERO, metadata=_exact(30, 6, "The length of all sessions, in seconds.")
    )
    seconds_squared: Decimal = field(default=ZERO, metadata=_exact(60, 12, "Sum of squares."))
    seconds_sessions: Decimal = field(
        default=ZERO, metadata=_exact(40, 6, "Sum of each visitor's seconds times sessions.")
    )

    left_out: int = field(
        default=0,
        metadata=_about("Visitors who count in no figure, by an id or domain that is left out."),
    )
    bots_left_out: int = field(
        default=0, metadata=_about("Visitors who count in no figure, as bots are left out.")
    )
    bots: int = field(default=0, metadata=_about("Bots that count, by their user agents."))
    assistants: int = field(
        default=0, metadata=_about("Assistants acting for people, who count; by their user agents.")
    )
    merged: int = field(default=0, metadata=_about("Visitors known by more than one id."))
    crossed: int = field(
        default=0, metadata=_about("Of those, who had seen another variant as well.")
    )

    def __add__(self, other: Sums) -> Sums:
        return Sums(*(getattr(self, name) + getattr(other, name) for name in SUMS))


SUMS: Mapping[str, Mapping[str, Any]] = {each.name: each.metadata for each in fields(Sums)}
"""The column of each: words about it, and the digits of one that is no whole number."""

NOTHING = Sums()
