"""A chat runtime, as a customer would write one: it calls the API and reads the answers."""

import json
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any
from uuid import UUID

from django.test import Client

from agents.models import Ability, Agent, Conversation
from agents.workspaces import tokens

WORDS = "Hello from a visitor whose words no log may hold: 7f3a91c2"


@dataclass(frozen=True)
class Answer:
    status: int
    body: Any
    headers: Any

    def __getitem__(self, key: str) -> Any:
        return self.body[key]

    @property
    def variant(self) -> str | None:
        """The name of the variant in a resolution, or in the one of a message."""
        resolution = self.body.get("resolution", self.body)
        return resolution["variant"] and str(resolution["variant"]["name"])


@dataclass(frozen=True)
class Runtime:
    agent_id: UUID
    key: str
    client: Client = field(default_factory=Client)

    @classmethod
    def of(cls, agent: Agent, *abilities: str) -> "Runtime":
        _, key = tokens.create_token(
            workspace=agent.workspace, name="runtime", abilities=abilities or [Ability.RUNTIME]
        )
        return cls(agent.pk, key)

    def post(self, path: str, body: Any, **headers: str) -> Answer:
        """POST `body`, encoded as JSON unless it is bytes already."""
        response = self.client.post(
            f"/api/v1/agents/{self.agent_id}/{path}",
            data=body if isinstance(body, bytes) else json.dumps(body),
            content_type=headers.pop("content_type", "application/json"),
            headers={"authorization": f"Bearer {self.key}", **headers},
        )
        return Answer(response.status_code, json.loads(response.content), response.headers)

    def resolve(self, visitor: str, **body: Any) -> Answer:
        answer = self.post("assignments/", {"visitor_id": visitor, **body})
        assert answer.status == HTTPStatus.OK, answer.body
        return answer

    def say(self, visitor: str, conversation: str, role: str = "visitor", **body: Any) -> Answer:
        message = {"visitor_id": visitor, "role": role, "content": WORDS, **body}
        answer = self.post(f"conversations/{conversation}/messages/", message)
        assert answer.status in (HTTPStatus.OK, HTTPStatus.CREATED), answer.body
        return answer

    def leave(self, visitor: str, email: str, **body: Any) -> Answer:
        answer = self.post("leads/", {"visitor_id": visitor, "email": email, **body})
        assert answer.status in (HTTPStatus.OK, HTTPStatus.CREATED), answer.body
        return answer


def assert_refused(runtime: Runtime, path: str, body: Any, field: str, code: str = "") -> None:
    answer = runtime.post(path, body)
    assert answer.status == 400, answer.body
    assert set(answer.body) == {"code", "detail", "errors"}
    found = {error["field"]: error["code"] for error in answer["errors"]}
    assert field in found, found
    assert code in ("", found[field])
    assert not Conversation.objects.exists()
