"""How often somebody may guess the password. Nobody is ever locked out for good."""

from __future__ import annotations

import threading
from collections import deque
from typing import Final

from cachetools import TTLCache

from pressroom.clock import Clock

FREE: Final = 5
"""So many wrong tries cost nothing but themselves."""

WAIT_MAX_S: Final = 300.0
FORGET_S: Final = 3600.0
STRANGERS_MINUTE: Final = 60
"""All strangers together, in a process. A browser that was signed in before is none, nor is this machine itself."""

NAMES_MAX: Final = 20_000


class _Tries:
    __slots__ = ("count", "next_s")

    def __init__(self) -> None:
        self.count = 0
        self.next_s = 0.0


class Throttle:
    """Counts tries by name (an address class or a known browser) before they are made, and takes back the good ones."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._names: TTLCache[str, _Tries] = TTLCache(NAMES_MAX, FORGET_S, timer=clock.monotonic)
        self._strangers: deque[float] = deque()

    def wait_s(self, name: str, *, stranger: bool) -> float:
        """0.0: try it now; it is counted. Else nothing is counted, and so many seconds are to be waited."""
        now = self._clock.monotonic()
        with self._lock:
            tries = self._names.setdefault(name, _Tries())
            if now < tries.next_s:
                return tries.next_s - now
            while self._strangers and self._strangers[0] <= now - 60:
                self._strangers.popleft()
            if stranger and len(self._strangers) >= STRANGERS_MINUTE:
                return self._strangers[0] + 60 - now
            tries.count += 1
            if tries.count >= FREE:
                tries.next_s = now + min(2.0 ** (tries.count - FREE + 1), WAIT_MAX_S)
            if stranger:
                self._strangers.append(now)
            return 0.0

    def was_right(self, name: str, *, stranger: bool) -> None:
        with self._lock:
            self._names.pop(name, None)
            if stranger and self._strangers:
                self._strangers.pop()
