"""The production server: workers that are replaced however often they die.

python -m glozr.server [glozr.wsgi:application] [--host 127.0.0.1] [--port 8000] [--workers 2]

Each worker is a process of its own (`glozr.serving`). Here they are counted whenever one ends, and
once a second: who was killed is replaced, and if one can't start, all end.
"""

import argparse
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from queue import Empty, SimpleQueue
from types import FrameType

from glozr.serving.patience import GRACE_SECONDS
from glozr.serving.sockets import refused_address, shared_socket

LOOK_EVERY_SECONDS = 1.0
STARTING_SECONDS = 5.5
"""A worker that ends by itself within this time can't start, and no other could."""
STOP_SECONDS = GRACE_SECONDS + 3
"""After which a worker that was told to stop is killed."""
WORKERS = 2


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until SIGTERM or Ctrl-C; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m glozr.server", description=__doc__)
    parser.add_argument("application", nargs="?", default="glozr.wsgi:application")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8000)
    parser.add_argument("--workers", type=int, default=WORKERS)
    options = parser.parse_args(arguments)
    if refusal := refused_address(options.host, options.port):
        print(f"{refusal} Stop what listens there, or set --port.", file=sys.stderr)
        return 1
    # Held by us as well, though without listening, so that the port is never free while we run.
    with shared_socket(options.host, options.port):
        return Workers(options.application, options.host, options.port, options.workers).run()


class Workers:
    """Processes that serve the same address."""

    def __init__(self, application: str, host: str, port: int, number: int) -> None:
        worker = (sys.executable, "-m", "glozr.serving.worker")
        self._command = (*worker, application, host, str(port))
        self._number = number
        self._signals: SimpleQueue[int] = SimpleQueue()  # which a signal's handler may put into
        self._running: list[_Worker] = []

    def run(self) -> int:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGCHLD):
            signal.signal(number, self._note)
        self._running = [_Worker(self._command) for _ in range(self._number)]
        try:
            while not self._is_told_to_stop():
                for place, worker in enumerate(self._running):
                    if worker.cannot_start:
                        print("A worker could not start: see above.", file=sys.stderr)
                        return 1
                    if worker.has_ended:
                        self._running[place] = _Worker(self._command)
            return 0
        finally:
            self._stop()

    def _note(self, number: int, frame: FrameType | None) -> None:
        self._signals.put(number)

    def _is_told_to_stop(self) -> bool:
        with suppress(Empty):
            return self._signals.get(timeout=LOOK_EVERY_SECONDS) != signal.SIGCHLD
        return False

    def _stop(self) -> None:
        for worker in self._running:
            worker.process.terminate()
        give_up = time.monotonic() + STOP_SECONDS
        for worker in self._running:
            try:
                worker.process.wait(max(0.0, give_up - time.monotonic()))
            except subprocess.TimeoutExpired:
                worker.process.kill()
                worker.process.wait()


class _Worker:
    def __init__(self, command: Sequence[str]) -> None:
        self.process = subprocess.Popen(command)
        self._born = time.monotonic()

    @property
    def has_ended(self) -> bool:
        return self.process.poll() is not None

    @property
    def cannot_start(self) -> bool:
        """Whether it ended by itself, rather than by a signal, soon after its birth."""
        code = self.process.poll()
        return bool(code and code > 0) and time.monotonic() - self._born < STARTING_SECONDS


if __name__ == "__main__":
    sys.exit(main())
