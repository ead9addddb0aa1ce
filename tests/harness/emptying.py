"""After a test that commits: the tables that hold something are emptied, and no others.

Django empties all of them and then makes its permissions and content types anew, which takes longer
than most tests; here they stay.
"""

from django.apps import apps
from django.contrib.auth.models import Permission
from django.contrib.contenttypes.models import ContentType
from django.db import connection
from django.test import TransactionTestCase

ALWAYS_THERE = (ContentType, Permission)


def tables() -> list[str]:
    """Those of all models but of what is always there."""
    return [
        model._meta.db_table
        for model in apps.get_models(include_auto_created=True)
        if model._meta.managed and not model._meta.proxy and model not in ALWAYS_THERE
    ]


def empty_what_was_written(_: TransactionTestCase) -> None:
    counts = " UNION ALL ".join(
        f"SELECT '{table}' WHERE EXISTS (SELECT FROM \"{table}\")" for table in tables()
    )
    with connection.cursor() as cursor:
        cursor.execute(counts)
        if written := [f'"{table}"' for (table,) in cursor.fetchall()]:
            cursor.execute(f"TRUNCATE {', '.join(written)} CASCADE")
