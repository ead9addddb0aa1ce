"""The calls that are measured, as Lua for wrk and as SQL for pgbench."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from bench.dataset import AGENT_ID, CONVERSATION_ID, EXPERIMENT_ID, VARIANT_ID, Size
from experiments.runtime import statements

LUA = """
wrk.method = "POST"
wrk.headers["Authorization"] = "Bearer {token}"
wrk.headers["Content-Type"] = "application/json"
math.randomseed({seed})
local function root(agent)
  return string.format("/api/v1/agents/a0000000-0000-4000-8000-%012x/", agent)
end
local function conversation(agent, visitor)
  return string.format("%08x-0000-4000-8000-%012x", agent, visitor)
end
request = function()
  local agent, visitor = math.random(1, {experiments}), math.random(1, {visitors})
  {body}
end
"""

BODIES: Mapping[str, str] = {
    "returning conversation": """
  return wrk.format(nil, root(agent) .. "assignments/", nil, string.format(
    '{"visitor_id": "v-%d", "conversation_id": "%s"}', visitor, conversation(agent, visitor)))""",
    "returning visitor, new conversation": """
  return wrk.format(nil, root(agent) .. "assignments/", nil, string.format(
    '{"visitor_id": "v-%d"}', visitor))""",
    "new visitor": """
  return wrk.format(nil, root(agent) .. "assignments/", nil, string.format(
    '{"visitor_id": "n-%d-%d"}', math.random(1, 2^30), math.random(1, 2^30)))""",
    "message recorded": """
  local path = root(agent) .. "conversations/" .. conversation(agent, visitor) .. "/messages/"
  return wrk.format(nil, path, nil, string.format(
    '{"visitor_id": "v-%d", "role": "visitor", "content": "Do you have trips to Lisbon?"}',
    visitor))""",
}


def lua(case: str, *, token: str, size: Size, seed: int) -> str:
    values = {
        "{token}": token,
        "{seed}": str(seed),
        "{experiments}": str(size.experiments),
        "{visitors}": str(size.visitors),
        "{body}": BODIES[case],
    }
    script = LUA
    for name, value in values.items():
        script = script.replace(name, value)
    return script


@dataclass(frozen=True, slots=True)
class Script:
    """A pgbench script: the statements of one call, with their parameters computed in SQL."""

    text: str


def pgbench(case: str, *, digest: str, size: Size) -> Script:
    agent = f"({AGENT_ID.format(agent='(:agent)::int')})::uuid"
    known = f"({CONVERSATION_ID.format(agent='(:agent)::int', visitor='(:visitor)::int')})::uuid"
    parameters = {
        "digest": f"'{digest}'",
        "client": "NULL",
        "agent": agent,
        "conversation": known,
        "visitor": "('v-' || (:visitor)::int)",
        "playground": "false",
        "client_kind": "''",
        "decides": "true",
        "message": f"({_random_conversation('d')})::uuid",
        "role": "'visitor'",
        "content": "'Do you have trips to Lisbon?'",
        "sent_at": "NULL",
    }
    if case == "message recorded":
        sql = [_inlined(statements.RESOLVE_AND_RECORD, parameters)]
    elif case == "returning conversation":
        sql = [_inlined(statements.RESOLVE, parameters)]
    elif case == "returning visitor, new conversation":
        parameters["conversation"] = f"({_random_conversation()})::uuid"
        sql = [_inlined(statements.RESOLVE, parameters)]
    else:
        variant = VARIANT_ID.format(agent="(:agent)::int", position="((:first)::int % 2)")
        parameters |= {
            "conversation": f"({_random_conversation()})::uuid",
            "visitor": "('n-' || (:first)::int || '-' || (:second)::int)",
            "version": "1",
            "lock": "(:agent)::bigint",
            "assignment": f"({_random_conversation('c')})::uuid",
            "experiment": f"({EXPERIMENT_ID.format(agent='(:agent)::int')})::uuid",
            "variant": f"({variant})::uuid",
            "ends_at": "NULL",
            "most": "NULL",
            "slot": "0",
        }
        parameters["person"] = parameters["visitor"]
        sql = [
            _inlined(statements.RESOLVE, parameters),
            _inlined(statements.ASSIGN, parameters),
        ]
    head = (
        f"\\set agent random(1, {size.experiments})\n"
        f"\\set visitor random(1, {size.visitors})\n"
        "\\set first random(1, 1000000000)\n\\set second random(1, 1000000000)\n"
    )
    return Script(head + "".join(f"{statement};\n" for statement in sql))


def _random_conversation(mark: str = "b") -> str:
    return (
        f"'{mark}' || lpad(to_hex((:first)::int), 7, '0') || '-0000-4000-8000-' "
        "|| lpad(to_hex((:second)::int), 12, '0')"
    )


def _inlined(sql: str, parameters: Mapping[str, str]) -> str:
    """The statement as pgbench takes it: its variables become parameters of the server."""
    without_comments = re.sub(r"--[^\n]*", "", sql)
    inlined = re.sub(r"%\((\w+)\)s", lambda match: parameters[match[1]], without_comments)
    return " ".join(inlined.split())
