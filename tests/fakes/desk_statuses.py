"""What the leading scheduler says of a newsroom: who is alive, which hosts are asked, how much is stored."""

from __future__ import annotations

from datetime import datetime, timedelta

from schemas.status import (
    BucketStatus,
    Census,
    Firing,
    FleetStatus,
    HostCount,
    HostLine,
    HostsStatus,
    PrefixSize,
    Seen,
    Signs,
    StoreSize,
)

MOST_FAIL = (
    "More than half of all feeds fail: the fault is probably on our side."
    " (pressroom_feeds_failing_ratio is 0.58, limit 0.5; most at scheduler-1d2c3b)"
)
BUSY = (
    "A process used more than 70 % of a core for half an hour."
    " (pressroom_cpu_ratio is 0.84, limit 0.7; most at web-77aa01)"
)


def up(now: datetime) -> tuple[Firing, ...]:
    """One alert that somebody gets up for, one that is advice."""
    since = now - timedelta(minutes=31)
    return (
        Firing(alert="PressroomMostFeedsFail", severity="page", since=since, text=MOST_FAIL),
        Firing(alert="PressroomBusy", severity="advice", since=since, text=BUSY),
    )


def fleet(now: datetime, *firing: Firing, busy: float, faults: tuple[str, ...]) -> FleetStatus:
    """A small fleet. `busy`: how its web node is; `faults`: what its publisher complains of."""

    def seen(process: str, cpu: float, megabytes: int, *found: str) -> Seen:
        at = now - timedelta(seconds=18)
        signs = Signs(
            process=process,
            services=(process.partition("-")[0],),
            version="0.1.0",
            started_at=now - timedelta(days=3),
            at=at,
            cpu_ratio=cpu,
            memory_bytes=megabytes * 1_000_000,
            lag_s=0.4,
            faults=found,
        )
        return Seen(signs=signs, heard_at=at)

    processes = (
        seen("scheduler-1d2c3b", 0.12, 74),
        seen("fetcher-90b1aa", 0.31, 96),
        seen("fetcher-c4e0d2", 0.28, 95),
        seen("publisher-5f01c9", 0.22, 88, *faults),
        seen("weather-0be6f3", 0.02, 71),
        seen("web-77aa01", busy, 131),
    )
    census = Census(feeds=36, failing=21 if firing else 0, lag_s=4.2, updated_at=now - timedelta(minutes=2))
    return FleetStatus(at=now - timedelta(seconds=12), census=census, processes=processes, firing=firing)


def hosts(now: datetime) -> HostsStatus:
    def host(name: str, requests: int, mean_s: float, failed: int = 0, pause_min: float = 0) -> HostLine:
        today = HostCount(
            requests=requests,
            unchanged=requests * 3 // 4,
            failed=failed,
            limited=4 if pause_min else 0,
            bytes=requests * 21_000,
            seconds=mean_s * requests,
        )
        return HostLine(
            host=name,
            feeds=3,
            today=today,
            yesterday=HostCount(requests=requests * 2),
            last_at=now - timedelta(minutes=6),
            next_at=now + timedelta(minutes=8),
            pause_until=now + timedelta(minutes=pause_min) if pause_min else None,
        )

    lines = (
        host("news.example", 420, 0.21, failed=63),
        host("slow.example", 96, 8.4, pause_min=50),
        host("harbour.example", 210, 1.3, failed=9),
        host("kernel-notes.example", 96, 0.08),
    )
    return HostsStatus(at=now - timedelta(seconds=30), day=f"{now:%Y-%m-%d}", hosts=lines)


def bucket(now: datetime) -> BucketStatus:
    counts = (("versions", 9120), ("feeds", 36), ("raw", 108))
    return BucketStatus(
        at=now - timedelta(minutes=90),
        prefixes=tuple(PrefixSize(prefix=name, objects=many, bytes=many * 41_000) for name, many in counts),
        history=tuple(
            StoreSize(at=now - timedelta(hours=6 * back), bytes=380_000_000 - 4_000_000 * back)
            for back in range(20, 0, -1)
        ),
    )
