"""One answer of one column: by the workspace's model, or by the stand-in where there is none."""

import json
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from agents.model_endpoints.asking import Ended, NoAnswer, model_answer
from agents.models import ModelEndpoint
from experiments import limits
from experiments.tryout.columns import TriedColumn
from experiments.tryout.stand_in import stand_in_answer
from glozr.errors import FieldError, Invalid
from glozr.text import is_encodable

ROLES: Mapping[str, str] = {"visitor": "user", "agent": "assistant"}


def turns_from(text: str) -> list[dict[str, str]]:
    """What was said so far, as JSON of the page; the last turn is the visitor's.

    Raises:
        Invalid: it is not that, or too long.
    """
    try:
        sent = json.loads(text)
    except (ValueError, RecursionError):
        raise _invalid("The messages can't be read. Load the page again.") from None
    if not isinstance(sent, list) or not 1 <= len(sent) <= limits.TRIED_TURNS:
        raise _invalid(f"A try-out has 1 to {limits.TRIED_TURNS} messages. Start over.")
    if not all(_is_turn(turn) for turn in sent) or sent[-1]["role"] != "visitor":
        raise _invalid("The messages can't be read. Load the page again.")
    last = sent[-1]["content"]
    if len(last) > limits.TRIED_MESSAGE:
        raise _invalid(f"Write at most {limits.TRIED_MESSAGE:,} characters.")
    if sum(len(turn["content"]) for turn in sent) > limits.TRIED_TEXT:
        raise _invalid("This conversation has become too long to go on with. Start over.")
    return [{"role": ROLES[turn["role"]], "content": turn["content"]} for turn in sent]


def events_of(
    column: TriedColumn, said: Sequence[Mapping[str, str]], endpoint: ModelEndpoint | None
) -> Iterator[dict[str, Any]]:
    """What the page is told while the answer comes: `text`, again and again; then `end`, with
    seconds and tokens (null where nobody says), or `problem`. It asks nothing of the database."""
    turns = [{"role": "system", "content": column.prompt}, *said]
    began = time.monotonic()
    pieces: Iterator[str | Ended] = (
        _offline(column, turns) if endpoint is None else model_answer(endpoint, turns)
    )
    try:
        for piece in pieces:
            if isinstance(piece, str):
                yield {"text": piece}
                continue
            yield {
                "end": {
                    "seconds": round(time.monotonic() - began, 2),
                    "tokens_read": piece.tokens_read,
                    "tokens_written": piece.tokens_written,
                    "note": piece.note,
                }
            }
    except NoAnswer as error:
        yield {"problem": str(error)}


def _offline(column: TriedColumn, turns: Sequence[Mapping[str, str]]) -> Iterator[str | Ended]:
    yield from stand_in_answer(column.persona, turns)
    yield Ended(None, None)


def _is_turn(turn: object) -> bool:
    return (
        isinstance(turn, dict)
        and turn.keys() == {"role", "content"}
        and isinstance(turn["role"], str)
        and turn["role"] in ROLES
        and isinstance(turn["content"], str)
        and bool(turn["content"].strip())
        and is_encodable(turn["content"])
    )


def _invalid(detail: str) -> Invalid:
    return Invalid([FieldError("turns", "invalid", detail)])
