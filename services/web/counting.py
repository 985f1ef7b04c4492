"""What a web node counts: requests on the way of every reader, so nothing there takes a lock; the rest at leisure."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime
from typing import Any, TypeVar

from prometheus_client import CollectorRegistry

from pressroom.clock import Clock
from pressroom.metrics.per_thread import PerThread
from pressroom.metrics.read_off import PLAIN, Reading, ReadOff, Recent, histogram

R = TypeVar("R")

ANNOUNCED_MAX = 10_000


class NodeMetrics:
    """Filled by the node's parts; `health` is the node's own word about itself."""

    def __init__(self, registry: CollectorRegistry, clock: Clock) -> None:
        self._clock = clock
        self.pages = PerThread()
        """By status: pages held ready."""
        self.dynamic = PerThread()
        """By status: answers that Flask made."""
        self.checks = PerThread()
        """By what was found: copies checked with the store."""
        self.kept = PerThread()
        """hit or made: pages for some readers only."""
        self._request = histogram(registry, "pressroom_request_seconds")
        self._render = histogram(registry, "pressroom_render_seconds")
        self._visible = histogram(registry, "pressroom_visible_seconds")
        self._recent = Recent(clock.monotonic)
        self._announced: dict[str, datetime] = {}
        names = ("requests_total", "copy_checks_total", "page_cache_total", "visible_recent_seconds")
        registry.register(ReadOff([f"pressroom_{name}" for name in names], self._read))

    def answered(self, status: str, seconds: float) -> None:
        """A dynamic request is over."""
        self.dynamic.add(status)
        self._request.observe(seconds)

    def rendering(self, render: Callable[..., R]) -> Callable[..., R]:
        """`render`, timed."""

        def timed(*arguments: Any) -> R:
            began = time.perf_counter()
            try:
                return render(*arguments)
            finally:
                self._render.observe(time.perf_counter() - began)

        return timed

    def announced(self, key: str, at: datetime) -> None:
        """A notice speaks of an object that the node keeps and does not have in this form."""
        if len(self._announced) < ANNOUNCED_MAX:
            self._announced.setdefault(key, at)

    def arrived(self, key: str) -> None:
        """The node holds the new copy."""
        at = self._announced.pop(key, None)
        if at is not None:
            seconds = max(0.0, (self._clock.now() - at).total_seconds())
            self._visible.observe(seconds)
            self._recent.saw(seconds)

    def lag_s(self) -> float:
        """The longest time from a notice to its copy, of the last five minutes."""
        return self._recent.largest()

    def _read(self) -> Reading:
        requests: dict[tuple[str, ...], float] = {
            (how, status.partition(" ")[0]): float(count)
            for how, counts in (("page", self.pages), ("dynamic", self.dynamic))
            for status, count in counts.totals().items()
        }
        return {
            "pressroom_requests_total": requests,
            "pressroom_copy_checks_total": {(found,): float(n) for found, n in self.checks.totals().items()},
            "pressroom_page_cache_total": {(found,): float(n) for found, n in self.kept.totals().items()},
            "pressroom_visible_recent_seconds": {PLAIN: self._recent.largest()},
        }


def node_states(registry: CollectorRegistry, health: Callable[[], dict[str, Any]]) -> None:
    """What the node says of itself, looked up at each scrape."""

    def read() -> Reading:
        now = health()
        return {
            "pressroom_copies": {PLAIN: float(now["copies"])},
            "pressroom_sites": {PLAIN: float(now["sites"])},
            "pressroom_node_ready": {PLAIN: float(now["ready"])},
        }

    registry.register(ReadOff(["pressroom_copies", "pressroom_sites", "pressroom_node_ready"], read))
