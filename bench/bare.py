"""The least that could serve the contract: a WSGI callable, psycopg, the same SQL.

Nothing is validated and no error is answered; this is the floor that the product is compared
with, not an alternative to it.
"""

import json
from collections.abc import Callable, Iterable
from typing import Any
from uuid import UUID, uuid4

import django

django.setup()

import psycopg  # noqa: E402
from django.db import connection  # noqa: E402

from agents.agents.editing import assignment_lock  # noqa: E402
from experiments.runtime import statements  # noqa: E402
from experiments.runtime.answers import answer_at, setup_at  # noqa: E402
from glozr.ids import new_id  # noqa: E402
from glozr.postgres.statements import numbered  # noqa: E402
from glozr.secrets import digest_of  # noqa: E402


def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    connection.ensure_connection()
    raw: psycopg.Connection[Any] = connection.connection
    parts = environ["PATH_INFO"].split("/")
    agent = UUID(parts[4])
    body = json.loads(environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"])))
    is_message = parts[5] == "conversations"
    parameters = {
        "digest": digest_of(environ["HTTP_AUTHORIZATION"][7:]),
        "client": None,
        "agent": agent,
        "conversation": UUID(parts[6]) if is_message else _conversation(body),
        "visitor": body["visitor_id"],
        "playground": False,
        "client_kind": "",
        "decides": True,
    }
    if is_message:
        parameters |= {
            "message": uuid4(),
            "role": body["role"],
            "content": body["content"],
            "sent_at": None,
        }
    sql = statements.RESOLVE_AND_RECORD if is_message else statements.RESOLVE
    found = statements.Found(*_one(raw, sql, parameters))
    variant = found.variant_id if found.decided else found.held_variant
    if not found.decided and not found.written:
        variant = _assign(raw, agent, found.version, parameters)
    answer = answer_at(agent, found.version, found.kept_revision or found.revision, variant)
    start_response("200 OK", [("Content-Type", "application/json")])
    return [
        b'{"conversation_id": "%s", %s}'
        % (str(parameters["conversation"]).encode(), answer.json_members)
    ]


def _conversation(body: dict[str, str]) -> UUID:
    return UUID(body["conversation_id"]) if "conversation_id" in body else new_id()


def _assign(
    raw: "psycopg.Connection[Any]", agent: UUID, version: int, parameters: dict[str, Any]
) -> UUID:
    active = setup_at(agent, version).active
    assert active is not None
    extra = {
        "version": version,
        "lock": assignment_lock(agent),
        "assignment": new_id(),
        "experiment": active.id,
        "variant": active.variant_for(parameters["visitor"]),
        "person": parameters["visitor"],
        "ends_at": active.ends_at,
        "most": active.ends_at_visitors,
        "slot": 0,
    }
    variant: UUID = _one(raw, statements.ASSIGN, {**parameters, **extra})[0]
    return variant


def _one(raw: "psycopg.Connection[Any]", sql: Any, parameters: dict[str, Any]) -> tuple[Any, ...]:
    text, names = numbered(sql)
    row: tuple[Any, ...] | None = (
        psycopg.RawCursor(raw)
        .execute(text, [parameters[name] for name in names], prepare=True, binary=True)
        .fetchone()
    )
    assert row is not None
    return row
