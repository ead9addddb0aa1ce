"""The production server: workers that are replaced however often they die.

python -m glozr.server [glozr.wsgi:application] [--host 127.0.0.1] [--port 8000] [--workers 2]

The application is loaded here, once, and each worker (`glozr.serving`) is forked from that: it is
there within moments, and shares the memory of what is loaded with all others. They are counted
whenever one ends, and once a second: who was killed is replaced, and if one can't start, all end.
"""

import argparse
import gc
import os
import signal
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from importlib import import_module
from queue import Empty, SimpleQueue
from socket import socket
from types import FrameType
from wsgiref.types import WSGIApplication

from glozr.serving.patience import GRACE_SECONDS
from glozr.serving.sockets import refused_address, shared_socket

LOOK_EVERY_SECONDS = 1.0
STARTING_SECONDS = 5.5
"""A worker that ends by itself within this time can't start, and no other could."""
STOP_SECONDS = GRACE_SECONDS + 3
"""After which a worker that was told to stop is killed."""
ASK_EVERY_SECONDS = 0.02
WORKERS = 2
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGCHLD)


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
    with shared_socket(options.host, options.port) as held:
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, _end_at_once)  # nothing is served yet
        application = _loaded(options.application)
        return Workers(application, (options.host, options.port), options.workers, held).run()


@dataclass(frozen=True, slots=True)
class Application:
    """One that is loaded; a worker calls `before_serving` first."""

    serve: WSGIApplication
    before_serving: Callable[[], None]


def _end_at_once(number: int, frame: FrameType | None) -> None:
    os._exit(0)


def _loaded(target: str) -> Application:
    """The application, and all that serves it, in one thread that holds no connection."""
    name, _, attribute = target.partition(":")
    module = import_module(name)
    import_module("uvloop")
    import_module("glozr.serving.worker")
    gc.collect()
    gc.freeze()  # so that no collection writes to what all share
    return Application(getattr(module, attribute), getattr(module, "before_serving", lambda: None))


class Workers:
    """Processes that serve the same address."""

    def __init__(
        self, application: Application, address: tuple[str, int], number: int, held: socket
    ) -> None:
        self._application = application
        self._address = address
        self._number = number
        self._held = held
        self._signals: SimpleQueue[int] = SimpleQueue()  # which a signal's handler may put into
        self._running: list[_Worker] = []

    def run(self) -> int:
        for number in SIGNALS:
            signal.signal(number, self._note)
        try:
            for _ in range(self._number):
                self._running.append(self._forked())
            while not self._is_told_to_stop():
                for place, worker in enumerate(self._running):
                    if worker.cannot_start:
                        print("A worker could not start: see above.", file=sys.stderr)
                        return 1
                    if worker.has_ended:
                        self._running[place] = self._forked()
            return 0
        finally:
            self._stop()

    def _forked(self) -> "_Worker":
        """A worker. It begins with the signals of any other process, and never returns."""
        parent = os.getpid()
        signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
        pid = os.fork()
        if pid:
            signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNALS)
            return _Worker(pid)
        try:
            for number in SIGNALS:
                signal.signal(number, signal.SIG_DFL)
            signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNALS)
            self._held.close()
            _serve(self._application, *self._address, parent=parent)
        finally:
            os._exit(1)

    def _note(self, number: int, frame: FrameType | None) -> None:
        self._signals.put(number)

    def _is_told_to_stop(self) -> bool:
        with suppress(Empty):
            return self._signals.get(timeout=LOOK_EVERY_SECONDS) != signal.SIGCHLD
        return False

    def _stop(self) -> None:
        for worker in self._running:
            worker.send(signal.SIGTERM)
        give_up = time.monotonic() + STOP_SECONDS
        for worker in self._running:
            while not worker.has_ended and time.monotonic() < give_up:
                time.sleep(ASK_EVERY_SECONDS)
            worker.send(signal.SIGKILL)
            worker.wait()


def _serve(application: Application, host: str, port: int, *, parent: int) -> None:
    """Never returns."""
    from glozr.serving.worker import serve

    try:
        application.before_serving()
        serve(application.serve, host, port, parent=parent)
        code = 0
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 1
    except BaseException:
        sys.excepthook(*sys.exc_info())
        code = 1
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


class _Worker:
    def __init__(self, pid: int) -> None:
        self.pid = pid
        self._born = time.monotonic()
        self._code: int | None = None
        """Once it has ended; below zero for the signal that ended it."""

    @property
    def has_ended(self) -> bool:
        if self._code is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self._code = os.waitstatus_to_exitcode(status)
        return self._code is not None

    @property
    def cannot_start(self) -> bool:
        """Whether it ended by itself, rather than by a signal, soon after its birth."""
        is_young = time.monotonic() - self._born < STARTING_SECONDS
        return self.has_ended and bool(self._code and self._code > 0) and is_young

    def send(self, number: int) -> None:
        if not self.has_ended:
            os.kill(self.pid, number)

    def wait(self) -> None:
        if self._code is None:
            _, status = os.waitpid(self.pid, 0)
            self._code = os.waitstatus_to_exitcode(status)


if __name__ == "__main__":
    sys.exit(main())
