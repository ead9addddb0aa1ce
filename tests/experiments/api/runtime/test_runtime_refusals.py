"""What the runtime API refuses, and how it says so. Nothing here is ever a 500."""

from typing import Any
from uuid import UUID

import pytest

from agents import limits
from agents.models import Ability, Agent, ApiToken
from agents.workspaces import tokens
from glozr.secrets import digest_of
from tests.factories import AgentFactory, unused_id
from tests.runtime import Runtime, assert_refused

pytestmark = pytest.mark.django_db

VISITOR = {"visitor_id": "ada"}
MESSAGE = {**VISITOR, "role": "visitor", "content": "Hello"}
LEAD = {**VISITOR, "email": "ada@example.com"}
BAD_TEXTS = {
    "empty": ("", "blank"),
    "too long": ("x" * (limits.VISITOR_ID + 1), "max_length"),
    "with a NUL": ("a\0b", "control_characters"),
    "with a line break": ("a\nb", "control_characters"),
    "with half a surrogate pair": ("a\ud800", "surrogate_characters_not_allowed"),
    "a number": (7, "invalid"),
    "a boolean": (True, "invalid"),
    "null": (None, "null"),
    "a list": (["ada"], "invalid"),
}
BAD_UUIDS = ["", "nonsense", 7, None, True, "{0}", "0" * 32, "urn:uuid:" + "0" * 27]


@pytest.mark.parametrize("case", BAD_TEXTS)
@pytest.mark.parametrize("path", ["assignments/", "leads/", "messages"])
def test_a_visitor_id(runtime: Runtime, path: str, case: str) -> None:
    visitor, code = BAD_TEXTS[case]
    if path == "messages":
        path = f"conversations/{unused_id()}/messages/"
    body = {**MESSAGE, **LEAD} if path != "assignments/" else {}
    allowed = {"leads/": LEAD, "assignments/": VISITOR}.get(path, MESSAGE)
    body = {key: value for key, value in body.items() if key in allowed}
    assert_refused(runtime, path, {**body, "visitor_id": visitor}, "visitor_id", code)


@pytest.mark.parametrize(
    "visitor", ["x" * limits.VISITOR_ID, " ", "🦊" * limits.VISITOR_ID, "a\u2028b", "\u00a0", "<b>"]
)
def test_but_any_other_text_of_up_to_128_characters_is_a_visitor(
    runtime: Runtime, visitor: str
) -> None:
    assert runtime.resolve(visitor)["visitor_id"] == visitor


@pytest.mark.parametrize("value", BAD_UUIDS)
def test_a_conversation_id_that_is_no_uuid(runtime: Runtime, value: Any) -> None:
    assert_refused(
        runtime, "assignments/", {**VISITOR, "conversation_id": value}, "conversation_id"
    )
    if value:
        assert_refused(runtime, f"conversations/{value}/messages/", MESSAGE, "conversation_id")


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"visitor_id": ...}, "visitor_id"),
        ({"role": ...}, "role"),
        ({"role": "system"}, "role"),
        ({"role": ["visitor"]}, "role"),
        ({"role": {}}, "role"),
        ({"content": ...}, "content"),
        ({"content": ""}, "content"),
        ({"content": "x" * (limits.MESSAGE + 1)}, "content"),
        ({"content": "a\0b"}, "content"),
        ({"content": "\udfff"}, "content"),
        ({"content": 5}, "content"),
        ({"id": "nonsense"}, "id"),
        ({"sent_at": "yesterday"}, "sent_at"),
        ({"sent_at": 1700000000}, "sent_at"),
        ({"sent_at": "2999-01-01T00:00:00Z"}, "sent_at"),
        ({"sent_at": "0001-01-01T00:00:00+14:00"}, "sent_at"),
        ({"sent_at": "9999-12-31T23:59:59-14:00"}, "sent_at"),
        ({"playground": "true"}, "playground"),
        ({"playground": 1}, "playground"),
        ({"playground": None}, "playground"),
        ({"variant": "x"}, "variant"),
    ],
)
def test_a_message(runtime: Runtime, change: dict[str, Any], field: str) -> None:
    body = {key: value for key, value in {**MESSAGE, **change}.items() if value is not ...}
    assert_refused(runtime, f"conversations/{unused_id()}/messages/", body, field)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"email": ...}, "email"),
        ({"email": "nobody"}, "email"),
        ({"email": "a\0@example.com"}, "email"),
        ({"email": "a" * 250 + "@example.com"}, "email"),
        ({"name": "x" * (limits.LEAD_NAME + 1)}, "name"),
        ({"phone": 41}, "phone"),
        ({"company": "a\tb"}, "company"),
        ({"status": "won"}, "status"),
    ],
)
def test_a_lead(runtime: Runtime, change: dict[str, Any], field: str) -> None:
    body = {key: value for key, value in {**LEAD, **change}.items() if value is not ...}
    assert_refused(runtime, "leads/", body, field)


class TestTokens:
    @pytest.mark.parametrize(
        "header",
        ["", "Bearer", "Bearer ", "Bearer wrong", "Basic YTpi", "Bearer glz_\u00e9", "Bearer a b"],
    )
    def test_without_a_good_one_nothing_is_said(self, runtime: Runtime, header: str) -> None:
        for body in (VISITOR, {}):
            answer = runtime.post("assignments/", body, authorization=header)
            assert (answer.status, answer["code"]) == (401, "not_authenticated")
            assert answer.headers["WWW-Authenticate"] == "Bearer"

    def test_without_the_header_either(self, runtime: Runtime) -> None:
        response = runtime.client.post(f"/api/v1/agents/{runtime.agent_id}/assignments/")
        assert response.status_code == 401

    def test_one_without_the_ability(self, agent: Agent) -> None:
        reader = Runtime.of(agent, Ability.READ, Ability.WRITE)
        for body in (VISITOR, {}):
            answer = reader.post("assignments/", body)
            assert (answer.status, answer["code"]) == (403, "permission_denied")

    def test_a_revoked_one_is_refused_at_once(self, runtime: Runtime) -> None:
        assert runtime.resolve("ada")
        tokens.revoke_token(ApiToken.objects.get(digest=digest_of(runtime.key)))
        assert runtime.post("assignments/", VISITOR).status == 401

    def test_when_it_was_last_used_is_noted(self, runtime: Runtime) -> None:
        runtime.resolve("ada")
        assert ApiToken.objects.get(digest=digest_of(runtime.key)).last_used_at is not None

    def test_the_key_is_nowhere_in_the_database(self, runtime: Runtime) -> None:
        stored = ApiToken.objects.values().get(digest=digest_of(runtime.key))
        assert runtime.key not in str(stored)


class TestAgents:
    @pytest.mark.parametrize("path", ["assignments/", "leads/", "messages"])
    def test_another_workspaces_is_like_none(self, runtime: Runtime, path: str) -> None:
        body = {"assignments/": VISITOR, "leads/": LEAD}.get(path, MESSAGE)
        path = f"conversations/{unused_id()}/messages/" if path == "messages" else path
        answers = [
            Runtime(agent_id, runtime.key).post(path, body)
            for agent_id in (AgentFactory.create().pk, UUID(unused_id()))
        ]
        assert {answer.status for answer in answers} == {404}
        assert answers[0].body == answers[1].body

    def test_one_whose_id_is_no_uuid_is_answered_in_json(self, runtime: Runtime) -> None:
        response = runtime.client.post("/api/v1/agents/nonsense/assignments/")
        assert (response.status_code, response.json()["code"]) == (404, "not_found")


@pytest.mark.parametrize("method", ["get", "put", "patch", "delete"])
def test_another_method(runtime: Runtime, method: str) -> None:
    response = getattr(runtime.client, method)(f"/api/v1/agents/{runtime.agent_id}/assignments/")
    assert (response.status_code, response.json()["code"]) == (405, "method_not_allowed")
