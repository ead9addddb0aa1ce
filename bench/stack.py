"""A PostgreSQL and a production server of their own, to measure and to break."""

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import psutil

from glozr.embedded_postgres import EmbeddedPostgres
from glozr.run import server_command

PROJECT = Path(__file__).resolve().parent.parent
STARTUP_SECONDS = 30


class Stack:
    """One installation under `data_dir`: its database, its server, its demo workspace."""

    def __init__(
        self, data_dir: Path, *, workers: int = 2, settings: Mapping[str, str] | None = None
    ) -> None:
        self.data_dir = data_dir
        self.workers = workers
        self.postgres = EmbeddedPostgres(data_dir / "postgres", settings)
        self.environment = {
            **{key: value for key, value in os.environ.items() if key != "DATABASE_URL"},
            "GLOZR_DATA_DIR": str(data_dir),
            "GLOZR_SECRET_KEY": "measured-and-broken-" + "0123456789abcdef" * 3,
            "GLOZR_DEMO": "1",
            "DJANGO_SETTINGS_MODULE": "glozr.settings",
        }
        self.port = _free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.server: subprocess.Popen[bytes] | None = None
        self.demo: dict[str, Any] = {}

    def prepare(self) -> None:
        """Start the database, migrate it, collect the pages' files and seed the demo."""
        self.postgres.ensure_running()
        self.manage("collectstatic", "--no-input", "--verbosity", "0")
        self.manage("migrate", "--verbosity", "0")
        self.demo = json.loads(self.manage("seed_demo", "--format", "json"))

    def manage(self, *arguments: str) -> str:
        """The output of a management command."""
        result = subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=PROJECT,
            env=self.environment,
            check=True,
            stdout=subprocess.PIPE,
            text=True,
        )
        return result.stdout

    def start_server(self) -> None:
        self.server = subprocess.Popen(
            server_command("127.0.0.1", self.port, workers=self.workers),
            cwd=PROJECT,
            env=self.environment,
            start_new_session=True,
        )
        self.wait_for("/healthz")

    def stop_server(self) -> None:
        if self.server is not None:
            self.server.terminate()
            self.server.wait(30)
            self.server = None

    def workers_alive(self) -> Sequence[psutil.Process]:
        """The processes that answer requests."""
        assert self.server is not None
        return [
            child
            for child in psutil.Process(self.server.pid).children()
            if "resource_tracker" not in " ".join(child.cmdline())
        ]

    def postmaster(self) -> psutil.Process:
        pid_file = self.data_dir / "postgres" / "postmaster.pid"
        return psutil.Process(int(pid_file.read_text().split("\n", 1)[0]))

    def wait_for(self, path: str, seconds: float = STARTUP_SECONDS) -> float:
        """Seconds until `path` is answered with 200.

        Raises:
            TimeoutError: it was not, in time.
        """
        began = time.monotonic()
        while time.monotonic() - began < seconds:
            try:
                if httpx.get(f"{self.url}{path}", timeout=2).status_code == httpx.codes.OK:
                    return time.monotonic() - began
            except httpx.TransportError:
                pass
            time.sleep(0.02)
        raise TimeoutError(f"{path} was not ready within {seconds} s")

    def api(self, agent: str | None = None) -> httpx.Client:
        """A client of the runtime API for the demo's agent."""
        return httpx.Client(
            base_url=f"{self.url}/api/v1/agents/{agent or self.demo['agent']}/",
            headers={"Authorization": f"Bearer {self.demo['token']}"},
            timeout=20,
        )

    def close(self) -> None:
        self.stop_server()
        self.postgres.stop()


@contextmanager
def running_stack(data_dir: Path, **options: Any) -> Iterator[Stack]:
    stack = Stack(data_dir, **options)
    try:
        stack.prepare()
        stack.start_server()
        yield stack
    finally:
        stack.close()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
