"""The watch over secrets can fail: each way to tell one, tried in a run of its own."""

import os
import subprocess
import sys
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
HEAD = """
import logging, subprocess, sys
from django.http import HttpResponse
from django.test import Client
from django.urls import path
from agents.workspaces.keys import new_key
from tests.harness.kept_secrets import RECORDER

def told(request):
    response = HttpResponse()
    response.set_cookie("told", request.GET["key"])
    return response

urlpatterns = [path("told/", told)]
"""
TOLD = {
    "a log line": "def test_log(): logging.getLogger('glozr').warning(new_key())",
    "standard error": (
        "def test_standard_error(): subprocess.run([sys.executable, '-c',"
        " f'import sys; sys.stderr.write(\"{new_key()}\")'], check=True)"
    ),
    "a cookie": (
        "def test_cookie(settings):\n"
        "    settings.ROOT_URLCONF, settings.MIDDLEWARE = __name__, []\n"
        "    assert Client().get('/told/', {'key': new_key()}).status_code == 200"
    ),
}
KEPT = "def test_log(): logging.getLogger('glozr').warning(new_key()[:8])"


def run(folder: Path, test: str, *options: str) -> subprocess.CompletedProcess[str]:
    (folder / "test_told.py").write_text(HEAD + test + "\n")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-n", "0"]
    return subprocess.run(
        [*command, *options, "-c", "pyproject.toml", str(folder / "test_told.py")],
        cwd=PROJECT,
        env={name: text for name, text in os.environ.items() if "PYTEST" not in name},
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_run_fails_whose_tests_pass_but_tell_a_secret(tmp_path: Path) -> None:
    told = run(tmp_path, "\n".join(TOLD.values()))
    assert told.returncode == 1, told.stdout + told.stderr
    assert f"{len(TOLD)} passed" in told.stdout
    for where in TOLD:
        assert f"the key of a token in {where}: " in told.stdout
    assert "[SECRET]" in told.stdout


def test_so_it_does_with_several_processes(tmp_path: Path) -> None:
    told = run(tmp_path, TOLD["a log line"], "-n", "1")
    assert told.returncode == 1, told.stdout + told.stderr
    assert "the key of a token in a log line: " in told.stdout


def test_one_that_keeps_them_does_not(tmp_path: Path) -> None:
    kept = run(tmp_path, KEPT)
    assert kept.returncode == 0, kept.stdout + kept.stderr
