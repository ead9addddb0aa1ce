"""Whether two revisions answer alike: the same calls, right and wrong, to both.

git worktree add /somewhere/else REVISION
python -m bench.replay /somewhere/else [--calls 10000]

Each has a copy of one database, as this revision migrates it, and gets the calls in the same
order. Status, headers and body must be the same, but for ids and instants made for the call: one
difference makes the program end with an error.
"""

import argparse
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from urllib.parse import quote, urlsplit

import httpx
import psycopg
from rich.progress import track

from bench.dataset import Size, fill
from bench.replay.calls import Callers, Got, Sent, calls, differences
from bench.stack import PROJECT, Stack, free_port, wait_for
from glozr.run import server_command

MOST_SHOWN = 20
SIZE = Size(agents=20, experiments=10, assignments=1_000)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("old", type=Path, help="a work tree of the revision to compare with")
    parser.add_argument("--calls", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="glozr-bench-") as folder, ExitStack() as running:
        stack = Stack(Path(folder))
        running.callback(stack.close)
        stack.prepare()
        fill(stack.dsn(), stack.demo["workspace"], SIZE)
        with psycopg.connect(f"{stack.dsn()} dbname=postgres", autocommit=True) as database:
            database.execute("CREATE DATABASE beside TEMPLATE glozr")
        clients = [
            running.enter_context(_client(stack, place, name))
            for place, name in ((options.old, "glozr"), (PROJECT, "beside"))
        ]
        return _compare(clients, calls(_callers(stack), options.calls, options.seed), options.calls)


def _callers(stack: Stack) -> Callers:
    agents = [f"a0000000-0000-4000-8000-{number:012x}" for number in range(1, 21)]
    strangers = ["a0000000-0000-4000-8000-0000000000ff", "00000000-0000-0000-0000-000000000000"]
    return Callers([*agents, stack.demo["agent"]], strangers, [stack.demo["token"]])


@contextmanager
def _client(stack: Stack, place: Path, database: str) -> Iterator[httpx.Client]:
    """Of a server of the work tree at `place`, on a database of its own."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    socket_dir = quote(str(stack.postgres.running_socket_dir()), safe="")
    environment = {
        **stack.environment,
        "DATABASE_URL": f"postgresql://glozr@{socket_dir}/{database}",
        "GLOZR_DATA_DIR": str(stack.data_dir / database),
        "PYTHONHASHSEED": "0",  # the order of what is a set: unknown fields, directives of a policy
    }
    own = Path(environment["GLOZR_DATA_DIR"])
    own.mkdir()
    (own / "static").symlink_to(stack.data_dir / "static")  # which pages of errors need
    process = subprocess.Popen(
        server_command("127.0.0.1", port, workers=1),
        cwd=place,
        env=environment,
        start_new_session=True,
    )
    try:
        wait_for(f"{url}/healthz")
        with httpx.Client(base_url=url, timeout=30) as client:
            yield client
    finally:
        process.terminate()
        process.wait(30)


def _compare(clients: Sequence[httpx.Client], sent: Iterator[Sent], number: int) -> int:
    statuses: Counter[int] = Counter()
    unlike = 0
    for call in track(sent, total=number, description="Calls"):
        one, other = (_ask(client, call) for client in clients)
        statuses[one.status] += 1
        if found := differences(call, one, other):
            unlike += 1
            if unlike <= MOST_SHOWN:
                print(call, *found, sep="\n  ", flush=True)
    told = ", ".join(f"{count:,} of {status}" for status, count in sorted(statuses.items()))
    print(f"{number:,} calls, {unlike:,} answered otherwise. Statuses: {told}")
    return 1 if unlike else 0


def _ask(client: httpx.Client, sent: Sent) -> Got:
    """In chunks, without a length, now and then."""
    is_chunked = sent.method == "POST" and len(sent.body) % 5 == 0
    body = iter([sent.body]) if is_chunked else sent.body
    parts = urlsplit(sent.path)
    url = httpx.URL(str(client.base_url)).copy_with(
        raw_path=(parts.path + (f"?{parts.query}" if parts.query else "")).encode()
    )
    answer = client.request(sent.method, url, content=body, headers=dict(sent.headers))
    return Got(
        answer.status_code,
        {name.lower(): value for name, value in answer.headers.items()},
        answer.content,
    )


if __name__ == "__main__":
    sys.exit(main())
