"""A PgBouncer in front of the embedded server."""

import os
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

from bench.stack import free_port
from glozr.postgres.embedded import PORT, ROLE
from tests.harness.programs import program

SETTINGS = """
[databases]
* = host={host} port={server_port}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
auth_type = trust
auth_file = {folder}/users.txt
pool_mode = transaction
default_pool_size = {sessions}
logfile = {folder}/pgbouncer.log
admin_users = {role}
{more}
"""


@contextmanager
def pool(server: Path, *, sessions: int = 2, more: str = "") -> Iterator[int]:
    """The port of one that deals out so many sessions of the server whose socket is in `server`."""
    with (
        tempfile.TemporaryDirectory(prefix="glozr-pool-") as folder,
        _running(Path(folder), server, sessions, more) as port,
    ):
        yield port


@contextmanager
def _running(folder: Path, server: Path, sessions: int, more: str) -> Iterator[int]:
    port, owner = free_port(), server.stat()
    (folder / "users.txt").write_text(f'"{ROLE}" ""\n')
    settings = folder / "pgbouncer.ini"
    settings.write_text(
        SETTINGS.format(
            host=server,
            server_port=PORT,
            port=port,
            folder=folder,
            sessions=sessions,
            role=ROLE,
            more=more,
        )
    )
    is_root = os.geteuid() == 0
    if is_root:  # which PgBouncer refuses to run as
        for path in (folder, *folder.iterdir()):
            os.chown(path, owner.st_uid, owner.st_gid)
    process = subprocess.Popen(
        [program("pgbouncer"), "--quiet", str(settings)],
        stderr=subprocess.DEVNULL,
        user=owner.st_uid if is_root else None,
    )
    try:
        _wait_for(port, process)
        yield port
    finally:
        process.terminate()
        process.wait(10)


def _wait_for(port: int, process: "subprocess.Popen[bytes]") -> None:
    give_up = time.monotonic() + 10
    while True:
        try:
            psycopg.connect(f"host=127.0.0.1 port={port} user={ROLE} dbname=postgres").close()
            return
        except psycopg.OperationalError:
            assert process.poll() is None, "PgBouncer did not start"
            assert time.monotonic() < give_up
            time.sleep(0.02)
