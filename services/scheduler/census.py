"""The feeds, counted, and how late the latest of them is. Pure: memories in, figures out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from schemas.status import Census
from services.scheduler.memory import FeedMemory, HostMemory
from services.scheduler.sites import host_of

SOON_S = 1800.0
"""A newsroom that asks some feed at least this often expects a success within the hour."""


@dataclass(frozen=True, slots=True)
class Counted:
    """`late`: feeds that are due or out, since when, and when they were last checked; `hosts`: feeds of each host.

    `slack_s`: for how long no success is to be expected, because no feed is asked that often.
    """

    census: Census = field(default_factory=Census)
    late: Mapping[str, tuple[datetime, datetime | None]] = field(default_factory=dict)
    hosts: Mapping[str, int] = field(default_factory=dict)
    host_memories: Mapping[str, HostMemory] = field(default_factory=dict)
    slack_s: float = 0.0


def count(
    memories: Iterable[FeedMemory],
    hosts: Mapping[str, HostMemory],
    before: Mapping[str, tuple[datetime, datetime | None]],
    now: datetime,
    brought: Iterable[FeedMemory] = (),
) -> Counted:
    """`before` is the `late` of the last count: a refresh that was given up and begun anew is as late as it was.

    `brought`: feeds that readers alone want. Their hosts are asked too, but what a reader has typed is no trouble of
    the newsroom, and its success no proof that the newsroom is well.
    """
    feeds = [one for one in memories if one.dropped_at is None]
    asked = [*feeds, *(one for one in brought if one.dropped_at is None)]
    addresses = {one.feed: host_of(one.address) for one in asked}
    busy = {addresses[one.feed] for one in asked if one.state != "idle"}
    late: dict[str, tuple[datetime, datetime | None]] = {}
    for memory in feeds:
        since = _due_since(memory, hosts.get(addresses[memory.feed]), addresses[memory.feed] in busy, now)
        if since is not None:
            known = before.get(memory.feed)
            same = known is not None and known[1] == memory.checked_at
            late[memory.feed] = (min(since, known[0]) if known is not None and same else since, memory.checked_at)
    oldest = min((since for since, _ in late.values()), default=now)
    census = Census(
        feeds=len(feeds),
        due=sum(one.state == "idle" and one.feed in late for one in feeds),
        under_way=sum(one.state != "idle" for one in feeds),
        failing=sum(one.failures > 0 for one in feeds),
        stopped=sum(one.stopped for one in feeds),
        paused=sum(_paused(one.pause_until, now) for one in feeds),
        failures_open=sum(streak.told > 0 for one in feeds for streak in one.streaks),
        lag_s=max(0.0, (now - oldest).total_seconds()),
        updated_at=max((one.ok_at for one in feeds if one.ok_at is not None), default=None),
        headline_at=max((one.changed_at for one in feeds if one.changed_at is not None), default=None),
    )
    shortest = min((one.interval_s for one in feeds if one.interval_s is not None), default=0.0)
    return Counted(census, late, Counter(addresses.values()), dict(hosts), shortest * 1.1 if shortest > SOON_S else 0.0)


def _due_since(memory: FeedMemory, host: HostMemory | None, host_is_busy: bool, now: datetime) -> datetime | None:
    """Since when it could go out; None: it is not due, or its host is owed a rest. One that is out is late from the
    moment at which that was first seen: what it waited for before may have been its host's rest.
    """
    if memory.state != "idle":
        return now
    if memory.stopped and memory.reason == "due":
        return None
    times = [memory.next_at, memory.pause_until]
    if host is not None:
        times += [host.next_at, host.pause_until]
    due_at = max(at for at in times if at is not None)
    return None if host_is_busy or due_at > now else due_at


def _paused(until: datetime | None, now: datetime) -> bool:
    return until is not None and until > now


def overdue_s(last: datetime | None, led_since: datetime, slack_s: float, now: datetime) -> float:
    """For how long something that should happen has not; from the beginning of this leader when it never has."""
    return max(0.0, (now - (last or led_since) - timedelta(seconds=slack_s)).total_seconds())
