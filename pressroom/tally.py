"""What a run did, counted: for `run --once`, for measuring, and for the metrics."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

from schemas.envelope import Envelope
from schemas.messages import Check, DeadLetter
from schemas.records import FeedRecord
from schemas.weather import WeatherRecord

R = TypeVar("R")


@dataclass(slots=True)
class Tally:
    """Counts by name; thread-safe. Seconds are CPU seconds of the threads that handled messages."""

    checks: Counter[str] = field(default_factory=Counter)
    failed: Counter[str] = field(default_factory=Counter)
    given_up: Counter[str] = field(default_factory=Counter)
    records: int = 0
    new_entries: int = 0
    messages: Counter[str] = field(default_factory=Counter)
    cpu_s: Counter[str] = field(default_factory=Counter)
    wall_s: Counter[str] = field(default_factory=Counter)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def metered(self, service: str, work: Callable[[Any], R]) -> Callable[[Any], R]:
        """`work`, with its cost counted under `service`."""

        def run(argument: Any) -> R:
            cpu, wall = time.thread_time(), time.perf_counter()
            try:
                return work(argument)
            finally:
                self._count(service, argument, time.thread_time() - cpu, time.perf_counter() - wall)

        return run

    def _count(self, service: str, argument: Any, cpu_s: float, wall_s: float) -> None:
        envelopes: list[Envelope[Any]] = [argument] if isinstance(argument, Envelope) else list(argument)
        with self._lock:
            self.cpu_s[service] += cpu_s  # type: ignore[assignment]
            self.wall_s[service] += wall_s  # type: ignore[assignment]
            self.messages[service] += len(envelopes)
            for envelope in envelopes:
                if isinstance(envelope.payload, Check):
                    self._check(envelope.payload)
                elif isinstance(envelope.payload, FeedRecord | WeatherRecord):
                    self.records += 1
                elif isinstance(envelope.payload, DeadLetter):
                    self.given_up[envelope.payload.kind] += 1

    def _check(self, check: Check) -> None:
        self.checks[check.result] += 1
        self.new_entries += check.new_entries
        if check.trouble is not None:
            self.failed[check.trouble.kind] += 1
