"""The embedded server by hand: start it, stop it, ask how it is and where."""

import argparse
import os
import sys

from glozr.postgres.config import embedded_server
from glozr.postgres.embedded import DATABASE, PORT, ROLE, EmbeddedPostgres, EmbeddedPostgresError


def main(arguments: list[str] | None = None) -> int:
    """The command line; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m glozr.postgres", description=__doc__)
    parser.add_argument("action", choices=["start", "stop", "status", "url"])
    action = parser.parse_args(arguments).action
    if url := os.environ.get("DATABASE_URL", "").strip():
        print(url if action == "url" else "DATABASE_URL is set: that server is not run from here.")
        return 0
    try:
        return _act(action, embedded_server())
    except EmbeddedPostgresError as error:
        print(error, file=sys.stderr)
        return 1


def _act(action: str, server: EmbeddedPostgres) -> int:
    if action == "stop":
        print("PostgreSQL stopped." if server.stop() else "PostgreSQL was not running.")
        return 0
    if action == "status":
        try:
            socket_dir = server.running_socket_dir()
        except PermissionError:
            print(f"{server.data_dir} belongs to another account.", file=sys.stderr)
            return 1
        running = "runs" if socket_dir else "does not run"
        print(f"PostgreSQL {running}. Data: {server.data_dir}. Log: {server.log_path}.")
        return 0 if socket_dir else 3
    socket_dir = server.ensure_running()
    if action == "url":
        print(f"postgresql://{ROLE}@/{DATABASE}?host={socket_dir}&port={PORT}")
    else:
        print(f"PostgreSQL runs. Data: {server.data_dir}. Log: {server.log_path}.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
