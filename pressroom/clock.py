"""The clock, passed in wherever time matters, so that a test owns it."""

from __future__ import annotations

import threading
import time
from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """Tells the time and waits; nothing else in the project reads a clock."""

    def now(self) -> datetime:
        """Wall time, aware, in UTC: for people and for messages, never for ordering."""

    def monotonic(self) -> float:
        """Seconds that never go back: for measuring and for deadlines inside one process."""

    def wait(self, event: threading.Event, timeout_s: float) -> bool:
        """Wait until `event` is set or `timeout_s` passed; True when it was set."""


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def monotonic(self) -> float:
        return time.monotonic()

    def wait(self, event: threading.Event, timeout_s: float) -> bool:
        return event.wait(timeout_s)


class SetClock:
    """A clock that stands still until `advance` moves it, waking those who wait on it."""

    def __init__(self, start: datetime = datetime(2026, 1, 1, 12, 0, tzinfo=UTC)) -> None:
        self._start = start
        self._passed_s = 0.0
        self._moved = threading.Condition()

    def now(self) -> datetime:
        return self._start + timedelta(seconds=self._passed_s)

    def monotonic(self) -> float:
        return self._passed_s

    def advance(self, seconds: float) -> None:
        with self._moved:
            self._passed_s += seconds
            self._moved.notify_all()

    def wait(self, event: threading.Event, timeout_s: float) -> bool:
        deadline = self._passed_s + timeout_s
        with self._moved:
            while not event.is_set() and self._passed_s < deadline:
                # Real time only bounds how long an event set by another thread goes unseen.
                self._moved.wait(0.01)
        return event.is_set()
