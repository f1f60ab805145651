"""Ports of loopback that nobody listens at. No test is here."""

from __future__ import annotations

import socket


def free_ports(number: int) -> list[int]:
    """For programs that cannot be told to take any free one."""
    sockets = [socket.socket() for _ in range(number)]
    for one in sockets:
        one.bind(("127.0.0.1", 0))
    found = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return found
