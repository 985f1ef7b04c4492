"""When each of many replays goes out: one a host at a time, spaced as fetches are. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from schemas.documents import FailureLine


def host_of(line: FailureLine) -> str:
    """Whom a replay bothers: the failure's host, else what is known to be its own."""
    return line.host or line.feed or line.topic


def waiting(lines: Iterable[FailureLine]) -> Mapping[str, int]:
    """How many replays each host has before it already."""
    return Counter(host_of(line) for line in lines if line.status == "replaying")


def paced(
    lines: Iterable[FailureLine], before: Mapping[str, int], now: datetime, spacing_s: float
) -> list[tuple[FailureLine, datetime]]:
    """Each with its time: the first of a host now, or behind those that wait for it; the others one spacing apart."""
    taken = Counter(before)
    times = []
    for line in lines:
        host = host_of(line)
        times.append((line, now + timedelta(seconds=spacing_s * taken[host])))
        taken[host] += 1
    return times
