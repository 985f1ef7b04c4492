"""When to ask a feed again, from how often it really publishes. Pure; `bench/intervals.py` chose the figures."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from schemas.records import Hints
from services.scheduler.memory import MOMENTS_MAX

PAST_MAX = timedelta(days=400)
FUTURE_MAX = timedelta(minutes=5)
"""A date further ahead than a clock may be off says nothing about a rhythm; nor does one of years ago."""


@dataclass(frozen=True, slots=True)
class Rhythm:
    """Bounds and shape of the interval.

    The interval grows with the square root of the gap between two publications: for a given number of requests
    that spread keeps the total time that entries wait unseen the least. `gap_at_min` is the gap, in shortest
    intervals, up to which the shortest interval is used.
    """

    interval_min_s: float = 900.0
    interval_max_s: float = 86_400.0
    jitter: float = 0.1
    gap_at_min: float = 3.0


def merge_moments(
    old: tuple[datetime, ...], published: Iterable[datetime], now: datetime, apart_s: float
) -> tuple[datetime, ...]:
    """The newest moments of publication, latest first, at least `apart_s` apart; `now` when no new date can be used.

    To be called when new entries came: without new entries, dates that changed are noise (some sources stamp every
    entry with the present).
    """
    newest = old[0] if old else None
    usable = [at for at in published if now - PAST_MAX < at <= now + FUTURE_MAX and (newest is None or at > newest)]
    moments: list[datetime] = []
    for at in sorted((min(at, now) for at in (*(usable or [now]), *old)), reverse=True):
        if not moments or (moments[-1] - at).total_seconds() >= apart_s:
            moments.append(at)
    return tuple(moments[:MOMENTS_MAX])


def merge_hints(old: Hints, new: Hints) -> Hints:
    """The hints after an answer that was not read (a 304, the same bytes): what stood in the document still holds."""
    return Hints(
        max_age_s=new.max_age_s,
        ttl_s=new.ttl_s if new.ttl_s is not None else old.ttl_s,
        update_period_s=new.update_period_s if new.update_period_s is not None else old.update_period_s,
        skip_hours=new.skip_hours or old.skip_hours,
        skip_days=new.skip_days or old.skip_days,
    )


def gap_s(moments: tuple[datetime, ...], now: datetime) -> float:
    """The mean gap between publications, the present silence included, so that a quiet feed slows down by itself."""
    return max((now - moments[-1]).total_seconds(), 1.0) / len(moments)


def interval_s(moments: tuple[datetime, ...], hints: Hints, now: datetime, rhythm: Rhythm) -> float:
    """The interval before jitter, in seconds. Hints can only make it longer; nothing leaves the bounds."""
    gap = gap_s(moments, now) if moments else 0.0
    wanted = rhythm.interval_min_s * math.sqrt(gap / (rhythm.gap_at_min * rhythm.interval_min_s))
    asked = max(hints.max_age_s or 0.0, hints.ttl_s or 0.0, hints.update_period_s or 0.0)
    # Jitter must not lead out of the bounds, nor pile feeds up on them.
    least = rhythm.interval_min_s / (1 - rhythm.jitter)
    most = rhythm.interval_max_s / (1 + rhythm.jitter)
    return min(max(wanted, asked, least), most)


def jittered(seconds: float, chance: float, rhythm: Rhythm) -> float:
    """Spread by ±`jitter`; `chance` is a random number from [0, 1)."""
    return seconds * (1 + rhythm.jitter * (2 * chance - 1))


def skip_quiet(at: datetime, hints: Hints, latest: datetime) -> datetime:
    """Leave the hours and days (UTC; 0 is Monday) that the source asks to skip, but never beyond `latest`."""
    while (at.hour in hints.skip_hours or at.weekday() in hints.skip_days) and at < latest:
        at = (at + timedelta(hours=1)).replace(minute=at.minute)
    return min(at, latest)
