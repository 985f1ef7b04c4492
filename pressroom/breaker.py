"""The breaker: a bad deploy must not drain a queue into the dead. Pure; times are seconds of one monotonic clock."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

from pressroom.backoff import MANY


@dataclass(frozen=True, slots=True)
class BreakerRules:
    """Opens when at least `least` messages and the `share` of all were given up or bugs within `window_s`."""

    window_s: float = 60.0
    least: int = 20
    share: float = 0.5
    cool_down_s: float = 30.0


class Breaker:
    """Counts how messages ended. Open, it lets none through for a while, then one; that one decides."""

    def __init__(self, rules: BreakerRules) -> None:
        self._rules = rules
        self._seconds: deque[tuple[int, int, int]] = deque()
        self._until: float | None = None

    @property
    def is_open(self) -> bool:
        return self._until is not None

    def record(self, now: float, *, bad: bool) -> None:
        if self._until is None:
            self._count(now, bad=bad)
            if self._is_too_bad():
                self._until = now + self._rules.cool_down_s
        elif now >= self._until:
            self._until = now + self._rules.cool_down_s if bad else None
            self._seconds.clear()

    def allowance(self, now: float) -> int:
        if self._until is None:
            return MANY
        return 0 if now < self._until else 1

    def next_change(self, now: float) -> float | None:
        return self._until if self._until is not None and self._until > now else None

    def _count(self, now: float, *, bad: bool) -> None:
        second = int(now)
        handled, spoiled = 1, int(bad)
        if self._seconds and self._seconds[-1][0] == second:
            _, before, spoiled_before = self._seconds.pop()
            handled, spoiled = before + 1, spoiled_before + int(bad)
        self._seconds.append((second, handled, spoiled))
        while self._seconds[0][0] <= second - self._rules.window_s:
            self._seconds.popleft()

    def _is_too_bad(self) -> bool:
        handled = sum(count for _, count, _ in self._seconds)
        spoiled = sum(count for _, _, count in self._seconds)
        return spoiled >= self._rules.least and spoiled >= self._rules.share * handled
