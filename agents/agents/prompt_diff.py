"""Pure: which words of one prompt another does not have."""

import re
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import takewhile

MAX_WORDS = 400
"""Comparing takes the product of both lengths; beyond this the changed part counts as one."""


@dataclass(frozen=True, slots=True)
class Piece:
    text: str
    is_new: bool


def pieces(text: str, *, compared_to: str) -> list[Piece]:
    """`text` in pieces; those that `compared_to` does not have are new.

    The pieces put together are `text`, whatever it holds.
    """
    words, old = _words(text), _words(compared_to)
    head = _alike(words, old)
    words, old, start = words[head:], old[head:], words[:head]
    tail = _alike(words[::-1], old[::-1])
    end = words[len(words) - tail :]
    words, old = words[: len(words) - tail], old[: len(old) - tail]
    found = [Piece("".join(start), False), *_changed(words, old), Piece("".join(end), False)]
    return [piece for piece in found if piece.text]


def _words(text: str) -> list[str]:
    return re.findall(r"\s+|[^\s]+", text)


def _alike(one: list[str], other: list[str]) -> int:
    """How many words both begin with."""
    pairs = zip(one, other, strict=False)
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))


def _changed(words: list[str], old: list[str]) -> list[Piece]:
    if len(words) > MAX_WORDS or len(old) > MAX_WORDS:
        return [Piece("".join(words), True)]
    matcher = SequenceMatcher(None, old, words, autojunk=False)
    return [
        Piece("".join(words[start:end]), kind != "equal")
        for kind, _, _, start, end in matcher.get_opcodes()
        if start < end
    ]
