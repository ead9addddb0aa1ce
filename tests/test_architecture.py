"""Imports point one way. The rules are contracts in pyproject.toml; here each is seen to refuse.

Every kind of violation is planted in a copy of the code, and `make check`'s own tools must find it.
"""

import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.urls import URLPattern, URLResolver, get_resolver

PROJECT = Path(__file__).resolve().parent.parent
PACKAGES = ("glozr", "agents", "experiments")

# What somebody might write, and the words of the contract that must refuse it.
PLANTED_IMPORTS = {
    "agents.access": ("experiments.models", "agents know nothing of experiments"),
    "agents.agents.editing": ("experiments.bucketing", "agents know nothing of experiments"),
    "agents.mail.outbox": ("agents.people.accounts", "agents: doors call rooms"),
    "agents.people.accounts": ("agents.pages.frame", "agents: doors call rooms"),
    "experiments.admin.forms": ("experiments.pages.forms", "the admin uses no other door"),
    "experiments.api.runtime.calls": ("agents.pages.frame", "a door uses no other door"),
    "experiments.bucketing": ("django.conf", "what is pure knows no Django"),
    "experiments.configuration": ("experiments.lifecycle", "experiments: doors call rooms"),
    "experiments.lifecycle.steps": ("experiments.outcomes", "experiments: doors call rooms"),
    "experiments.models.experiment": ("experiments.history", "experiments: doors call rooms"),
    "experiments.pages.browse": ("experiments.api.results", "pages use no other door"),
    "experiments.lifecycle.editing": (
        "experiments.notices.telling",
        "experiments: doors call rooms",
    ),
    "experiments.results.charts": ("experiments.models", "what is pure knows no Django"),
    "experiments.results.totals": ("experiments.runtime.answers", "experiments: doors call rooms"),
    "experiments.results.verdicts": ("django.utils.text", "what is pure knows no Django"),
    "experiments.runtime.assignment": ("experiments.api.serializers", "doors call rooms"),
    "experiments.statistics.arms": ("experiments.models", "experiments: doors call rooms"),
    "experiments.statistics.sequence": ("django.db", "what is pure knows no Django"),
    "experiments.results.report": (
        "experiments.statistics._likelihood",
        "a room's private modules are its own",
    ),
    "glozr.background": ("agents.mail.sending", "knows neither of them"),
    "glozr.errors": ("agents.models", "knows neither of them"),
}
PLANTED_STATEMENTS = {
    "agents.workspaces.members": "from django.http import Http404",
    "experiments.lifecycle.steps": "from django.shortcuts import redirect",
    "experiments.history": "from guardian.shortcuts import assign_perm",
    "experiments.results.export": "from rest_framework.exceptions import NotFound",
}


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The project's code, to be spoilt."""
    for package in PACKAGES:
        shutil.copytree(
            PROJECT / package, tmp_path / package, ignore=shutil.ignore_patterns("__pycache__")
        )
    shutil.copy(PROJECT / "pyproject.toml", tmp_path)
    return tmp_path


def plant(project: Path, module: str, statement: str) -> Path:
    path = project / module.replace(".", "/")
    path = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
    path.write_text(f"{path.read_text()}\n\ndef planted() -> None:\n    {statement}\n")
    return path


def broken_contracts(project: Path) -> str:
    """What the linter says of contracts that are broken; empty when all are kept."""
    program = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run(
        [program, "--no-cache"], cwd=project, capture_output=True, text=True, check=False
    )
    assert done.returncode in (0, 1), done.stderr
    return done.stdout if done.returncode else ""


def test_the_code_as_it_is_keeps_every_contract() -> None:
    assert broken_contracts(PROJECT) == ""


@pytest.mark.parametrize("module", sorted(PLANTED_IMPORTS))
def test_a_planted_import_breaks_its_contract(copy: Path, module: str) -> None:
    imported, contract = PLANTED_IMPORTS[module]
    plant(copy, module, f"import {imported}")
    said = broken_contracts(copy)
    assert any(contract in line and "BROKEN" in line for line in said.splitlines()), said


def test_a_module_without_a_place_breaks_the_contract(copy: Path) -> None:
    (copy / "experiments" / "utils.py").write_text('"""What has no subject."""\n')
    assert "experiments: doors call rooms, rooms call the root, never back BROKEN" in (
        broken_contracts(copy)
    )


@pytest.mark.parametrize("module", sorted(PLANTED_STATEMENTS))
def test_a_service_that_speaks_http_or_of_guardian_is_refused(copy: Path, module: str) -> None:
    path = plant(copy, module, PLANTED_STATEMENTS[module])
    done = subprocess.run(
        [sys.executable, "-m", "ruff", "check", "--no-cache", "--select", "TID251", path],
        cwd=copy,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "TID251" in done.stdout


def named_in_urls(patterns: object) -> Iterator[tuple[str, str]]:
    """The name of every URL and the module whose view answers it."""
    for pattern in getattr(patterns, "url_patterns", ()):
        if isinstance(pattern, URLResolver):
            yield from named_in_urls(pattern)
        elif isinstance(pattern, URLPattern) and pattern.name:
            yield pattern.name, pattern.lookup_str


def mentions_of_experiments(project: Path) -> list[str]:
    """Where the app `agents` or its templates name a URL, template or module of `experiments`."""
    theirs = {
        name for name, view in named_in_urls(get_resolver()) if view.startswith("experiments.")
    }
    theirs -= {"conversation"}  # a word that models and their admin speak as well
    quoted = {f"{quote}{name}{quote}" for name in theirs for quote in "'\""}
    quoted |= {f"{quote}experiments{end}" for quote in "'\"" for end in "./"}
    files = [*(project / "agents").rglob("*.py")]
    for part in ("agents", "account", "mfa", "includes"):
        files += (project / "templates" / part).rglob("*.*")
    return [
        f"{path.relative_to(project)}: {word}"
        for path in sorted(files)
        if path.is_file() and "migrations" not in path.parts
        for word in sorted(quoted)
        if word in path.read_text()
    ]


def test_agents_name_nothing_of_experiments() -> None:
    assert mentions_of_experiments(PROJECT) == []


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("agents/planted.py", 'HOME = reverse("experiment_list", args=[agent])'),
        ("agents/planted.py", 'TEMPLATE = "experiments/results/overview.html"'),
        ("agents/planted.py", 'import_string("experiments.models.Experiment")'),
        ("templates/agents/planted.html", "{% url 'agent_overview' agent.pk %}"),
    ],
)
def test_a_planted_name_is_found(tmp_path: Path, path: str, text: str) -> None:
    planted = tmp_path / path
    planted.parent.mkdir(parents=True)
    planted.write_text(text)
    assert len(mentions_of_experiments(tmp_path)) == 1
