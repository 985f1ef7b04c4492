"""How a process uses memory: told once, when everything is imported and before its threads begin."""

from __future__ import annotations

import ctypes
import gc
from contextlib import suppress
from typing import Final

OBJECTS_BETWEEN_LOOKS: Final = 10_000
"""Python's own 700 makes it look for dead cycles many times while one feed is read, and hardly any of ours are any."""
ARENAS_MAX: Final = 2
_M_ARENA_MAX: Final = -8
"""mallopt(3). glibc would give nearly every thread an arena of its own, and keep in each what it once needed."""


def settle() -> None:
    """Keep what is imported out of the collector's rounds, make those rarer, and bound the allocator's arenas."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(OBJECTS_BETWEEN_LOOKS, 10, 10)
    with suppress(OSError, AttributeError):  # another C library has no such thing
        ctypes.CDLL(None).mallopt(_M_ARENA_MAX, ARENAS_MAX)
