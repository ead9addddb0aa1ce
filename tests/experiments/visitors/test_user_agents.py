"""Nobody is called a bot for the telephone that they hold.

The packages of the registry were tried on these user agents: crawler-user-agents 1.67.0 calls
in-app windows on OPPO, OnePlus and Xiaomi telephones crawlers (for a build number of Android 15),
Facebook's and Viber's in-app browsers, HTC Butterfly and ViewSonic; crawlerdetect 0.4.2 calls
FOSSiBOT and SPIDER telephones so, and a television's browser; device-detector 6.5.1 calls a SPIDER
telephone so and takes 47 ms; user-agents 2.2.0 (over ua-parser) takes HTTP libraries and headless
browsers for people. Of device-detector's own 37,022 user agents of devices, our rules mark 50:
readers of feeds and podcasts that give an address, and HTTP libraries.
"""

import re
import time

import pytest

from experiments.visitors import user_agents
from experiments.visitors.user_agents import client_kind_of
from tests.experiments.visitors.user_agents import ASSISTANTS, BOTS, PEOPLE


def test_there_are_enough() -> None:
    assert (len(set(PEOPLE)), len(set(BOTS)), len(set(ASSISTANTS))) >= (60, 50, 8)
    assert sum("cubot" in text.lower() or "fossibot" in text.lower() for text in PEOPLE) >= 8


@pytest.mark.parametrize("user_agent", PEOPLE)
def test_a_person_is_no_bot(user_agent: str) -> None:
    assert client_kind_of(user_agent) == ""


@pytest.mark.parametrize("user_agent", BOTS)
def test_a_bot_is_one(user_agent: str) -> None:
    assert client_kind_of(user_agent) == "bot"


@pytest.mark.parametrize("user_agent", ASSISTANTS)
def test_an_assistant_acts_for_a_person(user_agent: str) -> None:
    """Though it gives an address as bots do."""
    assert client_kind_of(user_agent) == "assistant"


def test_letters_that_only_look_alike_match_nothing() -> None:
    """Python would take the long s and the Kelvin sign for s and k, other engines would not."""
    assert client_kind_of("Mozilla/5.0 \u017fpider/1.0") == ""
    assert not any(
        pattern.flags & re.IGNORECASE for pattern in (user_agents._BOT, user_agents._ASSISTANT)
    )


@pytest.mark.parametrize("piece", ["a", "compatible; ", "bot", "a-user", "; http", "(compatible;"])
def test_no_text_takes_long(piece: str) -> None:
    text = piece * 20_000
    began = time.perf_counter()
    for _ in range(10):
        client_kind_of.__wrapped__(text)

    assert time.perf_counter() - began < 0.5
