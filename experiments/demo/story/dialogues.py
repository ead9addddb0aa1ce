"""What visitors ask, and what each persona answers: scripts, by trade, in `texts/`.

A script is a paragraph; a line is `v:` for the visitor, `h:` for a colleague who takes over, or the
persona who would say it, so that the same question shows two voices.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

SCRIPTS = Path(__file__).parent / "texts"
ASKS, TAKES_OVER = "v", "h"


@dataclass(frozen=True, slots=True)
class Exchange:
    """A question and its answers, by the name of the persona; a colleague's words after them."""

    asked: str
    answers: Mapping[str, str]
    taken_over: str = ""

    def answer_of(self, persona: str) -> str:
        """In the persona's voice, or in the first that there is."""
        return self.answers.get(persona) or next(iter(self.answers.values()))


@cache
def dialogues_of(trade: str) -> tuple[tuple[Exchange, ...], ...]:
    """Every script of the trade, turn by turn."""
    paragraphs = (SCRIPTS / f"{trade}.txt").read_text().strip().split("\n\n")
    return tuple(_turns(paragraph.splitlines()) for paragraph in paragraphs)


def _turns(lines: list[str]) -> tuple[Exchange, ...]:
    found: list[Exchange] = []
    asked, answers = "", dict[str, str]()
    for line in lines:
        who, _, said = line.partition(": ")
        if who == ASKS:
            asked, answers = said, {}
            found.append(Exchange(asked, answers))
        elif who == TAKES_OVER:
            found[-1] = Exchange(asked, answers, said)
        else:
            answers[who] = said
    return tuple(found)
