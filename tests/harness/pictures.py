"""Rows that many tests begin with, stored once by the services and then again from a picture.

A cast takes some two hundred statements and validations. The rows that come of them are the same
for each test, but for their ids and times; those are new in every copy, because a process may keep
answers under an id, and tests ask what happened of late.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection
from django.utils import timezone

from glozr.ids import new_id
from tests.harness.emptying import tables

ID = re.compile(r"\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b")
TIME = re.compile(r'"(\d{4}-\d\d-\d\dT[\d:.]+\+00:00)"')


@dataclass(frozen=True)
class Picture:
    """All rows of a database in which nothing else was, by table, as JSON."""

    rows: Mapping[str, str]
    permissions: int
    taken_at: datetime

    @property
    def still_fits(self) -> bool:
        """Whether permissions have the ids that are in the picture: some tests migrate."""
        return self.permissions == _permissions()

    def store(self) -> Mapping[str, str]:
        """Store the rows again, and return the new id of each old one."""
        old_ids = sorted(set(ID.findall("".join(self.rows.values()))))
        new = {old: str(new_id()) for old in old_ids}
        passed = timezone.now() - self.taken_at
        statements = ";".join(
            f'INSERT INTO "{table}" SELECT * FROM json_populate_recordset(NULL::"{table}", %s)'
            for table in self.rows
        )
        with connection.cursor() as cursor:
            cursor.execute(statements, [_anew(rows, new, passed) for rows in self.rows.values()])
        return new


def take() -> Picture:
    found = {}
    with connection.cursor() as cursor:
        for table in tables():
            cursor.execute(f'SELECT json_agg(t) FROM "{table}" t')
            if rows := cursor.fetchone()[0]:
                found[table] = rows if isinstance(rows, str) else json.dumps(rows)
    return Picture(found, _permissions(), timezone.now())


def is_empty() -> bool:
    return not take().rows


def _permissions() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT coalesce(max(id), 0) FROM auth_permission")
        return int(cursor.fetchone()[0])


def _anew(rows: str, ids: Mapping[str, str], passed: timedelta) -> str:
    rows = ID.sub(lambda old: ids[old[0]], rows)
    return TIME.sub(lambda old: f'"{(datetime.fromisoformat(old[1]) + passed).isoformat()}"', rows)
