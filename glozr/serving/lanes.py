"""Threads that call the application, so many for each kind of call that none waits for another.

The calls on which a visitor waits have a thread to themselves, with its own connection to the
database and its prepared statements; files, which may take minutes, models' answers, which wait for
somebody else, and pages have others; and the health of a process is told however busy all of these
are.
"""

import re
import sys
from collections.abc import Callable, Mapping
from enum import StrEnum
from queue import SimpleQueue
from threading import Lock, Thread
from typing import TypeAlias

Job: TypeAlias = Callable[[], None]

SWITCH_SECONDS = 0.0005
"""How long a page, a file or an answer in the making keeps other threads of its process waiting.

Set only while there is one: it makes the usual call on which a visitor waits dearer.
"""


class Lane(StrEnum):
    RUNTIME = "runtime"
    PAGES = "pages"
    FILES = "files"
    MODELS = "models"
    HEALTH = "health"
    READINESS = "readiness"


THREADS: Mapping[Lane, int] = {
    Lane.RUNTIME: 1,
    Lane.PAGES: 2,
    Lane.FILES: 2,
    Lane.MODELS: 4,
    Lane.HEALTH: 1,
    Lane.READINESS: 1,
}
RUNTIME_PATH = re.compile(
    r"/api/v1/agents/[^/]+/(?:assignments|leads|conversations/[^/]+/messages)/"
    r"|/ofrep/v1/evaluate/flags/[^/]+"
)
PROBES = {"/healthz": Lane.HEALTH, "/readyz": Lane.READINESS, "/metrics": Lane.READINESS}
FILES = (".csv", ".xlsx")
MODELS = "/try/answer/"
"""How addresses end at which a model answers, piece by piece."""


def lane_of(method: str, path: str) -> Lane:
    if method == "POST" and RUNTIME_PATH.fullmatch(path):
        return Lane.RUNTIME
    if path.endswith(FILES):
        return Lane.FILES
    if path.endswith(MODELS):
        return Lane.MODELS
    return PROBES.get(path, Lane.PAGES)


class Lanes:
    """Every lane's threads, which live as long as the process."""

    def __init__(self) -> None:
        self._queues: dict[Lane, SimpleQueue[Job]] = {lane: SimpleQueue() for lane in Lane}
        for lane, queue in self._queues.items():
            for number in range(THREADS[lane]):
                Thread(
                    target=_work, args=(lane, queue), name=f"{lane}-{number}", daemon=True
                ).start()

    def take(self, lane: Lane, job: Job) -> None:
        """Do the job when a thread is free. It must raise nothing."""
        self._queues[lane].put(job)


def _work(lane: Lane, queue: "SimpleQueue[Job]") -> None:
    is_long = lane in (Lane.PAGES, Lane.FILES, Lane.MODELS)
    while True:
        job = queue.get()
        if is_long:
            with _yielding:
                job()
        else:
            job()


class _Yielding:
    """Within it, threads of this process take turns more often."""

    def __init__(self) -> None:
        self._usual = sys.getswitchinterval()
        self._inside = 0
        self._lock = Lock()

    def __enter__(self) -> None:
        with self._lock:
            self._inside += 1
            sys.setswitchinterval(SWITCH_SECONDS)

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self._inside -= 1
            if not self._inside:
                sys.setswitchinterval(self._usual)


_yielding = _Yielding()
