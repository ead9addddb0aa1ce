"""The production server: granian, whose workers are replaced however often they are killed.

python -m glozr.server glozr.wsgi:application --interface wsgi …  (granian's own options, but for
those that end workers by age or size)

Granian by itself gives up when a worker dies within 5.5 seconds of having been replaced: it ends
every other worker and itself, whether the worker cannot start or the kernel has killed it. It also
overlooks a worker that dies in the moment in which it turns to another, and serves with one fewer
from then on. Here the workers are counted once a second, and whenever granian notices something.
"""

import time
from typing import Any

from granian import cli, server

LOOK_EVERY_SECONDS = 1.0
STARTING_SECONDS = 5.5
"""A worker that ends by itself within this time can't start, and no other could."""


class Server(server.Server):  # type: ignore[misc, valid-type]
    def _serve_loop(self, spawn_target: Any, target_loader: Any) -> None:
        while True:
            self.main_loop_interrupt.wait(LOOK_EVERY_SECONDS)
            self.main_loop_interrupt.clear()
            if self.interrupt_signal:
                return
            if self.reload_signal:
                self._reload(spawn_target, target_loader)
            dead = [worker for worker in self.wrks if not worker.is_alive()]
            if any(_cannot_start(worker) for worker in dead):
                return  # with `interrupt_children`, for which granian exits with 1
            self.interrupt_children.clear()
            if dead:
                self._respawn_workers([worker.idx for worker in dead], spawn_target, target_loader)


def _cannot_start(worker: Any) -> bool:
    """Whether it ended by itself, rather than by a signal, soon after its birth."""
    ended_by_itself: bool = worker.inner.exitcode > 0
    return ended_by_itself and time.monotonic() - worker.birth < STARTING_SECONDS


if __name__ == "__main__":
    cli.Server = Server  # type: ignore[attr-defined]
    cli.entrypoint()  # type: ignore[no-untyped-call]
