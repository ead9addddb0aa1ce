"""How many requests: each limit once. The README lists them all, with those of other kinds."""

import math
from dataclasses import dataclass
from functools import cache

from django.conf import settings

from glozr.errors import TooSoon
from glozr.observe.metrics import LIMITS_HIT
from glozr.rates.shared import Moments


@dataclass(frozen=True, slots=True)
class Rate:
    """So many a second, and as many as `burst` seconds are worth at once; none for no limit."""

    name: str
    setting: str
    burst: float
    detail: str


CALLS_OF_TOKEN = Rate(
    "token",
    "TOKEN_RATE",
    10.0,
    "This token calls too often. Wait for the seconds in Retry-After and send it again.",
)
CALLS_OF_ADDRESS = Rate(
    "caller's address",
    "TOKEN_RATE",
    10.0,
    "Too many calls come from your address. Wait for the seconds in Retry-After and send it again.",
)
REQUESTS_OF_ADDRESS = Rate(
    "address",
    "ADDRESS_RATE",
    10.0,
    "Too many requests come from your address. Wait a moment, then try again.",
)


def count_request(rate: Rate, key: str | None) -> None:
    """Count a request of `key`; nobody is counted whose key can't be known.

    Raises:
        TooSoon: it is beyond the limit.
    """
    a_second = getattr(settings, rate.setting)
    if not a_second or key is None:
        return
    wait = _moments().wait(rate.name + key, interval=1 / a_second, burst=rate.burst)
    if wait:
        LIMITS_HIT.labels(rate.name).inc()
        raise TooSoon(rate.detail, seconds=math.ceil(wait))


def count_address(rate: Rate, address: str | None) -> None:
    """As `count_request`; this machine's own is not counted, as everybody has it behind a proxy
    that we were not told of.

    Raises:
        TooSoon: it is beyond the limit.
    """
    if address is not None and not _is_this_machine(address):
        count_request(rate, address)


def _is_this_machine(address: str) -> bool:
    return address.startswith("127.") or address == "::1"


@cache
def _moments() -> Moments:
    return Moments(settings.DATA_DIR / "metrics" / "rates")
