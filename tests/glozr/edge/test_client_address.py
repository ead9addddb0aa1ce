"""Where a call comes from: what our proxies say, and nothing that a caller does."""

from typing import Any

import pytest

from glozr.edge.client_address import client_address


@pytest.mark.parametrize(
    ("proxies", "remote", "forwarded", "address"),
    [
        (0, "203.0.113.9", "", "203.0.113.9"),
        (0, "203.0.113.9", "198.51.100.1", "203.0.113.9"),
        (0, "2001:DB8::1", "", "2001:db8::1"),
        (0, "::ffff:203.0.113.9", "", "203.0.113.9"),
        (0, "fe80::1%eth0", "", "fe80::1"),
        (0, "", "", None),
        (1, "10.0.0.1", "203.0.113.9", "203.0.113.9"),
        (1, "10.0.0.1", "198.51.100.1, 203.0.113.9", "203.0.113.9"),
        (1, "10.0.0.1", "198.51.100.1,203.0.113.9", "203.0.113.9"),
        (2, "10.0.0.1", "198.51.100.1, 203.0.113.9, 10.0.0.2", "203.0.113.9"),
        (1, "10.0.0.1", "", None),
        (2, "10.0.0.1", "203.0.113.9", None),
        (1, "10.0.0.1", "unknown", None),
        (1, "10.0.0.1", "203.0.113.9, <script>", None),
    ],
)
def test_of(settings: Any, proxies: int, remote: str, forwarded: str, address: str | None) -> None:
    settings.PROXY_COUNT = proxies
    meta = {"REMOTE_ADDR": remote} | ({"HTTP_X_FORWARDED_FOR": forwarded} if forwarded else {})
    assert client_address(meta) == address
