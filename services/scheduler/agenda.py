"""Who may be asked next, found without looking at all feeds.

A heap of its waiting feeds for each host, and one heap of the hosts that are free. Entries are never searched for:
one that no longer tells the present is recognised and dropped when it comes up.
"""

from __future__ import annotations

import heapq
from dataclasses import dataclass, field

NEVER = float("inf")


@dataclass(slots=True)
class _Host:
    """`free_at`: from when on it may be asked; `busy`: the feed that is being fetched from it.

    `offered` is its earliest entry among the ready hosts, so that no second one is made without need.
    """

    waiting: list[tuple[float, str]] = field(default_factory=list)
    free_at: float = 0.0
    busy: str | None = None
    offered: float = NEVER


class Agenda:
    """Times are seconds since the epoch. A feed is put under the host that it is fetched from."""

    def __init__(self) -> None:
        self._hosts: dict[str, _Host] = {}
        self._at: dict[str, tuple[float, str]] = {}
        self._ready: list[tuple[float, str]] = []

    def put(self, feed: str, host: str, at: float) -> None:
        """The feed waits until `at`; 0: it goes before all others of its host."""
        known = self._hosts.get(host)
        if known is None:
            known = self._hosts[host] = _Host()
        self._at[feed] = (at, host)
        heapq.heappush(known.waiting, (at, feed))
        if known.busy is None:
            self._offer(host, known)

    def remove(self, feed: str) -> None:
        self._at.pop(feed, None)

    def occupy(self, host: str, feed: str) -> None:
        """The feed is being fetched: the host takes no other until `release`."""
        self._hosts.setdefault(host, _Host()).busy = feed
        self._at.pop(feed, None)

    def release(self, host: str, feed: str, free_at: float) -> None:
        """The fetch has ended; the next one may start at `free_at`."""
        known = self._hosts.setdefault(host, _Host())
        if known.busy == feed:
            known.busy = None
        self.delay(host, free_at)

    def delay(self, host: str, free_at: float) -> None:
        """Move the moment at which a host may be asked (either way)."""
        known = self._hosts.setdefault(host, _Host())
        known.free_at = free_at
        if known.busy is None:
            self._offer(host, known)

    def take(self, now: float) -> tuple[str, str] | None:
        """The next (feed, host) that may be asked at `now`; the host is occupied from here on. None: nobody."""
        while self._ready and self._ready[0][0] <= now:
            at, host = heapq.heappop(self._ready)
            known = self._hosts[host]
            known.offered = NEVER if at == known.offered else known.offered
            if known.busy is not None:
                continue
            first = self._first(host, known)
            if first is None:
                continue
            if max(first[0], known.free_at) > now:
                self._offer(host, known)
                continue
            heapq.heappop(known.waiting)
            self.occupy(host, first[1])
            return first[1], host
        return None

    def _offer(self, host: str, known: _Host) -> None:
        first = self._first(host, known)
        if first is None:
            return
        ready_at = max(first[0], known.free_at)
        if ready_at < known.offered:
            known.offered = ready_at
            heapq.heappush(self._ready, (ready_at, host))

    def _first(self, host: str, known: _Host) -> tuple[float, str] | None:
        waiting = known.waiting
        while waiting and self._at.get(waiting[0][1]) != (waiting[0][0], host):
            heapq.heappop(waiting)
        return waiting[0] if waiting else None
