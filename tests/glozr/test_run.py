"""`make run`, as the person at the terminal sees it: real processes, a data folder of its own."""

import argparse
import math
import os
import re
import shlex
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Timer
from typing import Any

import httpx
import psutil
import pytest

from bench.stack import free_port
from glozr import run

PROJECT = Path(run.__file__).resolve().parent.parent
GIVE_UP_SECONDS = 60
VISITORS = 30
OF_THE_TESTS = ("DATABASE_URL", "GLOZR_SECRET_KEY", "PROMETHEUS_MULTIPROC_DIR")
HIDE_CURSOR, SHOW_CURSOR = "\x1b[?25l", "\x1b[?25h"
KEY = re.compile(r"glz_\w+")


class Run:
    """A `make run` that has begun; its output is read as it comes."""

    def __init__(self, data_dir: Path, *options: str, **environment: str) -> None:
        self.data_dir = data_dir
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.output = ""
        self.seconds = math.inf
        self.all_processes: list[psutil.Process] = []
        self.began = time.monotonic()
        inherited = {key: os.environ[key] for key in os.environ.keys() - set(OF_THE_TESTS)}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "glozr.run", "--port", str(self.port), *options],
            cwd=PROJECT,
            env={**inherited, "GLOZR_DATA_DIR": str(data_dir), **environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            bufsize=0,
            start_new_session=True,
        )

    def read_until(self, pattern: str) -> float:
        """Seconds from the start until something like `pattern` was written."""
        while not re.search(pattern, self.output):
            assert self.read_on(), f"It ended without {pattern!r}:\n{self.output}"
        return time.monotonic() - self.began

    def end_of(self) -> int:
        """The exit code, once it has ended; what it still wrote is read."""
        while self.read_on():
            pass
        return self.process.wait()

    def read_on(self) -> bool:
        assert self.process.stdout is not None
        piece = self.process.stdout.read(65_536)
        self.output += (piece or b"").decode(errors="replace")
        return bool(piece)

    def processes(self) -> list[psutil.Process]:
        """Itself, all that it started, and the database."""
        itself = psutil.Process(self.process.pid)
        database = (self.data_dir / "postgres" / "postmaster.pid").read_text().splitlines()[0]
        return [itself, *itself.children(recursive=True), psutil.Process(int(database))]


@contextmanager
def running(data_dir: Path, *options: str, **environment: str) -> Iterator[Run]:
    one = Run(data_dir, *options, **environment)
    watchdog = Timer(GIVE_UP_SECONDS, one.process.kill)
    watchdog.start()
    try:
        yield one
    finally:
        watchdog.cancel()
        if one.process.poll() is None:
            one.process.terminate()
            one.process.wait(GIVE_UP_SECONDS)


def send(curl_line: str) -> httpx.Response:
    """What `curl` does with the line that a person copies."""
    curl = argparse.ArgumentParser()
    curl.add_argument("-s", action="store_true")
    curl.add_argument("-H", action="append", dest="headers")
    curl.add_argument("-d", dest="body")
    curl.add_argument("url")
    program, *arguments = shlex.split(curl_line.replace("\\\n", " "))
    assert program == "curl"
    sent = curl.parse_args(arguments)
    headers = dict(header.split(": ", 1) for header in sent.headers)
    return httpx.post(sent.url, headers=headers, content=sent.body)


@dataclass(frozen=True)
class FirstRun:
    """What was seen of a first run, from its start to its end by SIGTERM."""

    data_dir: Path
    url: str
    output: str
    assignment: httpx.Response
    results: Any
    exit_code: int
    survivors: list[psutil.Process]

    @property
    def key(self) -> str:
        found = KEY.search(self.output)
        assert found
        return found[0]


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> FirstRun:
    data_dir = tmp_path_factory.mktemp("run")
    with running(data_dir, "--empty", "--visitors", str(VISITORS)) as one:
        one.read_until("Serving on")
        curl_line = one.output[one.output.index("curl") :].split("\n\n")[0]
        assignment = send(curl_line)
        results = results_of(curl_line)
        processes = one.processes()
        one.process.terminate()
        exit_code = one.end_of()
        _, survivors = psutil.wait_procs(processes, timeout=5)
    return FirstRun(data_dir, one.url, one.output, assignment, results, exit_code, survivors)


def results_of(curl_line: str) -> Any:
    """The results of the experiment that runs, by the address and the key in the curl line."""
    found, key = re.search(r"http\S+/agents/\S+?/", curl_line), KEY.search(curl_line)
    assert found
    assert key
    with httpx.Client(headers={"Authorization": f"Bearer {key[0]}"}) as api:
        experiments = f"{found[0]}experiments/"
        (active,) = api.get(experiments, params={"status": "running"}).json()["results"]
        return api.get(f"{experiments}{active['id']}/results/").json()


def test_it_says_where_to_go_and_how_to_sign_in(first: FirstRun) -> None:
    assert f"Glozr A/B experiments is at {first.url}\n" in first.output
    for role in ("Owner", "Admin", "Editor"):
        assert re.search(rf"^ +{role} +\S+@\S+ +\S+$", first.output, re.MULTILINE)


def test_its_curl_line_gets_an_assignment(first: FirstRun) -> None:
    assert first.assignment.status_code == httpx.codes.OK
    assert first.assignment.json()["variant"]["name"] in {"control", "Aria"}


def test_visitors_arrive_under_a_progress_bar(first: FirstRun) -> None:
    assert re.search(rf"Visitors .*━.* {VISITORS}/{VISITORS} ", first.output)
    assert first.results["visitors"] == VISITORS + 1  # and the one of the curl line


def test_sigterm_ends_it_well_and_leaves_nothing_behind(first: FirstRun) -> None:
    assert (first.exit_code, first.survivors) == (0, [])
    assert not (first.data_dir / "postgres" / "postmaster.pid").exists()
    assert "Traceback" not in first.output


@pytest.fixture(scope="module")
def second(first: FirstRun) -> Iterator[Run]:
    """A run over the data of the first, which Ctrl-C ended amid its visitors."""
    with running(first.data_dir, "--visitors", "100000", FORCE_COLOR="1") as one:
        one.seconds = one.read_until("Ask for a visitor's variant:")
        one.read_until(r"[1-9]/100000")
        one.all_processes = one.processes()
        os.killpg(one.process.pid, signal.SIGINT)  # as a terminal does
        one.end_of()
        yield one


def test_a_second_run_finds_its_data_again_and_is_up_quickly(first: FirstRun, second: Run) -> None:
    assert first.key in second.output
    assert second.seconds < 15, second.seconds  # under 5 s when the machine has nothing else to do


def test_ctrl_c_ends_it_well_and_gives_the_terminal_back(second: Run) -> None:
    assert second.process.returncode == 0
    _, survivors = psutil.wait_procs(second.all_processes, timeout=5)
    assert survivors == []
    assert "Traceback" not in second.output
    assert second.output.rindex(SHOW_CURSOR) > second.output.rindex(HIDE_CURSOR)


def test_a_port_in_use_is_told_before_anything_starts(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert run.main(["--port", str(port)]) == 1
    refusal = capsys.readouterr().err
    assert refusal == f"Port {port} is in use. Choose another: make run PORT={port + 1}\n"


@pytest.mark.parametrize("port", ["0", "65536", "-1"])
def test_a_port_that_there_cannot_be_is_told(capsys: pytest.CaptureFixture[str], port: str) -> None:
    assert run.main(["--port", port]) == 1
    assert capsys.readouterr().err == f"A port is a number from 1 to 65535, not {port}.\n"


@pytest.mark.parametrize("workers", ["0", "-2", "two"])
def test_a_number_of_workers_that_is_none_is_told(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, workers: str
) -> None:
    monkeypatch.setenv("GLOZR_WORKERS", workers)
    assert run.main(["--port", str(free_port())]) == 1
    assert "GLOZR_WORKERS" in capsys.readouterr().err


def test_static_files_are_collected_anew_when_one_changes_and_not_before(
    settings: Any, tmp_path: Path
) -> None:
    style = tmp_path / "own" / "style.css"
    style.parent.mkdir()
    style.write_text("a { color: red }")
    settings.DATA_DIR, settings.STATIC_ROOT = tmp_path, tmp_path / "static"
    settings.STATICFILES_DIRS = [style.parent]
    settings.STATICFILES_FINDERS = ["django.contrib.staticfiles.finders.FileSystemFinder"]
    settings.STORAGES = {
        "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"}
    }
    manifest = settings.STATIC_ROOT / "staticfiles.json"
    run.collect_static()
    first, written = manifest.read_text(), manifest.stat().st_mtime_ns
    run.collect_static()
    assert manifest.stat().st_mtime_ns == written
    style.write_text("a { color: blue }")
    run.collect_static()
    assert manifest.read_text() != first
