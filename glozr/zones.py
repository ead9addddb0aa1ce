"""Time zones by name, whatever the machine knows of them."""

from datetime import datetime
from functools import cache
from zoneinfo import ZoneInfo, available_timezones


@cache
def time_zones() -> frozenset[str]:
    """The names that this machine knows; kept, because to find them opens some 600 files."""
    return frozenset(available_timezones())


def zone(name: str) -> ZoneInfo:
    """The zone, or UTC for a name that this machine does not know."""
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return ZoneInfo("UTC")


def moment_in_words(moment: datetime, name: str) -> str:
    """On the clock of the zone of that name: `27 Nov 2026, 18:13`."""
    return f"{moment.astimezone(zone(name)):%d %b %Y, %H:%M}"
