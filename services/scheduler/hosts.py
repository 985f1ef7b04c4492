"""The politeness ledger: what each host was asked, today and yesterday (UTC), and when it may be asked again."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from schemas.errors import ErrorKind
from schemas.messages import Check
from schemas.status import HOSTS_MAX, HostCount, HostLine, HostsStatus
from services.scheduler.census import Counted
from services.scheduler.memory import HostMemory

NOT_ASKED: Final = frozenset({ErrorKind.ROBOTS, ErrorKind.BAD_URL, ErrorKind.BLOCKED_ADDRESS})
"""Kinds of trouble that are found out without asking the host for the feed."""


@dataclass(slots=True)
class _Counts:
    today: HostCount = field(default_factory=HostCount)
    yesterday: HostCount = field(default_factory=HostCount)
    last_at: datetime | None = None


class HostBook:
    """Counts what checks tell. From any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._day = ""
        self._hosts: dict[str, _Counts] = {}
        self._changed = False

    def checked(self, host: str, check: Check, now: datetime) -> None:
        """One request of `host` has ended."""
        kind = check.trouble.kind if check.trouble is not None else None
        if check.result == "lost" or kind in NOT_ASKED:
            return
        with self._lock:
            self._turn(now)
            counts = self._hosts.setdefault(host, _Counts())
            counts.today = added(counts.today, counted(check))
            counts.last_at = now
            self._changed = True

    def resume(self, status: HostsStatus, now: datetime) -> None:
        """Go on from what an earlier leader had counted."""
        with self._lock:
            self._turn(now)
            for line in status.hosts:
                counts = self._hosts.setdefault(line.host, _Counts())
                if status.day == self._day:
                    counts.today = added(counts.today, line.today)
                    counts.yesterday = added(counts.yesterday, line.yesterday)
                elif status.day == _day(now - timedelta(days=1)):
                    counts.yesterday = added(counts.yesterday, line.today)
                counts.last_at = counts.last_at or line.last_at

    def status(self, counted: Counted, now: datetime) -> HostsStatus | None:
        """The ledger, the most asked first; None when nothing has changed since the last one."""
        with self._lock:
            self._turn(now)
            if not self._changed:
                return None
            self._changed = False
            names = self._hosts.keys() | counted.hosts.keys()
            lines = [_line(name, self._hosts.get(name), counted, now) for name in names]
        lines.sort(key=lambda line: (-line.today.requests - line.yesterday.requests, line.host))
        return HostsStatus(
            at=now, day=_day(now), hosts=tuple(lines[:HOSTS_MAX]), left_out=max(0, len(lines) - HOSTS_MAX)
        )

    def _turn(self, now: datetime) -> None:
        day = _day(now)
        if day == self._day:
            return
        was_yesterday = self._day == _day(now - timedelta(days=1))
        old, self._hosts, self._day = self._hosts, {}, day
        if was_yesterday:
            self._hosts = {
                name: _Counts(yesterday=counts.today, last_at=counts.last_at)
                for name, counts in old.items()
                if counts.today.requests
            }


def counted(check: Check) -> HostCount:
    """What one check adds."""
    fetch, trouble = check.fetch, check.trouble
    limited = trouble is not None and (trouble.status == 429 or trouble.kind == ErrorKind.RATE_LIMITED)
    return HostCount(
        requests=1,
        unchanged=int(fetch is not None and fetch.status == 304),
        failed=int(check.result == "failed"),
        limited=int(limited),
        bytes=fetch.wire_bytes if fetch is not None else 0,
        seconds=fetch.elapsed_s if fetch is not None else 0.0,
    )


def added(one: HostCount, other: HostCount) -> HostCount:
    return HostCount(
        requests=one.requests + other.requests,
        unchanged=one.unchanged + other.unchanged,
        failed=one.failed + other.failed,
        limited=one.limited + other.limited,
        bytes=one.bytes + other.bytes,
        seconds=round(one.seconds + other.seconds, 3),
    )


def _line(name: str, counts: _Counts | None, counted: Counted, now: datetime) -> HostLine:
    counts = counts or _Counts()
    memory = counted.host_memories.get(name) or HostMemory(host=name)
    return HostLine(
        host=name[:200],
        feeds=counted.hosts.get(name, 0),
        today=counts.today,
        yesterday=counts.yesterday,
        last_at=counts.last_at,
        next_at=_ahead(memory.next_at, now),
        pause_until=_ahead(memory.pause_until, now),
    )


def _ahead(at: datetime | None, now: datetime) -> datetime | None:
    return at if at is not None and at > now else None


def _day(now: datetime) -> str:
    return now.date().isoformat()
