"""Functions of the database, each in a file beside the module that calls it.

`functions/NAME_vNN.sql` holds a version; a migration installs it with `InstallFunction`. What has
been released stays as it is, since installations have run it: to change a function, write the
next version and a migration for it. The newest file is what the database must hold.
"""

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ProjectState

_FILE = re.compile(r"(?P<name>[a-z_]+)_v(?P<version>\d\d)\.sql")


class FunctionChanged(Exception):
    """A version that a migration installs is not the one that was released."""


@dataclass(frozen=True, slots=True)
class FunctionFile:
    name: str
    version: int
    path: Path

    @property
    def sql(self) -> str:
        return self.path.read_text()

    @property
    def digest(self) -> str:
        return hashlib.sha256(self.sql.encode()).hexdigest()[:16]


def function_file(room: str, name: str, version: int) -> FunctionFile:
    """The file of a version of a function of `room`, a package such as `experiments.results`."""
    return FunctionFile(name, version, _folder(room) / f"{name}_v{version:02}.sql")


def newest_functions(room: str) -> Iterator[FunctionFile]:
    """What the database must hold of the room's functions."""
    newest: dict[str, FunctionFile] = {}
    for path in sorted(_folder(room).glob("*.sql")):
        if match := _FILE.fullmatch(path.name):
            newest[match["name"]] = FunctionFile(match["name"], int(match["version"]), path)
    yield from newest.values()


def _folder(room: str) -> Path:
    spec = find_spec(room)
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError(room)
    return Path(spec.origin).parent / "functions"


class InstallFunction(Operation):
    """Install a version of a function; backwards, the version before it, or none.

    `digest` is the beginning of the file's SHA-256, as it was released; `before` is the SQL of what
    the first version in a file replaces, if anything.
    """

    reduces_to_sql = True

    def __init__(
        self, room: str, name: str, *, version: int, digest: str, before: str = ""
    ) -> None:
        self.room, self.name, self.version, self.digest = room, name, version, digest
        self.before = before

    def deconstruct(self) -> tuple[str, list[Any], dict[str, Any]]:
        arguments = {"version": self.version, "digest": self.digest, "before": self.before}
        return type(self).__qualname__, [self.room, self.name], arguments

    def state_forwards(self, app_label: str, state: ProjectState) -> None:
        """Models know nothing of it."""

    def database_forwards(
        self,
        app_label: str,
        schema_editor: BaseDatabaseSchemaEditor,
        from_state: ProjectState,
        to_state: ProjectState,
    ) -> None:
        file = function_file(self.room, self.name, self.version)
        if file.digest != self.digest:
            raise FunctionChanged(
                f"{file.path.name} is no longer what was released ({self.digest}, now "
                f"{file.digest}). Put it back, and write the change as the next version."
            )
        schema_editor.execute(file.sql, params=None)

    def database_backwards(
        self,
        app_label: str,
        schema_editor: BaseDatabaseSchemaEditor,
        from_state: ProjectState,
        to_state: ProjectState,
    ) -> None:
        schema_editor.execute(f"DROP FUNCTION {self.name}", params=None)
        if self.version > 1:
            before = function_file(self.room, self.name, self.version - 1)
            schema_editor.execute(before.sql, params=None)
        elif self.before:
            schema_editor.execute(self.before, params=None)

    def describe(self) -> str:
        return f"Install version {self.version} of {self.name}"
