"""The address that is served: whether it is free, and a worker's share of it."""

import errno
import socket

from glozr.serving.patience import WRITE_SECONDS

BACKLOG = 2_048
PORT_IN_USE = "Port {port} is in use."
SPARE_SECONDS = 8
KERNEL_BYTES = 128 * 1024
"""What the kernel may hold of an answer that is not read; it takes twice as much."""


def refused_address(host: str, port: int) -> str | None:
    """Why nothing can listen there."""
    if not 1 <= port <= 65_535:
        return f"A port is a number from 1 to 65535, not {port}."
    try:
        with _socket(host) as probe:
            probe.bind((host, port))
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            return PORT_IN_USE.format(port=port)
        return f"Cannot listen on {host}, port {port}: {error.strerror}."
    return None


def shared_socket(host: str, port: int) -> socket.socket:
    """One that is bound there, beside the others of this server: the kernel deals out clients.

    Whoever connects is given its limits. TCP_USER_TIMEOUT has the kernel end who takes nothing of
    what it holds, should the client not have been reset before.
    """
    one = _socket(host)
    one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    one.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, KERNEL_BYTES)
    one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    if user_timeout := getattr(socket, "TCP_USER_TIMEOUT", None):  # Linux
        one.setsockopt(socket.IPPROTO_TCP, user_timeout, (WRITE_SECONDS + SPARE_SECONDS) * 1_000)
    one.bind((host, port))
    return one


def _socket(host: str) -> socket.socket:
    one = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    return one
