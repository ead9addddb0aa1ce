"""What goes on beside requests: steps that the apps register when Django starts them, so that
nothing here has to know the apps. `manage.py run_background` takes them.

Every step has a thread, a database connection and a pause of its own: one that waits, for a mail
server say, or fails, holds up no other. As many processes as one likes may run at once: each step
sees to it that two of it leave each other's rows alone.
"""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from threading import Event, Thread
from typing import TypeAlias

from django.db import InterfaceError, OperationalError, connection
from django.utils.module_loading import import_string

_log = logging.getLogger("glozr.background")
END_SECONDS = 10.0
"""How long what is under way may take when an end is asked for."""
IsStopping: TypeAlias = Callable[[], bool]
"""Whether to come to an end, for who does one thing after another."""


def never() -> bool:
    """`IsStopping` for who does not end early."""
    return False


@dataclass(frozen=True, slots=True)
class BackgroundStep:
    """`run` is called again `every` so many seconds after it returned. It may be a dotted name,
    which is imported when the step is first taken: most processes take none, and much is loaded for
    some."""

    name: str
    run: Callable[[IsStopping], object] | str
    every: float

    def take(self, is_stopping: IsStopping = never) -> bool:
        """Take it once, on this thread's connection; whether it went well."""
        from glozr.observe.metrics import (  # most processes take none
            LAST_STEP,
            STEP_SECONDS,
            STEPS_TAKEN,
        )

        began = time.monotonic()
        went_well = self._take(is_stopping)
        STEPS_TAKEN.labels(self.name, "done" if went_well else "failed").inc()
        STEP_SECONDS.labels(self.name).inc(time.monotonic() - began)
        if went_well:
            LAST_STEP.labels(self.name).set_to_current_time()
        else:
            connection.close()
        return went_well

    def _take(self, is_stopping: IsStopping) -> bool:
        try:
            run = import_string(self.run) if isinstance(self.run, str) else self.run
            run(is_stopping)
        except (OperationalError, InterfaceError) as error:
            _log.warning("%s: the database is away: %s", self.name, type(error).__name__)
        except Exception:
            _log.exception("%s: failed, and is tried again", self.name)
        else:
            return True
        return False


_steps: dict[str, BackgroundStep] = {}


def add_step(name: str, run: Callable[[IsStopping], object] | str, *, every: float) -> None:
    _steps[name] = BackgroundStep(name, run, every)


def background_steps() -> list[BackgroundStep]:
    return list(_steps.values())


def take_all_once() -> bool:
    """Each step once, one after another; whether all went well."""
    went_well = [step.take() for step in background_steps()]
    return all(went_well)


def run_until(stopped: Event) -> None:
    """Take every step again and again until `stopped`, then let what is under way end."""
    threads = [
        Thread(target=_repeat, args=(step, stopped), name=step.name, daemon=True)
        for step in background_steps()
    ]
    for thread in threads:
        thread.start()
    stopped.wait()
    end = time.monotonic() + END_SECONDS
    for thread in threads:
        thread.join(max(0.0, end - time.monotonic()))


def _repeat(step: BackgroundStep, stopped: Event) -> None:
    try:
        while not stopped.is_set():
            step.take(stopped.is_set)
            stopped.wait(step.every)
    finally:
        connection.close()
