"""The description makes a client in Python that holds up to strict types and to real answers."""

import json
import sys
from pathlib import Path

import pytest

from agents.models import Ability
from agents.pages.reference.api_docs import published_schema
from agents.workspaces.tokens import create_token
from tests.experiments.api.clients.programs import run
from tests.harness.servers import served
from tests.roles import Cast

CALLS = Path(__file__).parent / "calls.txt"
# What the generator knows no name for, and two functions of its own that strict types complain of.
WORKBOOK = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
OF_GENERATOR = f"content_type_overrides:\n  {WORKBOOK}: application/octet-stream\n"
OF_TYPES = "[mypy]\nstrict = True\n[mypy-glozr_client.client]\ndisable_error_code = arg-type\n"


@pytest.mark.django_db(transaction=True)
def test_it_is_written_holds_up_to_strict_types_and_reads_every_answer(
    cast: Cast, tmp_path: Path
) -> None:
    (tmp_path / "schema.json").write_text(json.dumps(published_schema(), default=str))
    (tmp_path / "generator.yml").write_text(OF_GENERATOR)
    (tmp_path / "mypy.ini").write_text(OF_TYPES)
    (tmp_path / "calls.py").write_text(CALLS.read_text())
    said = run(
        tmp_path,
        *("openapi-python-client", "generate", "--path", "schema.json", "--meta", "none"),
        *("--output-path", "glozr_client", "--config", "generator.yml", "--fail-on-warning"),
    )
    assert "WARNING" not in said
    run(tmp_path, "mypy", "--config-file", "mypy.ini", "glozr_client", "calls.py")
    _, key = create_token(workspace=cast.workspace, name="x", abilities=Ability.values)
    with served() as server:
        run(
            tmp_path,
            *(sys.executable, "calls.py"),
            GLOZR_URL=server.url,
            GLOZR_TOKEN=key,
            AGENT=str(cast.agent.pk),
        )
