"""The API of experiments, called by a person or with a token."""

import json
from typing import Any

from django.test import Client

from agents.models import Agent, User
from tests.factories import persona_variants
from tests.runtime import Answer

DRAFT = {"name": "Aria or Max", "kind": "persona", "variants": persona_variants()}


class Api:
    """The management API of one agent, called by a person or with a token."""

    def __init__(self, agent: Agent, *, user: User | None = None, key: str = "") -> None:
        self.root = f"/api/v1/agents/{agent.pk}/experiments/"
        self.client = Client(headers={"authorization": f"Bearer {key}"} if key else {})
        if user:
            self.client.force_login(user)

    def call(self, method: str, path: str = "", body: Any = None, **headers: str) -> Answer:
        response = self.client.generic(
            method,
            path if path.startswith(("/", "http")) else self.root + path,
            json.dumps(body) if body is not None else "",
            content_type="application/json",
            headers=headers,
        )
        content = json.loads(response.content) if response.content else None
        return Answer(response.status_code, content, response.headers)
