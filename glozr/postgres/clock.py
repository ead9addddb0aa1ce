"""The database's clock, the only one that what happens at a moment goes by."""

from datetime import datetime

from django.db import connection


def database_time() -> datetime:
    """This moment; not the beginning of the transaction, which may have waited since."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        now: datetime = cursor.fetchone()[0]
    return now
