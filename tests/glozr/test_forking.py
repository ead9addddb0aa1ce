"""Workers are forked from a process that has loaded everything, and share what it holds."""

import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from bench.stack import Stack
from tests.harness.installations import installation

LOADING_SECONDS = 0.4
"""Of processor time; loading takes a second and more."""
SHARED_MIB = 40
"""Of what each worker would hold for itself: Python, Django, every module of the product."""


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with installation(tmp_path_factory.mktemp("forking")) as stack:
        stack.start_server()
        yield stack


def own_mib(process: psutil.Process) -> float:
    """What nobody else holds."""
    told = Path(f"/proc/{process.pid}/smaps_rollup").read_text()
    lines = dict(line.split(":") for line in told.splitlines()[1:])
    return sum(int(lines[name].split()[0]) for name in ("Private_Clean", "Private_Dirty")) / 1024


def test_they_begin_with_nothing_but_what_is_loaded(stack: Stack) -> None:
    """A thread, a connection or a lock that is held would be every worker's trouble."""
    assert stack.server is not None
    parent = psutil.Process(stack.server.pid)
    assert parent.num_threads() == 1
    assert not [one for one in parent.net_connections("all") if one.raddr]
    for worker in stack.workers_alive():
        held = worker.memory_info().rss / 2**20
        assert own_mib(worker) < held - SHARED_MIB


def test_no_two_of_them_give_the_same_id(stack: Stack) -> None:
    ids = []
    for number in range(40):  # each over a connection of its own, which the kernel deals out
        with stack.api() as api:
            answer = api.post("assignments/", json={"visitor_id": f"visitor {number}"})
        ids.append(answer.raise_for_status().json()["conversation_id"])
    assert len(set(ids)) == len(ids)


def test_one_that_is_killed_is_replaced_without_loading_anything_again(stack: Stack) -> None:
    before = set(stack.workers_alive())
    victim = next(iter(before))
    victim.kill()
    give_up = time.monotonic() + 10
    while len(set(stack.workers_alive()) - {victim}) < len(before) or not stack.is_whole():
        assert time.monotonic() < give_up
        time.sleep(0.01)
    (new,) = set(stack.workers_alive()) - before
    assert new.cpu_times().user < LOADING_SECONDS
