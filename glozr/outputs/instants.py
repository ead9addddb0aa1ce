"""How an instant is written for programs: in UTC, with six digits and `Z`."""

from datetime import UTC, datetime

INSTANT_FORMAT = "%Y-%m-%dT%H:%M:%S.%fZ"
"""For `strftime`, of a time in UTC; what REST framework writes by itself has this form too."""


def written(moment: datetime) -> str:
    """`2025-11-24T09:30:00.000000Z`: as long for whole seconds as for others, so that it sorts."""
    return f"{moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec='microseconds')}Z"
