"""Waiting for what must become true, with a bound; nothing in these tests sleeps for a while and hopes."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")
LOOK_EVERY_S = 0.01


def eventually(read: Callable[[], T], holds: Callable[[T], object] = bool, *, within_s: float = 15.0) -> T:
    """Read until the value is one that `holds`, and return it. A failure shows what was read last."""
    deadline = time.monotonic() + within_s
    while not holds(value := read()):
        assert time.monotonic() < deadline, f"still so after {within_s} s: {value!r}"
        time.sleep(LOOK_EVERY_S)
    return value
