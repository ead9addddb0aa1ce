"""Real servers on the database of this test process, in processes of their own."""

import os
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import httpx
from django.conf import settings
from django.db import connection

from bench.stack import free_port
from glozr.run import server_command

STARTUP_SECONDS = 60


@dataclass(frozen=True)
class Served:
    """Takes the place of pytest-django's `live_server`, which is a thread of the test's process."""

    url: str

    def __str__(self) -> str:
        return self.url


@contextmanager
def served(*, workers: int = 1) -> Iterator[Served]:
    """A server of so many processes, which share nothing but the database."""
    port = free_port()
    server = subprocess.Popen(
        server_command(
            "127.0.0.1", port, workers=workers, application="tests.harness.served:application"
        ),
        cwd=settings.BASE_DIR,
        env={
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "glozr.settings",
            "GLOZR_TEST_DATABASE": connection.settings_dict["NAME"],
        },
    )
    with server:
        try:
            url = f"http://localhost:{port}"
            _wait_for(url)
            yield Served(url)
        finally:
            server.terminate()


def _wait_for(url: str) -> None:
    give_up = time.monotonic() + STARTUP_SECONDS
    while True:
        try:
            assert httpx.get(f"{url}/readyz", timeout=5).status_code == httpx.codes.OK
            return
        except httpx.TransportError:
            assert time.monotonic() < give_up
            time.sleep(0.05)
