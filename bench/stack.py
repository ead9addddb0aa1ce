"""A PostgreSQL and a production server of their own, to measure and to break."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any

import httpx
import psutil

from glozr.postgres.embedded import PORT, EmbeddedPostgres
from glozr.run import server_command

PROJECT = Path(__file__).resolve().parent.parent
STARTUP_SECONDS = 30
STOP_SECONDS = 30


class Stack:
    """One installation under `data_dir`: its database, its server, its demo workspace."""

    def __init__(
        self,
        data_dir: Path,
        *,
        workers: int = 2,
        settings: Mapping[str, str] | None = None,
        log: Path | None = None,
        project: Path = PROJECT,
    ) -> None:
        """`settings` are the database's; `log` takes what the server writes, in place of us;
        `project` is the revision that is measured."""
        self.data_dir = data_dir
        self.project = project
        self.log = log
        self.workers = workers
        self.postgres = EmbeddedPostgres(data_dir / "postgres", settings)
        self.environment = {
            **{key: value for key, value in os.environ.items() if key != "DATABASE_URL"},
            "GLOZR_DATA_DIR": str(data_dir),
            "GLOZR_SECRET_KEY": "measured-and-broken-" + "0123456789abcdef" * 3,
            "GLOZR_DEMO": "1",
            "GLOZR_TOKEN_RATE": "1000000",  # counted, and never reached
            "DJANGO_SETTINGS_MODULE": "glozr.settings",
        }
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.server: subprocess.Popen[bytes] | None = None
        self.demo: dict[str, Any] = {}

    def prepare(self) -> None:
        """Start the database, migrate it, collect the pages' files and seed the demo."""
        self.postgres.ensure_running()
        self.manage("collectstatic", "--no-input", "--verbosity", "0")
        self.manage("migrate", "--verbosity", "0")
        self.demo = json.loads(self.manage("seed_demo", "--empty", "--format", "json"))

    def manage(self, *arguments: str) -> str:
        """The output of a management command."""
        result = subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=self.project,
            env=self.environment,
            check=True,
            stdout=subprocess.PIPE,
            text=True,
        )
        return result.stdout

    def start_server(self) -> None:
        self.server = self.start(server_command("127.0.0.1", self.port, workers=self.workers))
        self.wait_for("/healthz")

    def start(self, command: Sequence[str]) -> subprocess.Popen[bytes]:
        """A process of this installation, in a group of its own."""
        with ExitStack() as files:
            log = files.enter_context(self.log.open("ab")) if self.log else None
            return subprocess.Popen(
                command,
                cwd=self.project,
                env=self.environment,
                start_new_session=True,
                stdout=log,
                stderr=log,
            )

    def stop_server(self) -> None:
        if self.server is not None:
            self.stop(self.server)
            self.server = None

    def stop(self, process: subprocess.Popen[bytes]) -> int:
        """End a process that was started here, by force if it takes too long; its exit code."""
        process.terminate()
        try:
            return process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            return process.wait()

    def workers_alive(self) -> Sequence[psutil.Process]:
        """The processes that answer requests."""
        found: list[psutil.Process] = []
        if self.server is not None and self.server.poll() is None:
            for child in psutil.Process(self.server.pid).children():
                with suppress(psutil.NoSuchProcess):  # one that has just ended, too
                    if "resource_tracker" not in " ".join(child.cmdline()):
                        found.append(child)
        return found

    def is_whole(self) -> bool:
        """Whether all workers take connections: each opens a socket of its own, when ready."""
        try:
            return self.workers == sum(
                any(one.status == psutil.CONN_LISTEN for one in worker.net_connections("tcp"))
                for worker in self.workers_alive()
            )
        except psutil.NoSuchProcess:
            return False

    def dsn(self) -> str:
        return f"host={self.postgres.running_socket_dir()} port={PORT} dbname=glozr user=glozr"

    def postmaster(self) -> psutil.Process:
        pid_file = self.data_dir / "postgres" / "postmaster.pid"
        return psutil.Process(int(pid_file.read_text().split("\n", 1)[0]))

    def wait_for(self, path: str, seconds: float = STARTUP_SECONDS) -> float:
        """Seconds until `path` is answered with 200.

        Raises:
            TimeoutError: it was not, in time.
        """
        return wait_for(f"{self.url}{path}", seconds)

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


def wait_for(url: str, seconds: float = STARTUP_SECONDS) -> float:
    """Seconds until `url` is answered with 200.

    Raises:
        TimeoutError: it was not, in time.
    """
    began = time.monotonic()
    while time.monotonic() - began < seconds:
        try:
            if httpx.get(url, timeout=2).status_code == httpx.codes.OK:
                return time.monotonic() - began
        except httpx.TransportError:
            pass
        time.sleep(0.02)
    raise TimeoutError(f"{url} was not ready within {seconds} s")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
