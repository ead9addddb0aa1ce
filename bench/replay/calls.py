"""Calls of the runtime API as clients make them, right and wrong, to compare two ways of answering.

The same seed gives the same calls. They share visitors, conversations and messages, so that one
meets what others have left behind.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any
from uuid import UUID

from agents.workspaces.keys import new_key

ANOTHER_EACH_TIME = {"date", "x-request-id"}
_MADE = re.compile(
    r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
    r"|\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z"
)
"""Ids and instants."""


@dataclass(frozen=True, slots=True)
class Sent:
    method: str
    path: str
    body: bytes
    headers: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Got:
    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True)
class Callers:
    """Whom calls are made for. `keys` may do it; `refused` are keys that may not."""

    agents: Sequence[str]
    strangers: Sequence[str]
    keys: Sequence[str]
    refused: Sequence[str] = ()

    def conversation(self, draw: Random, agent: str) -> str:
        """One of the agent's own, mostly."""
        place = self.agents.index(agent if draw.random() < 0.95 else draw.choice(self.agents))
        return f"c0000000-0000-4000-8{place:03x}-{draw.randrange(12):012x}"


def calls(callers: Callers, number: int, seed: int = 1) -> Iterator[Sent]:
    """`number` calls, of which four in ten are without any fault."""
    draw = Random(seed)
    for _ in range(number):
        yield _call(draw, callers)


def differences(sent: Sent, one: Got, other: Got) -> list[str]:
    """What tells two answers to the same call apart, but for ids and instants made for it."""
    found = []
    if one.status != other.status:
        found.append(f"status {one.status} and {other.status}")
    headers = [
        {name: value for name, value in got.headers.items() if name not in ANOTHER_EACH_TIME}
        for got in (one, other)
    ]
    if headers[0] != headers[1]:
        found.append(f"headers {headers[0]} and {headers[1]}")
    if not _are_same(one.body.decode(), other.body.decode(), sent):
        found.append(f"bodies {one.body!r} and {other.body!r}")
    own_id = {name.lower(): value for name, value in sent.headers.items()}.get("x-request-id")
    ids = [got.headers.get("x-request-id", "") for got in (one, other)]
    if ids[0] != ids[1] and (own_id in ids or len(ids[0]) != len(ids[1])):
        found.append(f"ids {ids}")
    return found


def _are_same(one: str, other: str, sent: Sent) -> bool:
    known = sent.path.lower() + sent.body.decode(errors="replace").lower()
    if _MADE.sub("", one) != _MADE.sub("", other):
        return False
    pairs = zip(_MADE.findall(one), _MADE.findall(other), strict=True)
    return all(a == b or (a not in known and _is_made(a) and _is_made(b)) for a, b in pairs)


def _is_made(text: str) -> bool:
    return "T" in text or UUID(text).version == 7


def _call(draw: Random, callers: Callers) -> Sent:
    agent = draw.choice(callers.agents)
    kind = draw.choice(["assignments", "assignments", "messages", "messages", "leads"])
    path = f"/api/v1/agents/{agent}/{kind}/"
    if kind == "messages":
        conversation = callers.conversation(draw, agent)
        path = f"/api/v1/agents/{agent}/conversations/{conversation}/messages/"
    body = _body(draw, kind, callers, agent)
    headers = {
        "Authorization": f"Bearer {draw.choice(callers.keys)}",
        "Content-Type": "application/json",
    }
    if draw.random() < 0.4:
        return Sent("POST", path, json.dumps(body).encode(), headers)
    return draw.choice(FAULTS)(draw, callers, Sent("POST", path, b"", headers), body)


def _body(draw: Random, kind: str, callers: Callers, agent: str) -> dict[str, Any]:
    body: dict[str, Any] = {"visitor_id": f"visitor {draw.randrange(8)}"}
    if kind == "messages":
        body |= {
            "role": draw.choice(["visitor", "visitor", "agent", "human_agent"]),
            "content": draw.choice(["Hello", "Do you have\ntrips to Lisbon? ✈", "x" * 500]),
        }
        if draw.random() < 0.3:
            body["id"] = f"d0000000-0000-4000-8000-{draw.randrange(60):012x}"
    elif draw.random() < 0.6:
        body["conversation_id"] = callers.conversation(draw, agent)
    if kind == "leads":
        body["email"] = f"Ada.{draw.randrange(20)}@example.com"
        for name in ("name", "phone", "company"):
            if draw.random() < 0.3:
                body[name] = draw.choice(["", "Ada Lovelace", "Zoë ✈"])
    elif draw.random() < 0.2:
        body["playground"] = draw.random() < 0.5
    if kind != "leads" and draw.random() < 0.2:
        body["user_agent"] = draw.choice(["", "Mozilla/5.0 Firefox/140.0", "curl/8.5.0"])
    return body


UPPER_CASE = "C0000000-0000-4000-8000-00000000000A"
WRONG_VALUES: Sequence[Any] = (
    *(None, True, 0, 1.5, "", " ", "x", "x" * 129, "x" * 32_001, [], {}, ["x"], {"a": 1}),
    *("a\x00b", "a\tb", "\ud800", "\u202e", "é" * 128, "2026-01-01T00:00:00Z", "2999-01-01", "1e5"),
    *(
        "00000000-0000-0000-0000-00000000000g",
        "C0000000-0000-4000-8000-00000000000A",
        "a@b",
        10**30,
    ),
    *("{c0000000-0000-4000-8000-000000000001}", "VISITOR", "ADA.1@EXAMPLE.COM ", float("nan")),
)
FIELDS = (
    *("visitor_id", "conversation_id", "playground", "preview", "user_agent", "role", "content"),
    *("id", "sent_at", "email", "name", "phone", "company", "colour"),
)
BROKEN_BODIES = (
    *(b"", b"{", b"[]", b"null", b'"x"', b"{}", b"\xff\xfe", b'{"visitor_id": NaN}', b"[" * 5_000),
    *(
        b'{"visitor_id": "a"} x',
        b'\xef\xbb\xbf{"visitor_id": "bom"}',
        b'{"a":' * 40 + b"1" + b"}" * 40,
    ),
    *('{"visitor_id": "sixteen"}'.encode("utf-16"), b'{"visitor_id": "a", "visitor_id": "b"}'),
    *(b'{"visitor_id": "\\ud800"}', b'{"visitor_id": "a\x01"}', b" " * 270_000, b"x" * 262_144),
    json.dumps({str(number): number for number in range(101)}).encode(),
)
CONTENT_TYPES = (
    *("", "application/json; charset=utf-8", "APPLICATION/JSON", "text/plain", "application/jsonp"),
    *(
        "application/json;charset=latin-1",
        "application/json ; x",
        "multipart/form-data; boundary=x",
    ),
    *("application/x-www-form-urlencoded", "application/json, text/plain"),
)
AUTHORIZATIONS = ("", "Bearer", "bearer {}", "BEARER  {}", "Basic {}", "Token {}", "{}")
PATHS = (
    *("{}?debug=1", "{}x", "{}/", "{}%20", "{}%2F"),
    *(r"/api/v1/agents/x/assignments/", "/api/v1/agents/", "/api/v1/agents/%ff/leads/"),
)


def _wrong_value(draw: Random, callers: Callers, sent: Sent, body: dict[str, Any]) -> Sent:
    for _ in range(draw.choice([1, 1, 2])):
        body[draw.choice(FIELDS)] = draw.choice(WRONG_VALUES)
    return _with(sent, body=json.dumps(body).encode())


def _left_out(draw: Random, callers: Callers, sent: Sent, body: dict[str, Any]) -> Sent:
    del body[draw.choice(list(body))]
    return _with(sent, body=json.dumps(body).encode())


def _broken_body(draw: Random, callers: Callers, sent: Sent, body: dict[str, Any]) -> Sent:
    return _with(sent, body=draw.choice(BROKEN_BODIES))


def _other_type(draw: Random, callers: Callers, sent: Sent, body: dict[str, Any]) -> Sent:
    headers = {**sent.headers, "Content-Type": draw.choice(CONTENT_TYPES)}
    return _with(sent, body=json.dumps(body).encode(), headers=headers)


def _other_key(draw: Random, callers: Callers, sent: Sent, body: dict[str, Any]) -> Sent:
    key = draw.choice([*callers.refused, new_key(), "glz_nonsense"])
    shown = draw.choice([f"Bearer {key}", draw.choice(AUTHORIZATIONS).format(callers.keys[0])])
    raw = draw.choice([json.dumps(body).encode(), draw.choice(BROKEN_BODIES)])
    return _with(sent, body=raw, headers={**sent.headers, "Authorization": shown})


def _other_agent(draw: Random, callers: Callers, sent: Sent, body: dict[str, Any]) -> Sent:
    path = re.sub(r"(?<=agents/)[^/]+", draw.choice(callers.strangers), sent.path)
    raw = draw.choice([json.dumps(body).encode(), draw.choice(BROKEN_BODIES)])
    return _with(sent, path=path, body=raw)


def _other_conversation(draw: Random, callers: Callers, sent: Sent, body: dict[str, Any]) -> Sent:
    other = draw.choice(
        ["x", "C0000000-0000-4000-8000-00000000000A", "c0000000" * 4, "%00", "1" * 36]
    )
    path = re.sub(r"(?<=conversations/)[^/]+", other, sent.path)
    return _with(sent, path=path, body=json.dumps(body).encode())


def _other_path(draw: Random, callers: Callers, sent: Sent, body: dict[str, Any]) -> Sent:
    path = draw.choice(PATHS).format(sent.path)
    return _with(sent, path=path, body=json.dumps(body).encode())


def _other_method(draw: Random, callers: Callers, sent: Sent, body: dict[str, Any]) -> Sent:
    method = draw.choice(["GET", "PUT", "PATCH", "DELETE", "OPTIONS", "HEAD", "TRACE"])
    return _with(sent, method=method, body=json.dumps(body).encode())


def _other_headers(draw: Random, callers: Callers, sent: Sent, body: dict[str, Any]) -> Sent:
    more = draw.choice(
        [
            {"X-Request-ID": "from-the-caller.1"},
            {"X-Request-ID": "not safe"},
            {"X-Request-ID": "x" * 65},
            {"X-Forwarded-For": "203.0.113.7", "X-Forwarded-Proto": "https"},
            {"Accept": "text/html"},
            {"Accept-Encoding": "gzip"},
            {"Origin": "https://elsewhere.example"},
            {"Cookie": "sessionid=x"},
            {"If-Match": "1"},
        ]
    )
    return _with(sent, body=json.dumps(body).encode(), headers={**sent.headers, **more})


FAULTS = (
    *(_wrong_value, _wrong_value, _wrong_value, _left_out, _broken_body, _other_type, _other_key),
    *(_other_agent, _other_conversation, _other_path, _other_method, _other_headers),
)


def _with(sent: Sent, **changes: Any) -> Sent:
    parts = {name: getattr(sent, name) for name in Sent.__slots__}
    return Sent(**{**parts, **changes})
