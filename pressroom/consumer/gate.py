"""Whether a consumer may begin anything: an outage, the breaker and an operator can each say no."""

from __future__ import annotations

import random
import threading

from pressroom.backoff import Outage
from pressroom.breaker import Breaker
from pressroom.clock import Clock
from pressroom.consumer.rules import LoopRules


class Gate:
    """Asked before each batch, told after it. From any thread; `changed` is set when the answer may be another."""

    def __init__(self, rules: LoopRules, clock: Clock, rng: random.Random) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._outage = Outage(
            first_s=rules.unavailable_first_s,
            most_s=rules.unavailable_max_s,
            leave_s=rules.unavailable_leave_s,
            rng=rng,
        )
        self._breaker = Breaker(rules.breaker)
        self._held_up = False
        self.changed = threading.Event()

    def allowance(self) -> int:
        with self._lock:
            now = self._clock.monotonic()
            if self._held_up:
                return 0
            return min(self._outage.allowance(now), self._breaker.allowance(now))

    def hold(self, *, up: bool) -> None:
        """An operator's wish."""
        with self._lock:
            self._held_up = up
        self.changed.set()

    def failed(self, reason: str) -> None:
        """The broker or the store was not available."""
        with self._lock:
            self._outage.failed(self._clock.monotonic(), reason)
        self.changed.set()

    def came_off(self, *, messages: int, bad: int) -> None:
        """So many were handled and settled, so many of them given up or bugs."""
        with self._lock:
            now = self._clock.monotonic()
            before = self._breaker.allowance(now), self._outage.allowance(now)
            self._outage.came_off(now)
            for number in range(messages):
                self._breaker.record(now, bad=number < bad)
            changed = before != (self._breaker.allowance(now), self._outage.allowance(now))
        if changed:
            self.changed.set()

    def must_leave(self) -> bool:
        with self._lock:
            return self._outage.keeps_away(self._clock.monotonic())

    def wait_s(self) -> float | None:
        """Until the answer changes by itself; None when it does not."""
        with self._lock:
            now = self._clock.monotonic()
            times = (self._outage.next_change(now), self._breaker.next_change(now))
            return min((at - now for at in times if at is not None), default=None)

    @property
    def breaker_open(self) -> bool:
        return self._breaker.is_open

    def why(self) -> str | None:
        """Why the consumer is paused, for people; None when it is not."""
        with self._lock:
            if self._held_up:
                return "paused by an operator"
            if self._outage.since is not None:
                return self._outage.reason
            if self._breaker.is_open:
                return "most messages of the last minute were given up or failed on a bug"
            return None
