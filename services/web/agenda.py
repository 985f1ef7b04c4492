"""When which copy is checked: decisions only, no I/O; times are seconds of a clock that never goes back."""

from __future__ import annotations

import random
import threading
from collections.abc import Iterable
from dataclasses import dataclass

from services.web.copies import Found
from services.web.kinds import Rules

SWEEP_S = 60.0
"""Over how long all copies are checked when notices may have been missed: nobody's store takes a thousand at once."""

DOWN_FIRST_S = 1.0
DOWN_MOST_S = 30.0
AT_ONCE = float("-inf")


@dataclass(slots=True)
class _Item:
    due_s: float
    content_s: float
    running: bool = False
    again: bool = False


class Agenda:
    """The keys a node keeps, each with the moment it is to be checked. Safe to use from any thread."""

    def __init__(self, rules: Rules, rng: random.Random) -> None:
        self._rules = rules
        self._rng = rng
        self._lock = threading.Lock()
        self._items: dict[str, _Item] = {}
        self._down_until_s = AT_ONCE
        self._down_rounds = 0

    def want(self, keys: Iterable[str], now_s: float) -> None:
        """Keep exactly these keys: new ones are due now, in the order given; the others are forgotten."""
        with self._lock:
            old = self._items
            self._items = {}
            for key in keys:
                self._items[key] = old.get(key) or _Item(due_s=now_s, content_s=now_s)

    def also(self, key: str, now_s: float) -> None:
        """Keep this key too, until the next `want` says otherwise; due now."""
        with self._lock:
            self._items.setdefault(key, _Item(due_s=now_s, content_s=now_s))

    def kept(self) -> list[str]:
        with self._lock:
            return list(self._items)

    def hurry(self, key: str) -> bool:
        """A notice: check this key before all others; False when it is none of ours."""
        with self._lock:
            item = self._items.get(key)
            if item is None:
                return False
            item.due_s = AT_ONCE
            item.again = item.running
            return True

    def sweep(self, now_s: float) -> None:
        """Notices may have been missed: check everything, the sites' own documents first, spread over a minute."""
        with self._lock:
            for key, item in self._items.items():
                spread_s = 0.0 if key.startswith("sites/") else self._rng.uniform(0, SWEEP_S)
                item.due_s = min(item.due_s, now_s + spread_s)

    def next(self, now_s: float) -> tuple[str | None, float]:
        """The key to check now, marked as under way; else None and for how many seconds there is nothing to do."""
        with self._lock:
            idle = [(item.due_s, key) for key, item in self._items.items() if not item.running]
            if not idle:
                return None, SWEEP_S
            due_s, key = min(idle, key=lambda pair: pair[0])
            due_s = max(due_s, self._down_until_s)
            if due_s > now_s:
                return None, due_s - now_s
            self._items[key].running = True
            return key, 0.0

    def done(self, key: str, found: Found, now_s: float) -> None:
        """The store answered about `key`."""
        with self._lock:
            self._down_rounds, self._down_until_s = 0, AT_ONCE
            item = self._items.get(key)
            if item is None:
                return
            if found is Found.CHANGED:
                item.content_s = now_s
            item.due_s = AT_ONCE if item.again else self._next_check(key, item, found, now_s)
            item.running = item.again = False

    def down(self, key: str, now_s: float) -> None:
        """The store did not answer: everything waits, longer each time, with jitter so that nodes do not march."""
        with self._lock:
            wait_s = min(DOWN_MOST_S, DOWN_FIRST_S * 2**self._down_rounds) * self._rng.uniform(0.75, 1.25)
            # Workers that fail together count as one round.
            if now_s >= self._down_until_s:
                self._down_rounds = min(self._down_rounds + 1, 16)
                self._down_until_s = now_s + wait_s
            item = self._items.get(key)
            if item is not None:
                item.due_s, item.running, item.again = AT_ONCE, False, False

    def aged(self, key: str, age_s: float, now_s: float) -> None:
        """A copy from disk: its content is older than this process."""
        with self._lock:
            item = self._items.get(key)
            if item is not None:
                item.content_s = now_s - age_s

    def _next_check(self, key: str, item: _Item, found: Found, now_s: float) -> float:
        trust = self._rules.of(key)
        if found is Found.ABSENT:
            return now_s + self._rules.absent_s(key)
        if found is Found.BROKEN:
            return now_s + trust.check_s
        return max(item.content_s + trust.trust_s, now_s + min(trust.check_s, trust.trust_s))
