"""A model's answer as it comes, and a sentence for whatever else an endpoint does, in time."""

import json
import time
from collections.abc import Iterator
from typing import Any

import pytest

from agents import limits
from agents.model_endpoints.asking import Ended, NoAnswer, model_answer
from agents.model_endpoints.keeping import set_endpoint
from agents.models import ModelEndpoint
from tests.harness.language_models import (
    Behaviour,
    Endpoint,
    answers,
    chunk,
    drips,
    hangs,
    language_model,
    streams,
)
from tests.roles import Cast

pytestmark = pytest.mark.django_db
KEY = "sk-Secret-0123456789"
TURNS = ({"role": "system", "content": "You are Mia."}, {"role": "user", "content": "Hi"})


@pytest.fixture
def there() -> Iterator[Endpoint]:
    with language_model() as endpoint:
        yield endpoint


@pytest.fixture
def model(cast: Cast, there: Endpoint) -> ModelEndpoint:
    return set_endpoint(
        cast.workspace, url=there.url, model="tiny", key=KEY, calls_a_day=5, by=cast.owner
    )


def heard(model: ModelEndpoint) -> tuple[str, Ended | str]:
    """What was said, and how it ended or why it did not."""
    said = ""
    try:
        for piece in model_answer(model, TURNS):
            if isinstance(piece, Ended):
                return said, piece
            said += piece
    except NoAnswer as error:
        return said, str(error)
    raise AssertionError("It came to no end.")


def test_the_answer_comes_piece_by_piece_with_its_tokens(
    model: ModelEndpoint, there: Endpoint
) -> None:
    there.behaves = streams("Good ", "day <b>you</b>")
    assert list(model_answer(model, TURNS)) == ["Good ", "day <b>you</b>", Ended(30, 5)]
    asked = there.asked[0]
    assert asked.path == "/v1/chat/completions"
    assert asked.headers["authorization"] == f"Bearer {KEY}"
    assert (asked.body["model"], asked.body["messages"]) == ("tiny", list(TURNS))


def test_a_piece_is_here_before_the_next_is_sent(model: ModelEndpoint, there: Endpoint) -> None:
    there.behaves = hangs(after=chunk("First"), begins=True)
    pieces = model_answer(model, TURNS)
    assert next(pieces) == "First"
    pieces.close()  # type: ignore[attr-defined]


ERROR = {"error": {"message": f"Overloaded, says {KEY} <b>", "type": "server_error"}}


@pytest.mark.parametrize(
    ("behaves", "said", "told"),
    [
        (answers(500, json.dumps(ERROR)), "", "error (500). It says: Overloaded, says … <b>"),
        (answers(503, "<html>busy</html>", "text/html"), "", "error (503)."),
        (answers(401, json.dumps(ERROR)), "", "refuses the key (401)"),
        (answers(404, '{"error": "no model tiny"}'), "", "(404). It says: no model tiny"),
        (answers(429, "{}", Retry_After="7200"), "", "asks to wait for 120 minutes"),
        (answers(302, "", Location="http://127.0.0.1:9/"), "", "leads elsewhere (302)"),
        (answers(200, "<html>Welcome</html>", "text/html"), "", "something else than a stream"),
        (answers(200, json.dumps(ERROR)), "", "failed: Overloaded"),
        (answers(200, '{"choices": []}'), "", "something else than a stream"),
        (streams(then=f"data: {json.dumps(ERROR)}\n\n", finish=None), "", "failed: Overloaded"),
        (
            streams("Half", then=f"data: {json.dumps(ERROR)}\n\n", finish=None),
            "Half",
            "failed: Overloaded, says …",
        ),
        (
            streams("Half", then='event: error\ndata: {"message": "Gone"}\n\n', finish=None),
            "Half",
            "failed: Gone",
        ),
        (streams("Half", then="", finish=None), "Half", "broke off"),
        (streams("Half", finish=None), "Half", "broke off"),
        (streams("Half", then='data: {"choi\n\n', finish=None), "Half", "can't be read"),
        (streams("Half", then='data: [1, "x"]\n\n', finish=None), "Half", "failed"),
        (streams("Half", then='data: {"choices": [7]}\n\n', finish=None), "Half", "can't be read"),
    ],
)  # fmt: skip
def test_what_goes_wrong_is_told_once_and_without_the_key(
    model: ModelEndpoint, there: Endpoint, behaves: Behaviour, said: str, told: str
) -> None:
    there.behaves = behaves
    heard_words, ended = heard(model)
    assert heard_words == said
    assert isinstance(ended, str)
    assert told in ended
    assert KEY not in ended
    assert len(there.asked) == 1  # nothing is tried again


@pytest.mark.parametrize(
    "behaves",
    [
        hangs(),
        hangs(after=chunk("Half"), begins=True),
        drips(chunk("x")),
        drips(": still here\n\n"),
        drips("data: "),
    ],
    ids=["before", "amid", "dripping", "comments", "one endless line"],
)
def test_it_ends_in_time_whatever_the_endpoint_does(
    model: ModelEndpoint, there: Endpoint, behaves: Behaviour, settings: Any
) -> None:
    settings.MODEL_SECONDS = 0.5
    there.behaves = behaves
    began = time.monotonic()
    _, ended = heard(model)
    assert ended == "The endpoint did not answer to the end within 0.5 seconds."
    assert time.monotonic() - began < 2


def test_ends_that_are_worth_a_word(model: ModelEndpoint, there: Endpoint) -> None:
    there.behaves = streams("Cut", finish="length")
    said, ended = heard(model)
    assert (said, isinstance(ended, Ended) and ended.note[:14]) == ("Cut", "It was cut off")
    there.behaves = streams()
    assert heard(model) == ("", Ended(30, 5, "It said nothing."))


def test_an_endless_answer_is_not_read_to_its_end(model: ModelEndpoint, there: Endpoint) -> None:
    there.behaves = drips(chunk("x" * 4_000), every=0)
    said, ended = heard(model)
    assert len(said) == limits.MODEL_ANSWER
    assert isinstance(ended, Ended)
    there.behaves = drips("x" * 60_000, every=0)
    assert heard(model)[1] == "The endpoint can't be reached."


def test_addresses_that_may_not_be_called(
    model: ModelEndpoint, there: Endpoint, settings: Any
) -> None:
    settings.MODEL_REACH = "public"
    assert "private network" in str(heard(model)[1])
    assert there.asked == []
    model.url = "http://nobody.invalid/v1"
    assert heard(model)[1] == "The endpoint's address has a name that leads nowhere."
    settings.MODEL_REACH = "loopback"
    model.url = "http://127.0.0.1:9/v1"
    assert heard(model)[1] == "The endpoint can't be reached."


def test_a_key_of_another_installation(model: ModelEndpoint, settings: Any) -> None:
    settings.SECRET_KEY = "another"
    assert "can no longer be read" in str(heard(model)[1])
