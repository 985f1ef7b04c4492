"""Trouble at a source: how long to leave it alone, by kind, and when a streak becomes a failure. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from schemas.errors import REMEDIES, ErrorKind, kind_of
from schemas.keys import short_hash
from schemas.messages import Trouble
from services.scheduler.memory import STREAKS_MAX, Ended, FeedMemory, Streak
from services.scheduler.rhythm import Rhythm

DOUBLINGS_MAX = 20
TOLD_AGAIN = timedelta(hours=1)
STATUSES_THAT_PAUSE_A_HOST = (429, 503)


@dataclass(frozen=True, slots=True)
class Clockwork:
    """How one kind is asked again.

    `first` is the first wait in shortest intervals (15 minutes by default); it doubles with every failure in a
    row, up to the longest interval. `opens_at` is the count at which the streak becomes a failure; None: never,
    because something else has made one. `stops`: not asked again until somebody wishes it.
    """

    first: float
    opens_at: int | None
    stops: bool = False


_FIRST: Final = {
    ErrorKind.GONE: 96.0,
    ErrorKind.NOT_A_FEED: 2.0,
    ErrorKind.MALFORMED: 2.0,
    ErrorKind.TLS: 2.0,
    ErrorKind.REDIRECT_LOOP: 4.0,
    ErrorKind.DECODE_ERROR: 2.0,
    ErrorKind.BAD_JSON: 2.0,
    ErrorKind.ROBOTS: 24.0,
    ErrorKind.TOO_LARGE: 24.0,
    ErrorKind.BAD_REDIRECT: 4.0,
    ErrorKind.BAD_URL: 96.0,
    ErrorKind.BLOCKED_ADDRESS: 24.0,
    ErrorKind.UNSAFE_XML: 24.0,
}
"""First waits, in shortest intervals; every other kind: one."""


def clockwork(kind: ErrorKind) -> Clockwork:
    """The table of docs/messages.md: permanent kinds open a failure at once, passing ones at the third in a row."""
    opens_at = 1 if REMEDIES[kind].permanent else 3
    return Clockwork(
        first=_FIRST.get(kind, 1.0),
        opens_at=None if kind is ErrorKind.LOST else opens_at,
        stops=kind is ErrorKind.GONE,
    )


def wait_s(trouble: Trouble, failures: int, rhythm: Rhythm) -> float:
    """How long to leave the feed alone after its `failures`-th failure in a row, before jitter.

    A Retry-After is kept to within the bounds of the interval, and never shortens the back-off.
    """
    first = clockwork(kind_of(trouble.kind)).first * rhythm.interval_min_s
    backed_off = first * 2.0 ** min(failures - 1, DOUBLINGS_MAX)
    return min(max(backed_off, trouble.retry_after_s or 0.0), rhythm.interval_max_s)


def host_pause_s(trouble: Trouble, wait_s: float, rhythm: Rhythm) -> float | None:
    """How long the whole host is left alone: what 429 and 503 ask for; a 429 that names no time, the feed's wait."""
    limited = kind_of(trouble.kind) is ErrorKind.RATE_LIMITED
    if not limited and trouble.status not in STATUSES_THAT_PAUSE_A_HOST:
        return None
    if trouble.retry_after_s is not None:
        return min(trouble.retry_after_s, rhythm.interval_max_s)
    return wait_s if limited else None


def lengthened(streaks: tuple[Streak, ...], trouble: Trouble, now: datetime) -> tuple[Streak, ...]:
    """The streaks with one more failure; the kind that failed now comes last."""
    same = [one for one in streaks if one.kind == trouble.kind]
    others = tuple(one for one in streaks if one.kind != trouble.kind)[1 - STREAKS_MAX :]
    if same:
        return (*others, same[0].model_copy(update={"count": same[0].count + 1, "trouble": trouble}))
    return (*others, Streak(kind=trouble.kind, since=now, trouble=trouble))


def to_tell(streak: Streak, now: datetime) -> bool:
    """Whether its failure is to be opened, or its count to be brought up to date."""
    opens_at = clockwork(kind_of(streak.kind)).opens_at
    if opens_at is None or streak.count < opens_at:
        return False
    return streak.told_at is None or now - streak.told_at >= TOLD_AGAIN


def failure_id(feed: str, kind: str, since: datetime) -> str:
    """The same streak has the same failure whoever computes it; sorts by time like every id."""
    return f"{int(since.timestamp() * 1000):012x}{short_hash(f'{feed} {kind} {since.isoformat()}', 20)}"


def streaks_ended(memory: FeedMemory) -> tuple[Ended, ...]:
    """The failures that an operator sees of this feed's streaks now, ready to be closed."""
    told = [one for one in memory.streaks if one.told]
    return tuple(Ended(id=failure_id(memory.feed, one.kind, one.since), opened_at=one.since) for one in told)
