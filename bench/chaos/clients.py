"""Chat runtimes that send again until they are answered, and remember every attempt."""

import time
from collections import deque
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from enum import StrEnum
from random import Random
from threading import Event, Lock
from typing import Any
from uuid import UUID

import httpx

LONGEST_WAIT_SECONDS = 20.0
PATIENCE_SECONDS = 60.0
REMEMBERED_CHATS = 60


@dataclass(frozen=True, slots=True)
class Ending:
    """How those who play along are told to end."""

    asked: Event = field(default_factory=Event)
    """Finish what you have begun."""
    at_once: Event = field(default_factory=Event)


class NoAnswerError(Exception):
    """Patience ran out before an answer came."""


class Kind(StrEnum):
    ASSIGNMENT = "assignment"
    MESSAGE = "message"
    LEAD = "lead"


ACKNOWLEDGED: Mapping[Kind, frozenset[int]] = {
    Kind.ASSIGNMENT: frozenset({200}),
    Kind.MESSAGE: frozenset({200, 201}),
    Kind.LEAD: frozenset({200, 201}),
}


@dataclass(frozen=True, slots=True)
class Chat:
    """A conversation that one or several clients carry on."""

    agent: str
    visitor: str
    conversation: str
    playground: bool = False


@dataclass(frozen=True, slots=True)
class Call:
    """What is sent, the same at every attempt."""

    kind: Kind
    chat: Chat
    key: str = ""
    """A message's id, or a lead's e-mail."""
    role: str = "visitor"
    text: str = ""
    """A message's content, or a lead's name."""
    names_conversation: bool = True

    @property
    def path(self) -> str:
        root = f"/api/v1/agents/{self.chat.agent}/"
        if self.kind == Kind.MESSAGE:
            return f"{root}conversations/{self.chat.conversation}/messages/"
        return f"{root}{self.kind}s/"

    @property
    def body(self) -> dict[str, Any]:
        body: dict[str, Any] = {"visitor_id": self.chat.visitor}
        if self.chat.playground and self.kind != Kind.LEAD:
            body["playground"] = True
        if self.kind == Kind.MESSAGE:
            return body | {"id": self.key, "role": self.role, "content": self.text}
        if self.kind == Kind.LEAD:
            body |= {"email": self.key, "name": self.text}
        if self.names_conversation:
            body["conversation_id"] = self.chat.conversation
        return body


@dataclass(frozen=True, slots=True)
class Told:
    """What an answer says of a conversation."""

    conversation: str
    source: str
    experiment: str | None
    variant: str | None
    persona: str


@dataclass(frozen=True, slots=True)
class Kept:
    """What an answer says of a stored message or lead; not every answer names its visitor."""

    id: str
    visitor: str | None
    text: str


@dataclass(frozen=True, slots=True)
class Attempt:
    """A call sent once. Times are those of the monotonic clock of all clients."""

    call: Call
    began: float
    ended: float
    status: int | None
    """None: no answer came."""
    problem: str = ""
    """Why none came, or what an answer said that nobody expects."""
    retry_after: float | None = None
    told: Told | None = None
    kept: Kept | None = None

    @property
    def is_acknowledged(self) -> bool:
        return self.status in ACKNOWLEDGED[self.call.kind]

    @property
    def may_be_repeated(self) -> bool:
        """Whether nothing is known of what became of it, or it was refused for now."""
        return self.status in (None, httpx.codes.SERVICE_UNAVAILABLE)


class Crowd:
    """Visitors and their conversations, some of them shared by several clients at once."""

    def __init__(self, agents: Sequence[str], random: Random) -> None:
        self._agents = agents
        self._random = random
        self._recent: deque[Chat] = deque(maxlen=REMEMBERED_CHATS)
        self._lock = Lock()

    def meet(self) -> Chat:
        """A new visitor, a known one with a new conversation, or a chat under way."""
        with self._lock:
            dice = self._random.random()
            if dice < 0.6 or not self._recent:
                agent = self._random.choice(self._agents)
                visitor = f"visitor-{self._random.getrandbits(64):016x}"
                chat = Chat(agent, visitor, self.new_id(), self._random.random() < 0.03)
            else:
                # Often the latest one, whose first message another client is just sending.
                chat = self._random.choice(
                    [self._recent[-1], self._recent[-1], self._random.choice(self._recent)]
                )
                if dice < 0.8:
                    chat = Chat(chat.agent, chat.visitor, self.new_id(), chat.playground)
            self._recent.append(chat)
            return chat

    def new_id(self) -> str:
        return str(UUID(int=self._random.getrandbits(128), version=4))


@dataclass
class Client:
    """One connection to the runtime API, used by one thread."""

    url: str
    token: str
    ending: Ending
    log: list[Attempt] = field(default_factory=list)
    given_up: list[Call] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._http = self._connect()

    def _connect(self) -> httpx.Client:
        return httpx.Client(
            base_url=self.url,
            headers={"Authorization": f"Bearer {self.token}"},
            timeout=LONGEST_WAIT_SECONDS,
            trust_env=False,
        )

    def reconnect(self) -> None:
        self._http.close()
        self._http = self._connect()

    def close(self) -> None:
        self._http.close()

    def send(self, call: Call) -> Attempt:
        """Send until it is answered for good.

        Raises:
            NoAnswerError: it was not; the call is among those `given_up`.
        """
        give_up = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < give_up:
            attempt = self.attempt(call)
            if not attempt.may_be_repeated:
                return attempt
            if self.ending.at_once.wait(attempt.retry_after or 0.1):
                break
        self.given_up.append(call)
        raise NoAnswerError

    def attempt(self, call: Call) -> Attempt:
        began = time.monotonic()
        try:
            answer = self._http.post(call.path, json=call.body)
        except httpx.TransportError as error:
            attempt = Attempt(call, began, time.monotonic(), None, type(error).__name__)
        else:
            attempt = _read(call, began, time.monotonic(), answer)
        self.log.append(attempt)
        return attempt


def _read(call: Call, began: float, ended: float, answer: httpx.Response) -> Attempt:
    status = answer.status_code
    if status not in ACKNOWLEDGED[call.kind]:
        wait = answer.headers.get("Retry-After")
        retry_after = float(wait) if wait is not None else None
        return Attempt(call, began, ended, status, answer.text[:300], retry_after)
    body = answer.json()
    told = body if call.kind == Kind.ASSIGNMENT else body.get("resolution")
    kept = None
    # Of a lead that was there already the answer tells the id alone.
    if call.kind == Kind.LEAD and "name" not in body:
        kept = Kept(body["id"], None, call.text)
    elif call.kind != Kind.ASSIGNMENT:
        text = body["content" if call.kind == Kind.MESSAGE else "name"]
        kept = Kept(body["id"], body["visitor_id"], text)
    return Attempt(call, began, ended, status, told=told and _told(told), kept=kept)


def _told(resolution: Mapping[str, Any]) -> Told:
    experiment, variant = resolution["experiment"], resolution["variant"]
    return Told(
        resolution["conversation_id"],
        resolution["source"],
        experiment and experiment["id"],
        variant and variant["id"],
        resolution["persona"]["name"],
    )


class Visits:
    """Visitors, one after another, played by a client until it is told to stop."""

    def __init__(self, client: Client, crowd: Crowd, random: Random) -> None:
        self.client = client
        self._crowd = crowd
        self._random = random
        self._ending = client.ending.asked

    def run(self) -> None:
        with suppress(NoAnswerError):
            while not self._ending.is_set():
                self._visit(self._crowd.meet())
        self.client.close()

    def _visit(self, chat: Chat) -> None:
        if self._happens(0.15):
            self._say(chat, "agent")
        if self._happens(0.4):
            named = self._happens(0.7)
            self._send(Call(Kind.ASSIGNMENT, chat, names_conversation=named))
        for _ in range(self._random.randint(1, 3)):
            self._say(chat, "visitor")
            if self._happens(0.5):
                self._say(chat, self._random.choice(["agent", "agent", "human_agent"]))
        if self._happens(0.3):
            self._leave_address(chat)

    def _say(self, chat: Chat, role: str) -> None:
        message = self._crowd.new_id()
        call = Call(Kind.MESSAGE, chat, message, role, f"{role} says {message[:8]}")
        self._send(call)
        if self._happens(0.15):
            self._send(call)

    def _leave_address(self, chat: Chat) -> None:
        # One address in sixteen of all that are left is shared by different visitors.
        mark = chat.visitor if self._happens(0.9) else f"shared-{chat.visitor[-1]}"
        named = self._happens(0.5)
        call = Call(Kind.LEAD, chat, f"{mark}@example.com", "", mark, names_conversation=named)
        self._send(call)
        if self._happens(0.2):
            self._send(call)

    def _send(self, call: Call) -> None:
        self.client.send(call)
        self._ending.wait(self._random.uniform(0, 0.02))

    def _happens(self, share: float) -> bool:
        return self._random.random() < share


class Probe:
    """A new visitor over a new connection, again and again: when does the service answer?

    It does not wait as long as Retry-After asks, to measure more finely.
    """

    EVERY_SECONDS = 0.05

    def __init__(self, client: Client, agent: str, random: Random) -> None:
        self.client = client
        self._crowd = Crowd([agent], random)

    def run(self) -> None:
        while not self.client.ending.asked.wait(self.EVERY_SECONDS):
            self.client.reconnect()
            self.client.attempt(Call(Kind.ASSIGNMENT, self._crowd.meet()))
        self.client.close()

    def steady_since(self, moment: float, answers: int) -> float | None:
        """When the first of `answers` in a row came, all asked for after `moment` and up to now."""
        streak: list[Attempt] = []
        for attempt in reversed(self.client.log[-10 * answers :]):
            if not attempt.is_acknowledged or attempt.began < moment:
                break
            streak.append(attempt)
        return streak[-1].ended if len(streak) >= answers else None
