"""The database holds the functions that stand in files beside their modules, and no others."""

from collections.abc import Iterator
from importlib import import_module
from pkgutil import walk_packages

import pytest
from django.db import connection
from django.db.migrations.state import ProjectState

import experiments
from glozr.postgres.functions import (
    FunctionChanged,
    FunctionFile,
    InstallFunction,
    newest_functions,
)

pytestmark = pytest.mark.django_db


def files() -> Iterator[FunctionFile]:
    for package in walk_packages(experiments.__path__, "experiments."):
        if package.ispkg:
            yield from newest_functions(package.name)


FILES = {file.name: file for file in files()}


def installed(name: str) -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_get_functiondef(oid) FROM pg_proc WHERE proname = %s", [name])
        ((definition,),) = cursor.fetchall()
    return str(definition)


def replace(sql: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql.replace("CREATE FUNCTION", "CREATE OR REPLACE FUNCTION", 1))


@pytest.mark.parametrize("name", FILES)
def test_what_is_installed_is_the_newest_file(name: str) -> None:
    before = installed(name)
    replace(FILES[name].sql)
    assert installed(name) == before


@pytest.mark.parametrize("name", FILES)
def test_another_text_would_be_seen(name: str) -> None:
    before = installed(name)
    replace(FILES[name].sql.replace("BEGIN", "BEGIN\n    -- changed", 1))
    assert installed(name) != before


def test_no_function_is_without_a_file() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT proname FROM pg_proc WHERE pronamespace = 'public'::regnamespace")
        assert {name for (name,) in cursor.fetchall()} == FILES.keys()


def test_a_released_file_that_was_changed_is_not_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    operation = InstallFunction("experiments.results", "lock_fold", version=1, digest="0" * 16)
    state = ProjectState()
    with connection.schema_editor() as editor, pytest.raises(FunctionChanged, match="next version"):
        operation.database_forwards("experiments", editor, state, state)


def test_backwards_leads_to_the_version_before() -> None:
    migration = import_module("experiments.migrations.0006_one_lock_of_the_fold").Migration
    now = installed("fold_pending_counts")
    state = ProjectState()
    (operation,) = [
        each for each in migration.operations if getattr(each, "name", "") == "fold_pending_counts"
    ]
    with connection.schema_editor() as editor:
        operation.database_backwards("experiments", editor, state, state)
    then = installed("fold_pending_counts")
    assert then != now
    assert "pg_try_advisory_xact_lock" in then
    with connection.schema_editor() as editor:
        operation.database_forwards("experiments", editor, state, state)
    assert installed("fold_pending_counts") not in (then, now)  # a later migration's is newer
