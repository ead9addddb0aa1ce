"""Where the processor time of a runtime call goes, by package.

python -m bench.profile [--calls 3000]

Calls go to the WSGI application in this process, so that neither the HTTP server nor a load
generator is in the figures. cProfile makes calls of functions dearer than they are: the shares
say where to look, the microseconds beside them (without the profiler) how much there is to gain.
"""

import argparse
import cProfile
import json
import os
import pstats
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Mapping
from io import BytesIO
from pathlib import Path
from typing import Any
from uuid import uuid4

from rich.console import Console
from rich.table import Table

from bench.stack import PROJECT, Stack

OURS = ("glozr", "agents", "experiments")
BESTS = 5

Call = Callable[[], bytes]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--calls", type=int, default=3_000)
    calls = parser.parse_args().calls
    with tempfile.TemporaryDirectory(prefix="glozr-bench-") as folder:
        stack = Stack(Path(folder))
        try:
            stack.prepare()
            os.environ.update(stack.environment)
            report({name: profiled(call, calls) for name, call in cases(stack.demo).items()})
        finally:
            stack.close()
    return 0


def cases(demo: Mapping[str, Any]) -> dict[str, Call]:
    from glozr.wsgi import application

    def post(path: str, body: Mapping[str, str]) -> bytes:
        raw = json.dumps(body).encode()
        environ = {
            "REQUEST_METHOD": "POST",
            "SCRIPT_NAME": "",
            "PATH_INFO": f"/api/v1/agents/{demo['agent']}/{path}",
            "SERVER_NAME": "localhost",
            "SERVER_PORT": "80",
            "CONTENT_TYPE": "application/json",
            "CONTENT_LENGTH": str(len(raw)),
            "HTTP_AUTHORIZATION": f"Bearer {demo['token']}",
            "wsgi.input": BytesIO(raw),
            "wsgi.url_scheme": "http",
        }
        statuses: list[str] = []

        def start_response(status: str, headers: Any, exc_info: Any = None) -> Callable[..., None]:
            statuses.append(status)
            return lambda written: None

        response = application(environ, start_response)
        answer = b"".join(response)
        assert statuses[0].startswith("20"), answer
        return answer

    conversation = json.loads(post("assignments/", {"visitor_id": "ada"}))["conversation_id"]
    known = {"visitor_id": "ada", "conversation_id": conversation}
    said = {"visitor_id": "ada", "role": "visitor", "content": "Do you have trips to Lisbon?"}
    return {
        "returning conversation": lambda: post("assignments/", known),
        "new visitor": lambda: post("assignments/", {"visitor_id": str(uuid4())}),
        "message recorded": lambda: post(f"conversations/{conversation}/messages/", said),
    }


def profiled(call: Call, calls: int) -> tuple[float, Counter[str]]:
    """Processor microseconds of a call, and its profiled time by package."""
    best = min(cpu_microseconds(call, calls // BESTS) for _ in range(BESTS))
    profile = cProfile.Profile(time.process_time)  # waiting for the database is no work
    profile.enable()
    for _ in range(calls):
        call()
    profile.disable()
    return best, by_package(pstats.Stats(profile))


def cpu_microseconds(call: Call, calls: int) -> float:
    began = time.process_time()
    for _ in range(calls):
        call()
    return (time.process_time() - began) / calls * 1e6


def by_package(stats: pstats.Stats) -> Counter[str]:
    """Time by package; what is written in C belongs to who called it."""
    found: Counter[str] = Counter()
    for (file, _, _), (_, _, own, _, callers) in stats.stats.items():  # type: ignore[attr-defined]
        if file.startswith(("~", "<")):
            for (calling_file, _, _), (_, _, time_for_it, _) in callers.items():
                found[package_of(calling_file)] += time_for_it
        else:
            found[package_of(file)] += own
    return found


def package_of(file: str) -> str:
    path = Path(file)
    if "site-packages" in path.parts:
        return path.parts[path.parts.index("site-packages") + 1]
    if path.is_relative_to(PROJECT):
        first = path.relative_to(PROJECT).parts[0]
        return "the product" if first in OURS else "this program"
    return "Python's library"


def report(found: Mapping[str, tuple[float, Counter[str]]]) -> None:
    names = sorted({name for _, times in found.values() for name in times})
    table = Table("", *found, title="Processor time of a call")
    table.add_row("microseconds", *(f"{best:.0f}" for best, _ in found.values()))
    first = next(iter(found.values()))[1]
    for name in sorted(names, key=lambda name: -first[name]):
        table.add_row(name, *(f"{times[name] / times.total():.0%}" for _, times in found.values()))
    Console(width=100).print(table)


if __name__ == "__main__":
    sys.exit(main())
