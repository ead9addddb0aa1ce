"""Imports point one way; what is pure imports no Django."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parent.parent
PURE = {
    "agents/prompt.py",
    "experiments/api_reference.py",
    "experiments/arms.py",
    "experiments/bucketing.py",
    "experiments/charts.py",
    "experiments/figures.py",
    "experiments/likelihood.py",
    "experiments/normal.py",
    "experiments/prompt_diff.py",
    "experiments/sample_ratio.py",
    "experiments/sample_size.py",
    "experiments/sequence.py",
    "experiments/split.py",
    "experiments/statistics.py",
    "experiments/verdicts.py",
    "glozr/errors.py",
    "glozr/text.py",
}
EDGE = {  # the only modules that know HTTP
    "adapter.py",
    "admin.py",
    "authentication.py",
    "forms.py",
    "management_api.py",
    "pages.py",
    "results_api.py",
    "results_serializers.py",
    "runtime_api.py",
    "serializers.py",
    "views.py",
}
HTTP = ("django.http", "django.shortcuts", "rest_framework")


def imports(path: str) -> Iterator[str]:
    for node in ast.walk(ast.parse((PROJECT / path).read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def modules(app: str) -> list[str]:
    found = (PROJECT / app).rglob("*.py")
    return sorted(str(path.relative_to(PROJECT)) for path in found)


def is_service(path: str) -> bool:
    parts = Path(path).parts
    is_edge = parts[-1] in EDGE or parts[-1].endswith(("_views.py", "urls.py", "_admin.py"))
    inside = {"models", "migrations", "management", "templatetags", "views", "admin"}
    return not is_edge and not inside & set(parts)


@pytest.mark.parametrize("path", sorted(PURE))
def test_pure_modules_import_no_django(path: str) -> None:
    banned = ("django", "rest_framework", "agents.models", "experiments.models")
    assert not [name for name in imports(path) if name.startswith(banned)]


@pytest.mark.parametrize("path", modules("agents"))
def test_agents_know_nothing_of_experiments(path: str) -> None:
    assert not [name for name in imports(path) if name.split(".")[0] == "experiments"]


SERVICES = [path for path in modules("agents") + modules("experiments") if is_service(path)]


@pytest.mark.parametrize("path", SERVICES)
def test_services_know_nothing_of_http(path: str) -> None:
    assert not [name for name in imports(path) if name.startswith(HTTP)]


@pytest.mark.parametrize("path", modules("agents") + modules("experiments") + modules("glozr"))
def test_only_the_roles_and_their_table_use_guardian(path: str) -> None:
    allowed = {"agents/roles.py", "agents/models/workspace.py"}
    uses = [name for name in imports(path) if name.split(".")[0] == "guardian"]
    assert not uses or path in allowed or "/migrations/" in path
