"""The demo's shop: its chat runtime against the real API, and what it does when Glozr is away."""

import json
import socket
import time
from collections.abc import Callable, Iterator
from http.client import HTTPConnection
from pathlib import Path
from threading import Thread
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from agents.models import Agent, Conversation, Lead, Message
from experiments import lifecycle
from experiments.demo import shop
from experiments.demo.shop.__main__ import Shop
from experiments.demo.shop.chat import Chat, NotTaken
from experiments.demo.shop.glozr_client import PATIENCE, Client
from experiments.models import Experiment
from experiments.runtime.preview_links import link_code, revoke_links
from glozr.wsgi import application
from tests.experiments.api.contract import one_connection
from tests.factories import ExperimentFactory
from tests.runtime import Runtime

AWAY = {"code": "unavailable", "detail": "Try again in a moment."}
RESOLVED = {"persona": {"name": "Aria", "tone": "warm and concise"}, "source": "new"}


def page(visitor: str = "ada", **sent: Any) -> dict[str, Any]:
    """What the page sends."""
    return {"visitor": visitor, "conversation": str(uuid4()), "id": str(uuid4()), **sent}


def chat_with(answer: Callable[[httpx.Request], httpx.Response]) -> Chat:
    return Chat(Client("http://glozr", uuid4(), "x", transport=httpx.MockTransport(answer)))


def test_it_imports_nothing_of_glozr() -> None:
    for module in Path(shop.__file__).parent.glob("*.py"):
        for line in module.read_text().splitlines():
            if line.startswith(("import ", "from ")) and "experiments.demo.shop" not in line:
                assert not line.split()[1].startswith(("agents", "experiments", "glozr", "django"))


@pytest.mark.django_db
class TestWithGlozr:
    @pytest.fixture(autouse=True)
    def _one_connection(self) -> Iterator[None]:
        with one_connection():
            yield

    @pytest.fixture
    def experiment(self, agent: Agent) -> Experiment:
        return lifecycle.start(ExperimentFactory.create(agent=agent), by=None)

    @pytest.fixture
    def chat(self, runtime: Runtime) -> Chat:
        transport = httpx.WSGITransport(app=application)
        return Chat(Client("http://localhost", runtime.agent_id, runtime.key, transport=transport))

    def test_a_visitor_keeps_the_persona_and_another_may_meet_the_other(
        self, chat: Chat, experiment: Experiment
    ) -> None:
        met = {
            visitor: [chat.open(page(visitor))["persona"]["name"] for _ in range(2)]
            for visitor in map(str, range(12))
        }
        assert all(first == second for first, second in met.values())
        assert {first for first, _ in met.values()} == {"Max", "Aria"}

    def test_a_turn_is_recorded_whole_and_the_lead_too(
        self, chat: Chat, experiment: Experiment
    ) -> None:
        sent = page(text="What does it cost?", email="ada@example.com")
        opened = chat.open(sent)
        said = chat.say(sent)
        assert said["persona"] == opened["persona"]
        assert "390 euros" in said["reply"]
        assert said["call"]["status"] == 201
        assert chat.say(sent)["call"]["status"] == 200  # sent again by the page, with its UUID
        chat.glozr.send_waiting()
        messages = Message.objects.filter(conversation=sent["conversation"]).order_by("sent_at")
        assert [(one.role, one.content) for one in messages][:2] == [
            ("visitor", "What does it cost?"),
            ("agent", said["reply"]),
        ]
        chat.leave(sent)
        assert Lead.objects.get().email == "ada@example.com"

    def test_a_preview_link_shows_its_variant_or_why_not(
        self, chat: Chat, experiment: Experiment
    ) -> None:
        code = link_code(experiment, experiment.variants.get(name="treatment"))
        sent = page(preview=code, text="Hello")
        assert (chat.open(sent)["source"], chat.say(sent)["variant"]["name"]) == (
            "preview",
            "treatment",
        )
        assert Conversation.objects.get().playground
        revoke_links(experiment)
        with pytest.raises(NotTaken, match="revoked"):
            chat.open(page(preview=code))


class TestWithoutGlozr:
    def test_it_goes_on_with_the_agents_own_persona_within_300_ms(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as silent:
            chat = Chat(Client(f"http://127.0.0.1:{silent.getsockname()[1]}", uuid4(), "x"))
            began = time.monotonic()
            said = chat.say(page(text="Hello"))
            assert time.monotonic() - began < PATIENCE + 0.4
        assert (said["persona"]["name"], said["is_own"]) == ("Max", True)
        assert said["reply"]
        assert said["call"]["status"] is None

    def test_a_call_is_repeated_as_it_was_when_that_is_soon_enough(self) -> None:
        bodies: list[bytes] = []

        def answer(request: httpx.Request) -> httpx.Response:
            bodies.append(request.content)
            if len(bodies) < 3:
                return httpx.Response(503, json=AWAY, headers={"Retry-After": "0"})
            return httpx.Response(201, json={"resolution": RESOLVED})

        said = chat_with(answer).say(page(text="Hello"))
        assert (said["persona"]["name"], said["call"]["attempts"]) == ("Aria", 3)
        assert len(set(bodies)) == 1

    @pytest.mark.parametrize("status", [429, 503])
    def test_what_must_wait_longer_is_sent_later_with_its_uuids_and_time(self, status: int) -> None:
        sent: list[Any] = []
        is_away = True

        def answer(request: httpx.Request) -> httpx.Response:
            if is_away:
                return httpx.Response(status, json=AWAY, headers={"Retry-After": "2"})
            sent.append(json.loads(request.content))
            return httpx.Response(201, json={"resolution": RESOLVED})

        chat = chat_with(answer)
        turn = page(text="Hello", email="ada@example.com")
        began = time.monotonic()
        said = chat.say(turn)
        chat.leave(turn)
        assert time.monotonic() - began < PATIENCE  # it did not wait for two seconds
        assert said["is_own"]
        is_away = False
        chat.glozr.send_waiting()
        assert [one.get("role", "lead") for one in sent] == ["visitor", "agent", "lead"]
        assert sent[0]["id"] == turn["id"]
        assert sent[0]["sent_at"] < sent[1]["sent_at"]
        assert not chat.glozr.waiting

    def test_a_refusal_is_told_and_not_sent_again(self) -> None:
        refused = {"code": "permission_denied", "detail": "This token lacks the ability runtime."}
        chat = chat_with(lambda request: httpx.Response(403, json=refused))
        with pytest.raises(NotTaken, match="lacks the ability"):
            chat.say(page(text="Hello"))
        assert not chat.glozr.waiting


class TestServer:
    @pytest.fixture
    def port(self) -> Iterator[int]:
        chat = chat_with(lambda request: httpx.Response(200, json=RESOLVED))
        with Shop(("127.0.0.1", 0), chat) as server:
            Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
            yield server.server_address[1]
            server.shutdown()

    @pytest.mark.parametrize("path", ["/", "/?preview=x", "/shop.js", "/shop.css"])
    def test_the_page_and_what_it_needs(self, port: int, path: str) -> None:
        answer = httpx.get(f"http://127.0.0.1:{port}{path}")
        assert answer.status_code == 200
        assert "script-src 'self'" in answer.headers["Content-Security-Policy"]
        assert "http://" not in answer.text
        assert "https://" not in answer.text

    def test_a_visit(self, port: int) -> None:
        answer = httpx.post(f"http://127.0.0.1:{port}/visit", json=page())
        assert answer.json()["persona"]["name"] == "Aria"

    @pytest.mark.parametrize(
        "body", [b"", b"[]", b"{", b"{}", b'{"visitor": "ada", "conversation": "../leads"}']
    )
    def test_what_the_page_would_not_send(self, port: int, body: bytes) -> None:
        headers = {"Content-Type": "application/json"}
        answer = httpx.post(f"http://127.0.0.1:{port}/visit", content=body, headers=headers)
        assert answer.status_code == 400
        assert answer.json()["detail"]

    def test_what_another_sites_form_could_send(self, port: int) -> None:
        answer = httpx.post(f"http://127.0.0.1:{port}/visit", content=json.dumps(page()))
        assert answer.status_code == 400

    def test_a_body_that_is_too_long_is_not_read(self, port: int) -> None:
        connection = HTTPConnection("127.0.0.1", port, timeout=5)
        connection.putrequest("POST", "/visit")
        connection.putheader("Content-Type", "application/json")
        connection.putheader("Content-Length", str(10**9))
        connection.endheaders()
        assert connection.getresponse().status == 400
        connection.close()

    @pytest.mark.parametrize("path", ["/../chat.py", "/favicon.ico", "/visit"])
    def test_nothing_else_is_there(self, port: int, path: str) -> None:
        assert httpx.get(f"http://127.0.0.1:{port}{path}").status_code == 404


def test_ids_are_uuids_before_they_are_part_of_an_address() -> None:
    asked: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.path)
        return httpx.Response(201, json={"resolution": RESOLVED})

    chat = chat_with(answer)
    sent = page(text="Hello")
    chat.say({**sent, "conversation": UUID(sent["conversation"]).hex})
    assert asked[0].endswith(f"/conversations/{sent['conversation']}/messages/")
