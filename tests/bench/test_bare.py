"""What `make bench` compares with does the same as the product."""

import json
from io import BytesIO
from typing import Any

import pytest

from agents.models import Agent
from bench import bare, cases
from bench.dataset import Size
from experiments import lifecycle
from tests.factories import ExperimentFactory, unused_id
from tests.runtime import Runtime

pytestmark = pytest.mark.django_db


def ask(runtime: Runtime, path: str, body: dict[str, Any]) -> dict[str, Any]:
    sent = json.dumps(body).encode()
    environ = {
        "PATH_INFO": f"/api/v1/agents/{runtime.agent_id}/{path}",
        "HTTP_AUTHORIZATION": f"Bearer {runtime.key}",
        "CONTENT_LENGTH": str(len(sent)),
        "wsgi.input": BytesIO(sent),
    }
    (answer,) = bare.application(environ, lambda status, headers: None)
    found: dict[str, Any] = json.loads(answer)
    return found


@pytest.mark.parametrize("case", cases.BODIES)
def test_scripts_of_the_database_alone_have_every_parameter(case: str) -> None:
    script = cases.pgbench(case, digest="x", size=Size(assignments=1_000))
    assert "%(" not in script.text


def test_it_assigns_and_records(agent: Agent, runtime: Runtime) -> None:
    lifecycle.start(ExperimentFactory.create(agent=agent), by=None)
    new = ask(runtime, "assignments/", {"visitor_id": "ada"})
    assert new["variant"]
    said = {"visitor_id": "ada", "role": "visitor", "content": "Hello"}
    again = ask(runtime, f"conversations/{unused_id()}/messages/", said)
    asked = runtime.resolve("ada")
    for name in ("variant", "experiment", "persona", "system_prompt"):
        assert new[name] == again[name] == asked[name]
