"""What is broken, by name, and how long the service takes to come back."""

import signal
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from random import Random

import psutil
import psycopg

from bench.chaos.clients import Probe
from bench.stack import Stack

LOCK_SECONDS = 3.0
STEADY_ANSWERS = 4
PATIENCE_SECONDS = 30.0
END_FOLDING = """
SELECT pg_terminate_backend(pid) FROM pg_stat_activity
WHERE state = 'active' AND query LIKE '%fold_pending_counts%' AND pid <> pg_backend_pid()"""
LOCK_RUNNING = """
SELECT id FROM experiments WHERE agent_id = %s AND status = 'running' FOR UPDATE"""


@dataclass(frozen=True, slots=True)
class Scene:
    """What faults are done to. `agent` is the one that the probe asks about."""

    stack: Stack
    agent: str
    random: Random
    hold_seconds: float
    """How long the database stays away, or its connections taken."""


@dataclass(frozen=True, slots=True)
class Injected:
    """A fault that was done, and the moment from which on the service answered steadily."""

    fault: str
    began: float
    ended: float
    well: float | None
    """None: it did not come back."""
    problem: str = ""
    """Why the fault was not what it should have been."""

    @property
    def seconds_from_beginning(self) -> float | None:
        return None if self.well is None else max(0.0, self.well - self.began)

    @property
    def seconds_from_end(self) -> float | None:
        return None if self.well is None else max(0.0, self.well - self.ended)


def kill_workers_again_and_again(scene: Scene) -> None:
    """One after another, a new one as soon as it serves."""
    for _ in range(3):
        _kill(scene.random.sample(scene.stack.workers_alive(), 1))
        _wait_until(scene.stack.is_whole)


def kill_every_worker(scene: Scene) -> None:
    _kill(scene.stack.workers_alive())


def kill_postgres(scene: Scene) -> None:
    """All its processes at one moment, as when a machine loses its power."""
    postmaster = scene.stack.postmaster()
    _kill([postmaster, *postmaster.children()])
    time.sleep(scene.hold_seconds)
    scene.stack.postgres.ensure_running()


def kill_postmaster(scene: Scene) -> None:
    """Its children notice by themselves, while a new server is being started already."""
    _kill([scene.stack.postmaster()])
    scene.stack.postgres.ensure_running()


def kill_backend(scene: Scene) -> None:
    """One connection's process: PostgreSQL ends all the others and recovers by itself."""
    with _connected(scene.stack) as connection:
        found = connection.execute(
            "SELECT pid FROM pg_stat_activity"
            " WHERE application_name = 'glozr' AND pid <> pg_backend_pid()"
        ).fetchall()
    _kill([psutil.Process(scene.random.choice(found)[0])])


def restart_postgres(scene: Scene) -> None:
    scene.stack.postgres.stop()
    scene.stack.postgres.ensure_running()


def kill_postgres_and_workers(scene: Scene) -> None:
    """Nobody starts anything again but the server's own main process."""
    postmaster = scene.stack.postmaster()
    _kill([postmaster, *postmaster.children(), *scene.stack.workers_alive()])


def restart_server(scene: Scene) -> None:
    """Asked to end with requests under way, and started anew, as when a release is put in."""
    server = scene.stack.server
    scene.stack.stop_server()
    if server is None or server.returncode != 0:
        raise FaultError(f"the server ended with {server and server.returncode}")
    scene.stack.start_server()


def end_fold(scene: Scene) -> None:
    """The connection of a fold that is at work."""
    with _connected(scene.stack) as connection:
        _wait_until(lambda: connection.execute(END_FOLDING).rowcount > 0)


def lock_experiment(scene: Scene) -> None:
    """The one that takes the agent's new visitors, and all others that run beside it."""
    with _connected(scene.stack) as connection:
        give_up = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < give_up:
            with connection.transaction():
                if connection.execute(LOCK_RUNNING, [scene.agent]).rowcount:
                    time.sleep(LOCK_SECONDS)
                    return
            time.sleep(0.02)  # none runs just now
    raise FaultError("no experiment ran")


def fill_connections(scene: Scene) -> None:
    _fill_connections(scene, then=lambda: None)


def fill_connections_and_kill_worker(scene: Scene) -> None:
    """The new worker finds no connection for as long as this lasts."""
    _fill_connections(scene, then=lambda: _kill([scene.random.choice(scene.stack.workers_alive())]))


FAULTS: Mapping[str, Callable[[Scene], None]] = {
    "a worker killed, three times over": kill_workers_again_and_again,
    "every worker killed at once": kill_every_worker,
    "PostgreSQL killed whole": kill_postgres,
    "PostgreSQL's first process killed": kill_postmaster,
    "a connection's process killed": kill_backend,
    "PostgreSQL restarted": restart_postgres,
    "PostgreSQL and every worker killed": kill_postgres_and_workers,
    "the server ended in mid-request and started": restart_server,
    "a fold ended in the middle of it": end_fold,
    "the experiment's row locked for 3 s": lock_experiment,
    "every connection taken": fill_connections,
    "every connection taken, a worker killed": fill_connections_and_kill_worker,
}


def inject(scene: Scene, probe: Probe, names: Iterable[str]) -> Iterator[Injected]:
    """Do the faults one after another, each once the last is over; ends with one not survived."""
    for name in names:
        began, problem = time.monotonic(), ""
        try:
            FAULTS[name](scene)
        except (FaultError, LookupError, ValueError, psutil.Error, psycopg.Error) as error:
            problem = f"{type(error).__name__}: {error}"
        ended = time.monotonic()
        well = _until_well(scene, probe, ended)
        yield Injected(name, began, ended, well, problem)
        if well is None:
            return
        time.sleep(scene.random.uniform(0.2, 1.0))


class FaultError(Exception):
    """A fault could not be done as it should."""


def _until_well(scene: Scene, probe: Probe, since: float) -> float | None:
    """When every worker served and the probe was answered steadily; None if neither came to be.

    The moment is that of the first of the steady answers.
    """
    give_up = time.monotonic() + PATIENCE_SECONDS
    whole_since: float | None = None
    while time.monotonic() < give_up:
        if not scene.stack.is_whole():
            whole_since = None
        elif whole_since is None:
            whole_since = time.monotonic()
        steady = probe.steady_since(since, STEADY_ANSWERS)
        if whole_since is not None and steady is not None:
            return max(whole_since, steady) if whole_since > since + 0.05 else steady
        time.sleep(0.02)
    return None


def _wait_until(is_done: Callable[[], bool]) -> None:
    give_up = time.monotonic() + PATIENCE_SECONDS
    while not is_done():
        if time.monotonic() > give_up:
            raise FaultError(f"not done within {PATIENCE_SECONDS:.0f} s")
        time.sleep(0.005)


def _kill(processes: Sequence[psutil.Process]) -> None:
    """All at one moment; they are dead when this returns."""
    for process in processes:
        with suppress(psutil.NoSuchProcess):
            process.send_signal(signal.SIGKILL)
    _wait_until(lambda: all(map(_is_dead, processes)))


def _is_dead(process: psutil.Process) -> bool:
    try:
        return bool(process.status() == psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return True


def _connected(stack: Stack) -> "psycopg.Connection[tuple[int, ...]]":
    return psycopg.connect(stack.dsn(), autocommit=True)


def _fill_connections(scene: Scene, then: Callable[[], None]) -> None:
    """Take every connection that there is or becomes free, for as long as the scene says."""
    refused = 0
    with ExitStack() as held:
        give_up = time.monotonic() + scene.hold_seconds + 2
        ends: float | None = None
        while time.monotonic() < (ends or give_up):
            try:
                held.enter_context(_connected(scene.stack))
                continue
            except psycopg.OperationalError:
                refused += 1
            if ends is None:
                ends = time.monotonic() + scene.hold_seconds
                then()
            time.sleep(0.01)
    if not refused:
        raise FaultError("no connection was refused")
