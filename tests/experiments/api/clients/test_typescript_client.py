"""The description makes types of TypeScript and schemas of zod that hold up to real answers."""

import json
import shutil
from pathlib import Path

import pytest
from django.conf import settings

from agents.models import Ability
from agents.pages.reference.api_docs import published_schema
from agents.workspaces.tokens import create_token
from glozr.secrets import digest_of
from tests.experiments.api.clients.programs import run
from tests.harness.servers import served
from tests.roles import Cast

SOURCES = Path(__file__).parent / "typescript"


def packages() -> Path:
    """Where those of the lock file are, installed at the first call."""
    lock = (SOURCES / "package-lock.json").read_text()
    place = Path(settings.BASE_DIR, ".venv", f"typescript-{digest_of(lock)[:12]}")
    if not (place / "installed").exists():
        shutil.copytree(SOURCES, place, dirs_exist_ok=True)
        run(place, "npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund")
        (place / "installed").touch()
    return place / "node_modules"


@pytest.mark.skipif(shutil.which("npm") is None, reason="There is no Node.js on this machine.")
@pytest.mark.django_db(transaction=True)
def test_it_compiles_strictly_and_reads_every_answer(cast: Cast, tmp_path: Path) -> None:
    shutil.copytree(SOURCES, tmp_path, dirs_exist_ok=True)
    (tmp_path / "node_modules").symlink_to(packages())
    (tmp_path / "schema.json").write_text(json.dumps(published_schema(), default=str))
    # Otherwise what has a default would have to be sent.
    types = ("openapi-typescript", "schema.json", "-o", "glozr.d.ts")
    run(tmp_path, "npx", *types, "--default-non-nullable=false")
    run(tmp_path, "npx", "openapi-zod-client", "schema.json", "-o", "zod.ts", "--export-schemas")
    run(tmp_path, "npx", "tsc", "-p", ".")
    _, key = create_token(workspace=cast.workspace, name="x", abilities=Ability.values)
    with served() as server:
        said = run(
            tmp_path,
            *("node", "built/calls.js"),
            GLOZR_URL=server.url,
            GLOZR_TOKEN=key,
            AGENT=str(cast.agent.pk),
        )
    assert "every call was read" in said
