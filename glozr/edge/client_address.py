"""Where a request comes from, behind the proxies that are ours."""

from collections.abc import Mapping
from functools import lru_cache
from ipaddress import IPv6Address, ip_address
from typing import Any

from django.conf import settings

KEPT_LENGTH = 64
"""Of an address as it is sent; what is longer is no usual one, and is read anew each time."""


def client_address(meta: Mapping[str, Any]) -> str | None:
    """The address of who called the outermost of our proxies; None where it can't be known.

    Each proxy adds whom it was called by at the end of `X-Forwarded-For`. What stands before those
    entries was sent by the caller, and may be anything.
    """
    if not settings.PROXY_COUNT:
        return _address(str(meta.get("REMOTE_ADDR", "")))
    entries = str(meta.get("HTTP_X_FORWARDED_FOR", "")).split(",")
    if len(entries) < settings.PROXY_COUNT:  # it did not come through all of them
        return None
    return _address(entries[-settings.PROXY_COUNT])


def _address(text: str) -> str | None:
    address = text.strip()
    return _read(address) if len(address) <= KEPT_LENGTH else _read.__wrapped__(address)


@lru_cache(maxsize=4096)
def _read(text: str) -> str | None:
    try:
        address = ip_address(text)
    except ValueError:
        return None
    if isinstance(address, IPv6Address):
        return str(address.ipv4_mapped or address).partition("%")[0]
    return str(address)
