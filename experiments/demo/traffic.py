"""Simulated visitors who use the runtime API as a chat runtime would, over real HTTP."""

import asyncio
import ipaddress
import itertools
import random
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID, uuid4

import httpx

from experiments.demo.story.dialogues import Exchange, dialogues_of

RETRIES = 20
TIMEOUT_SECONDS = 15.0
MOST_MESSAGES = 1_000
TRADE = "travel"
"""Whose scripts they follow."""


class Unreachable(Exception):
    """Nothing answers there; the message says where."""


class Refused(Exception):
    """The API won't do what it was asked, and why; asking again changes nothing."""


@dataclass(frozen=True, slots=True)
class Behaviour:
    """How visitors of a variant behave."""

    leads: float = 0.08
    """The share of visitors who leave an address, from 0 to 1."""
    messages: float = 4.0
    """The mean number of messages that a visitor sends in a conversation, at least 1."""
    returning: float = 0.25
    """The share of visitors who come back for a second conversation, from 0 to 1."""

    def __post_init__(self) -> None:
        for name in ("leads", "returning"):
            if not 0 <= (share := getattr(self, name)) <= 1:
                raise ValueError(f"{name} is a share from 0 to 1, not {share:g}")
        if not 1 <= self.messages <= MOST_MESSAGES:
            raise ValueError(f"messages is a mean from 1 to {MOST_MESSAGES}, not {self.messages:g}")


@dataclass(slots=True)
class Tally:
    visitors: int = 0
    messages: int = 0
    leads: int = 0


@dataclass(slots=True)
class TrafficSent:
    """What was acknowledged, by the name of the variant, and what failed for good."""

    tallies: dict[str, Tally] = field(default_factory=lambda: defaultdict(Tally))
    failures: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Site:
    """Whose visitors these are: the agent's part of the API and how they behave."""

    base_url: str
    agent: UUID
    token: str
    usual: Behaviour
    by_variant: Mapping[str, Behaviour]
    seed: int | None = None


async def send_visitors(
    site: Site, *, visitors: int, concurrency: int, arrived: Callable[[], None]
) -> TrafficSent:
    """Send `visitors`, at most `concurrency` at once; `arrived` is called as each is done.

    Raises:
        Unreachable: no server answers at the site's address.
    """
    outcome = TrafficSent()
    await _find_server(site.base_url)
    numbers = iter(range(visitors))
    async with _client_of(site, connections=concurrency) as client:

        async def one_after_another() -> None:
            for number in numbers:
                chance = random.Random(None if site.seed is None else f"{site.seed}:{number}")
                try:
                    await _Visitor(client, site, chance, outcome).visit()
                except (httpx.HTTPError, Refused) as error:
                    outcome.failures.append(str(error) or type(error).__name__)
                arrived()

        await asyncio.gather(*(one_after_another() for _ in range(min(concurrency, visitors))))
    return outcome


async def keep_coming(site: Site, *, per_minute: float, visitors: int | None = None) -> None:
    """Send visitors one by one, so many a minute on average, without end unless `visitors` is
    given. Whom the server is away for is not missed."""
    await _find_server(site.base_url)
    outcome = TrafficSent()
    async with _client_of(site, connections=1) as client:
        for number in itertools.count() if visitors is None else range(visitors):
            chance = random.Random(None if site.seed is None else f"{site.seed}:{number}")
            with suppress(httpx.HTTPError, Refused):
                await _Visitor(client, site, chance, outcome).visit()
            await asyncio.sleep(chance.expovariate(per_minute / 60))


def _client_of(site: Site, *, connections: int) -> httpx.AsyncClient:
    return httpx.AsyncClient(
        base_url=f"{site.base_url.rstrip('/')}/api/v1/agents/{site.agent}/",
        headers={"Authorization": f"Bearer {site.token}"},
        limits=httpx.Limits(max_connections=connections, max_keepalive_connections=connections),
        timeout=TIMEOUT_SECONDS,
        trust_env=not _is_here(site.base_url),
    )


async def _find_server(base_url: str) -> None:
    """Before any visitor sets out: one who finds nobody there tries again for half a minute."""
    try:
        async with httpx.AsyncClient(trust_env=not _is_here(base_url)) as client:
            await client.get(f"{base_url.rstrip('/')}/healthz")
    except (httpx.TransportError, httpx.InvalidURL) as error:
        raise Unreachable(
            f"Nothing answers at {base_url} ({error or type(error).__name__}). "
            "Give the address as in http://127.0.0.1:8000."
        ) from error


def _is_here(base_url: str) -> bool:
    """Whether the address is this machine's own, to which no proxy leads."""
    try:
        host = urlsplit(base_url).hostname or ""
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


class _Visitor:
    def __init__(
        self, client: httpx.AsyncClient, site: Site, chance: random.Random, outcome: TrafficSent
    ) -> None:
        self.client = client
        self.site = site
        self.chance = chance
        self.outcome = outcome
        self.id = f"visitor-{chance.getrandbits(64):016x}"
        self.clock = datetime.now(UTC) - timedelta(minutes=chance.uniform(20, 40))

    async def visit(self) -> None:
        variant = await self.converse()
        behaviour = self.site.by_variant.get(variant, self.site.usual)
        tally = self.outcome.tallies[variant]
        tally.visitors += 1
        if self.chance.random() < behaviour.leads:
            await self.leave_address(tally)
        if self.chance.random() < behaviour.returning:
            await self.converse()

    async def converse(self) -> str:
        """Have a conversation; the name of the variant that it was stamped with, or none."""
        conversation = uuid4()
        turns = self.turns()
        turn = next(turns)
        first = await self.say(conversation, "visitor", turn.asked)
        variant = (first["resolution"]["variant"] or {"name": "no variant"})["name"]
        voice = first["resolution"]["persona"]["name"]
        mean = self.site.by_variant.get(variant, self.site.usual).messages
        tally = self.outcome.tallies[variant]
        tally.messages += 1
        for _ in range(round(self.chance.expovariate(1 / max(mean - 1, 0.01)))):
            await self.say(conversation, "agent", turn.answer_of(voice))
            turn = next(turns)
            await self.say(conversation, "visitor", turn.asked)
            tally.messages += 1
        await self.say(conversation, "agent", turn.answer_of(voice))
        return str(variant)

    def turns(self) -> Iterator[Exchange]:
        """One script after the other, without end."""
        while True:
            yield from self.chance.choice(dialogues_of(TRADE))

    async def say(self, conversation: UUID, role: str, content: str) -> dict[str, Any]:
        self.clock += timedelta(seconds=self.chance.uniform(2, 30))
        return await self.post(
            f"conversations/{conversation}/messages/",
            {
                "id": str(uuid4()),
                "visitor_id": self.id,
                "role": role,
                "content": content,
                "sent_at": self.clock.isoformat(),
            },
        )

    async def leave_address(self, tally: Tally) -> None:
        await self.post("leads/", {"visitor_id": self.id, "email": f"{self.id}@visitor.example"})
        tally.leads += 1

    async def post(self, path: str, body: Mapping[str, str]) -> dict[str, Any]:
        """Send until it is acknowledged: every call is safe to repeat."""
        for attempt in range(RETRIES):
            try:
                response = await self.client.post(path, json=body)
            except httpx.TransportError:
                if attempt == RETRIES - 1:
                    raise
            else:
                if response.status_code != httpx.codes.SERVICE_UNAVAILABLE:
                    return _acknowledged(response)
            await asyncio.sleep(min(0.1 * 2**attempt, 2.0))
        raise httpx.HTTPError("The service stayed unavailable.")


def _acknowledged(response: httpx.Response) -> dict[str, Any]:
    """What the API answered.

    Raises:
        Refused: with its reason, or when it is no API of ours that answers.
    """
    try:
        body = dict(response.json())
    except (ValueError, TypeError):
        body = {}
    if response.is_success and body:
        return body
    raise Refused(f"{response.status_code} {body.get('detail') or response.reason_phrase}")
