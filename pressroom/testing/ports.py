"""Ports for servers under test, chosen by us so that a restarted server has the same address again."""

from __future__ import annotations

import random
import socket


def free_ports(count: int = 1, host: str = "127.0.0.1") -> list[int]:
    """Ports in a row that nobody listens on, from below the range that outgoing connections take theirs from.

    Another process may be quicker to listen there: whoever starts a server tries again with others.
    """
    for first in random.sample(range(20_000, 30_000, count), k=50):
        if all(_is_free(host, port) for port in range(first, first + count)):
            return list(range(first, first + count))
    raise RuntimeError(f"no {count} free ports in a row between 20000 and 30000")


def _is_free(host: str, port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind((host, port))
        except OSError:
            return False
        return True
