"""Waiting for what must become true, with a bound; nothing in these tests sleeps for a while and hopes."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")
LOOK_EVERY_S = 0.01
BUSY_MAX = 8.0


def within(promised_s: float) -> float:
    """A promise in seconds, for this machine now: while it has other things to do it is given time in proportion."""
    return promised_s * min(max(1.0, os.getloadavg()[0] / (os.cpu_count() or 1)), BUSY_MAX)


def eventually(
    read: Callable[[], T],
    holds: Callable[[T], object] = bool,
    *,
    within_s: float = 15.0,
    every_s: float = LOOK_EVERY_S,
) -> T:
    """Read until the value is one that `holds`, and return it. A failure shows what was read last."""
    began = time.monotonic()
    while not holds(value := read()):
        assert time.monotonic() - began < within(within_s), f"still so after {within_s} s: {value!r}"
        time.sleep(every_s)
    return value
