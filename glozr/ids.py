"""Identifiers that sort by the time they were made."""

from uuid import UUID

from uuid_utils.compat import uuid7


def new_id() -> UUID:
    """A version 7 UUID, so that new rows stay at the end of an index."""
    return uuid7()


def uuid_or_none(text: str) -> UUID | None:
    """The UUID that a person typed or pasted, if it is one."""
    try:
        return UUID(text)
    except ValueError:
        return None
