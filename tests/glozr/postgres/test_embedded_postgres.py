"""The embedded server, really started, killed and found again."""

import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import psycopg
import pytest
from django.db import connection

from glozr.postgres.embedded import (
    ACCOUNT_UNDER_ROOT,
    DATABASE,
    PORT,
    ROLE,
    EmbeddedPostgres,
    EmbeddedPostgresError,
)

PROJECT_DIR = Path(__file__).resolve().parents[3]


@pytest.fixture
def folder() -> Iterator[Path]:
    """Not pytest's own: that closes its folders again, under a server of another account."""
    with tempfile.TemporaryDirectory(prefix="glozr-") as name:
        yield Path(name)


@pytest.fixture
def server(folder: Path) -> Iterator[EmbeddedPostgres]:
    server = EmbeddedPostgres(folder / "postgres")
    yield server
    server.stop()


def connect(socket_dir: Path) -> psycopg.Connection[tuple[str]]:
    return psycopg.connect(
        host=str(socket_dir), port=PORT, dbname=DATABASE, user=ROLE, autocommit=True
    )


def setting(socket_dir: Path, name: str) -> str:
    with connect(socket_dir) as connection:
        row = connection.execute("SELECT current_setting(%s)", [name]).fetchone()
    assert row is not None
    return row[0]


def postmaster_pid(server: EmbeddedPostgres) -> int:
    return int((server.data_dir / "postmaster.pid").read_text().split()[0])


def kill_postmaster(server: EmbeddedPostgres) -> None:
    """End it as a crash does, and wait for the kernel to have done so."""
    process = psutil.Process(postmaster_pid(server))
    process.kill()
    while process.is_running() and process.status() != psutil.STATUS_ZOMBIE:
        time.sleep(0.01)


def in_another_process(action: str, data_dir: Path) -> "subprocess.Popen[str]":
    """Do something with the same data in a process that lives until its input is closed."""
    script = (
        "import sys; from pathlib import Path\n"
        "from glozr.postgres.embedded import EmbeddedPostgres\n"
        f"print(EmbeddedPostgres(Path(sys.argv[1])).{action}, flush=True); sys.stdin.read()"
    )
    return subprocess.Popen(
        [sys.executable, "-c", script, str(data_dir)],
        cwd=PROJECT_DIR,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_it_is_durable_and_bounded_by_default(server: EmbeddedPostgres) -> None:
    socket_dir = server.ensure_running()
    names = ("fsync", "full_page_writes", "synchronous_commit", "listen_addresses", "jit")
    assert [setting(socket_dir, name) for name in names] == ["on", "on", "on", "", "off"]
    assert setting(socket_dir, "max_connections") == "200"


def test_settings_are_kept_with_the_data(folder: Path) -> None:
    server = EmbeddedPostgres(folder / "postgres", {"fsync": "off"})
    server.ensure_running()
    server.stop()
    again = EmbeddedPostgres(folder / "postgres")
    assert setting(again.ensure_running(), "fsync") == "off"
    assert again.stop()


def test_the_application_is_no_superuser(server: EmbeddedPostgres) -> None:
    assert setting(server.ensure_running(), "is_superuser") == "off"


def test_simultaneous_starts_end_in_one_server(server: EmbeddedPostgres) -> None:
    starters = [in_another_process("ensure_running()", server.data_dir) for _ in range(4)]
    answers = [starter.communicate(timeout=15) for starter in starters]
    assert [answer for answer, _ in answers] == [f"{server.data_dir}\n"] * 4, answers
    log = server.log_path.read_text()
    assert log.count("starting PostgreSQL") == 1
    assert "FATAL" not in log


def test_killed_server_comes_back_with_its_data(server: EmbeddedPostgres) -> None:
    with connect(server.ensure_running()) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 'still here' AS words")
        kill_postmaster(server)
        assert server.running_socket_dir() is None
        with connect(server.ensure_running()) as again:
            assert again.execute("SELECT words FROM kept").fetchone() == ("still here",)


def test_a_stale_process_number_that_lives_again_does_not_block(server: EmbeddedPostgres) -> None:
    server.ensure_running()
    pid_file = server.data_dir / "postmaster.pid"
    lines = pid_file.read_text().splitlines()
    server.stop()
    pid_file.write_text("\n".join([str(os.getpid()), *lines[1:]]) + "\n")
    assert server.running_socket_dir() is None
    server.ensure_running()
    assert postmaster_pid(server) != os.getpid()


def test_interrupted_set_up_is_done_over(server: EmbeddedPostgres) -> None:
    unfinished = server.data_dir.with_name("postgres.new")
    unfinished.mkdir()
    (unfinished / "PG_VERSION").write_text("18\n")
    assert setting(server.ensure_running(), "server_version").startswith("18")


@pytest.mark.parametrize("name", ["x" * 150, 'its "$HOME" `here`', "it's", "one,two"])
def test_any_path_will_do(folder: Path, name: str) -> None:
    (folder / name).mkdir()
    server = EmbeddedPostgres(folder / name / "postgres")
    socket_dir = server.ensure_running()
    assert setting(socket_dir, "data_directory") == str(server.data_dir)
    assert socket_dir.stat().st_mode & 0o077 == 0
    assert server.stop()


def test_it_outlives_the_process_that_started_it(server: EmbeddedPostgres) -> None:
    in_another_process("ensure_running()", server.data_dir).communicate(timeout=15)
    assert server.running_socket_dir() == server.data_dir


def test_the_last_user_stops_it_and_no_earlier_one(server: EmbeddedPostgres) -> None:
    server.ensure_running()
    other = in_another_process("ensure_running()", server.data_dir)
    assert other.stdout is not None
    other.stdout.readline()
    assert not server.stop_if_unused()
    assert server.running_socket_dir() is not None
    other.kill()
    other.communicate()
    server.ensure_running()
    assert server.stop_if_unused()
    assert server.running_socket_dir() is None


def test_stopping_what_does_not_run_changes_nothing(server: EmbeddedPostgres) -> None:
    assert not server.stop()
    assert not server.stop_if_unused()
    assert not server.data_dir.exists()


def test_start_waits_for_a_server_that_is_stopping(server: EmbeddedPostgres) -> None:
    server.ensure_running()
    pid = postmaster_pid(server)
    with connect(server.data_dir):
        os.kill(pid, signal.SIGTERM)  # a "smart" stop waits for its clients: us
        while server.running_socket_dir() is not None:
            time.sleep(0.01)
        threading.Timer(0.3, lambda: os.kill(pid, signal.SIGINT)).start()
        server.ensure_running()
    assert postmaster_pid(server) != pid


def test_a_broken_setting_is_told_with_the_words_of_the_log(folder: Path) -> None:
    server = EmbeddedPostgres(folder / "postgres")
    server.ensure_running()
    server.stop()
    with (server.data_dir / "postgresql.conf").open("a") as conf:
        conf.write("max_connections = many\n")
    with pytest.raises(EmbeddedPostgresError, match=r'(?s)did not start.*max_connections.*"many"'):
        server.ensure_running()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has its server run by another account")
class TestUnderRoot:
    def test_another_account_runs_it_and_the_path_is_passable(self, folder: Path) -> None:
        closed = folder / "closed"
        closed.mkdir(mode=0o700)
        server = EmbeddedPostgres(closed / "postgres")
        server.ensure_running()
        assert psutil.Process(postmaster_pid(server)).username() == ACCOUNT_UNDER_ROOT
        assert closed.stat().st_mode & 0o777 == 0o701
        assert server.data_dir.stat().st_mode & 0o777 == 0o700
        assert server.stop()

    def test_it_is_stopped_though_a_folder_above_has_been_closed_since(self, folder: Path) -> None:
        above = folder / "above"
        above.mkdir()
        server = EmbeddedPostgres(above / "postgres")
        server.ensure_running()
        above.chmod(0o700)
        assert server.stop()
        assert server.running_socket_dir() is None

    def test_a_plain_user_is_told_whose_it_is(self, server: EmbeddedPostgres) -> None:
        server.ensure_running()
        server.data_dir.parent.chmod(0o755)
        refusal = as_nobody(server.data_dir)
        assert refusal.returncode == 0, refusal.stderr
        assert "belongs to another account" in refusal.stdout

    def test_it_is_found_and_stopped_where_root_may_not_trace(
        self, server: EmbeddedPostgres
    ) -> None:
        server.ensure_running()
        untraced = subprocess.run(
            [
                *("setpriv", "--bounding-set", "-sys_ptrace", "--inh-caps", "-sys_ptrace"),
                *(sys.executable, "-m", "glozr.postgres", "stop"),
            ],
            cwd=PROJECT_DIR,
            env={**os.environ, "GLOZR_DATA_DIR": str(server.data_dir.parent), "DATABASE_URL": ""},
            capture_output=True,
            text=True,
        )
        assert untraced.stdout == "PostgreSQL stopped.\n", untraced.stderr
        assert server.running_socket_dir() is None


def as_nobody(data_dir: Path) -> "subprocess.CompletedProcess[str]":
    """Try to start it as a plain user, in a process that root has begun (and its interpreter)."""
    script = (
        "import os, sys; from pathlib import Path\n"
        "from glozr.postgres.embedded import EmbeddedPostgres, EmbeddedPostgresError\n"
        "os.setgroups([]); os.setgid(65534); os.setuid(65534)\n"
        "try: EmbeddedPostgres(Path(sys.argv[1])).ensure_running()\n"
        "except EmbeddedPostgresError as error: print(error)"
    )
    return subprocess.run(
        [sys.executable, "-c", script, str(data_dir)],
        cwd=PROJECT_DIR,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.django_db
def test_letters_do_not_depend_on_who_started_it_first() -> None:
    """The rules are PostgreSQL's own, and not those of the environment at the first start."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT datlocprovider::text, datlocale, datcollate, datctype FROM pg_database"
            " WHERE datname = current_database()"
        )
        assert cursor.fetchone() == ("b", "C.UTF-8", "C", "C")
        cursor.execute("SELECT 'Ä' ILIKE 'ä', lower('É'), 'z' < 'ä', current_setting('TimeZone')")
        assert cursor.fetchone() == (True, "é", True, "UTC")
