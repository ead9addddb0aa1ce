"""Time zones by name, whatever the machine knows of them."""

from zoneinfo import ZoneInfo


def zone(name: str) -> ZoneInfo:
    """The zone, or UTC for a name that this machine does not know."""
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return ZoneInfo("UTC")
