"""`make run`: the database, a production server with the demo, and live simulated visitors."""

import argparse
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.db import OperationalError

from glozr.postgres.config import embedded_server
from glozr.server import WORKERS
from glozr.serving.sockets import PORT_IN_USE, refused_address

READY_TIMEOUT_SECONDS = 60
CHILD_STOP_SECONDS = 25
VISITORS_A_MINUTE = 2
MANAGE = (sys.executable, "manage.py")
EVERY_ADDRESS = {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}


class Stopped(Exception):
    """Somebody asked for an end."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until Ctrl-C or SIGTERM; returns the exit code."""
    parser = argparse.ArgumentParser(prog="make run", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8000)
    parser.add_argument(
        "--visitors", type=int, help="so many at once, 0 for none; unless given they keep coming"
    )
    parser.add_argument(
        "--empty", action="store_true", help="begin with an agent whom nobody has written to"
    )
    options = parser.parse_args(arguments)
    if refusal := _refusal(options.host, options.port) or _refused_workers():
        print(refusal, file=sys.stderr)
        return 1
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _stop)
    os.environ.setdefault("GLOZR_DEMO", "1")
    os.environ["DJANGO_SETTINGS_MODULE"] = "glozr.settings"
    os.environ.setdefault("GLOZR_SITE_URL", _url(options.host, options.port))
    try:
        demo = _prepare(with_story=not options.empty)
        return _serve(options.host, options.port, options.visitors, demo)
    except Stopped:
        return 0
    except subprocess.CalledProcessError as error:
        return error.returncode
    except ImproperlyConfigured as error:
        print(error, file=sys.stderr)
        return 1
    except OperationalError as error:
        print(f"The database does not answer: {error}", file=sys.stderr)
        return 1
    finally:
        if not os.environ.get("DATABASE_URL"):
            embedded_server().stop_if_unused()


def _serve(host: str, port: int, visitors: int | None, demo: Mapping[str, Any]) -> int:
    url = _url(host, port)
    shop_port = _free_port_from(host, port + 1)
    os.environ["GLOZR_DEMO_SHOP_PORT"] = str(shop_port)
    with ExitStack() as children:
        server = children.enter_context(
            _running(server_command(host, port, workers=int(_workers())))
        )
        _wait_until_ready(url, server)
        children.enter_context(_running((*MANAGE, "run_background")))
        os.environ["GLOZR_TOKEN"] = demo["token"]
        children.enter_context(_running(_shop(host, shop_port, url, demo)))
        _introduce(url, demo)
        if visitors is None:
            children.enter_context(_running(_traffic(url, demo, _gently())))
        elif visitors:
            with _running(_traffic(url, demo, _at_once(visitors))) as traffic:
                traffic.wait()
            print(f"\nServing on {url} until Ctrl-C.", flush=True)
        return server.wait()


def _url(host: str, port: int) -> str:
    name = EVERY_ADDRESS.get(host, host)
    return f"http://[{name}]:{port}" if ":" in name else f"http://{name}:{port}"


def _prepare(*, with_story: bool) -> Mapping[str, Any]:
    """The database migrated, static files collected, the demo made; in one process, for speed."""
    import django
    from django.core.management import call_command

    django.setup()
    from django.db import connection

    from experiments.demo import seeding
    from glozr.observe.metrics import forget_earlier_processes

    forget_earlier_processes()
    call_command("migrate", interactive=False, verbosity=0)
    collect_static()
    seeded = seeding.seed(with_story=with_story).as_json()
    connection.close()
    return seeded


def collect_static() -> None:
    """Collect the pages' files, unless they are those of last time: it takes two seconds."""
    from django.conf import settings
    from django.contrib.staticfiles.finders import get_finders
    from django.core.management import call_command

    found = [
        (name, Path(storage.path(name)).stat())
        for finder in get_finders()
        for name, storage in finder.list([])
    ]
    present = repr(sorted((name, stat.st_size, stat.st_mtime_ns) for name, stat in found))
    note = settings.DATA_DIR / "static.collected"
    manifest = settings.STATIC_ROOT / "staticfiles.json"
    if manifest.exists() and note.exists() and note.read_text() == present:
        return
    settings.STATIC_ROOT.mkdir(parents=True, exist_ok=True)
    call_command("collectstatic", interactive=False, verbosity=0)
    note.write_text(present)


def server_command(
    host: str, port: int, *, workers: int, application: str = "glozr.wsgi:application"
) -> tuple[str, ...]:
    """The production server: processes in which one thread answers visitors' calls, with its own
    connection and its prepared statements."""
    return (
        *(sys.executable, "-m", "glozr.server", application),
        *("--host", host, "--port", str(port), "--workers", str(workers)),
    )


def _traffic(url: str, demo: Mapping[str, Any], pace: Sequence[str]) -> tuple[str, ...]:
    return (
        *MANAGE,
        *("simulate_traffic", "--agent", demo["agent"], "--token", demo["token"]),
        *("--base-url", url, *pace, "--leads", "0.16", "--messages", "2.5"),
        *("--variant", "Aria:leads=0.2,messages=3.2"),
    )


def _gently() -> Sequence[str]:
    return ("--per-minute", str(VISITORS_A_MINUTE))


def _at_once(visitors: int) -> Sequence[str]:
    return ("--visitors", str(visitors), "--concurrency", "4")


def _shop(host: str, port: int, url: str, demo: Mapping[str, Any]) -> tuple[str, ...]:
    """A customer's site, which has the token in its environment."""
    return (
        *(sys.executable, "-m", "experiments.demo.shop", "--host", host, "--port", str(port)),
        *("--glozr", url, "--agent", demo["agent"]),
    )


def _tied(command: Sequence[str]) -> tuple[str, ...]:
    """The command, to be ended by the kernel should we be killed (where there is setpriv)."""
    tie = ("setpriv", "--pdeathsig", "TERM", "--") if shutil.which("setpriv") else ()
    return (*tie, *command)


@contextmanager
def _running(command: Sequence[str]) -> Iterator[subprocess.Popen[bytes]]:
    """The command as a child that does not outlive this block, in a group of its own so that
    Ctrl-C reaches it through us, in order."""
    process = subprocess.Popen(_tied(command), start_new_session=True)
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(CHILD_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _wait_until_ready(url: str, server: subprocess.Popen[bytes]) -> None:
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    give_up = time.monotonic() + READY_TIMEOUT_SECONDS
    while time.monotonic() < give_up:
        if server.poll() is not None:
            raise subprocess.CalledProcessError(server.returncode or 1, server.args)
        try:
            with direct.open(f"{url}/readyz", timeout=2):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.05)
    print("The server does not become ready. See its messages above.", file=sys.stderr)
    raise subprocess.CalledProcessError(1, server.args)


def _introduce(url: str, demo: Mapping[str, Any]) -> None:
    body = json.dumps({"visitor_id": "visitor-1"})
    sign_ins = "\n".join(
        f"  {user['role'].title():7} {user['email']:20} {user['password']}"
        for user in demo["users"]
    )
    print(
        f"""
Glozr A/B experiments is at {url}

Sign in (or press one of the demo buttons there):
{sign_ins}

A customer's site with this agent's chat: {url}/demo/shop/
API documentation: {url}/api/docs/
Ask for a visitor's variant:
  curl -s {url}/api/v1/agents/{demo["agent"]}/assignments/ \\
    -H 'Authorization: Bearer {demo["token"]}' \\
    -H 'Content-Type: application/json' -d '{body}'
""",
        flush=True,
    )


def _refusal(host: str, port: int) -> str | None:
    """Why nothing can listen there, found before anything is started."""
    refusal = refused_address(host, port)
    if refusal == PORT_IN_USE.format(port=port):
        return f"{refusal} Choose another: make run PORT={port + 1}"
    return refusal


def _free_port_from(host: str, port: int) -> int:
    """`port`, or any other that is free."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    for wanted in (port if port <= 65_535 else 0, 0):
        with socket.socket(family) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((host, wanted))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    return 0


def _workers() -> str:
    return os.environ.get("GLOZR_WORKERS", "").strip() or str(WORKERS)


def _refused_workers() -> str | None:
    text = _workers()
    if re.fullmatch(r"[1-9]\d{0,2}", text, re.ASCII):
        return None
    return f"GLOZR_WORKERS is a number from 1 to 999, not {text}."


def _stop(number: int, frame: FrameType | None) -> None:
    for ours in (signal.SIGINT, signal.SIGTERM):
        signal.signal(ours, signal.SIG_IGN)
    raise Stopped


if __name__ == "__main__":
    sys.exit(main())
