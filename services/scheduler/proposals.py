"""What operators are asked about a feed: at its new address from now on, or off its sites. Pure."""

from __future__ import annotations

from datetime import datetime

from schemas.changes import FeedChange, Proposal, SiteChange
from schemas.errors import ErrorKind
from schemas.keys import short_hash
from services.scheduler.memory import FeedMemory, Streak

GONE_CHECKS_MIN = 3
"""A feed that is taken off its sites by itself was gone at so many checks in a row, a day apart."""


def proposal_of(memory: FeedMemory) -> Proposal | None:
    """What there is to be decided; a way to go on comes before the end."""
    return next((one for one in _every(memory) if one.id not in memory.declined), None)


def _every(memory: FeedMemory) -> list[Proposal]:
    found: list[Proposal] = []
    redirect = memory.redirect
    if redirect is not None and redirect.told:
        name = moved_id(memory.feed, redirect.url)
        found.append(
            Proposal(id=name, kind="moved", url=redirect.url, since=redirect.first_seen, checks=redirect.checks)
        )
    if memory.found is not None and memory.streaks:
        url, streak = memory.found.url, memory.streaks[-1]
        found.append(
            Proposal(
                id=_id("found", memory.feed, url),
                kind="found",
                url=url,
                since=min(one.since for one in memory.streaks),
                checks=streak.count,
            )
        )
    gone = gone_streak(memory.streaks)
    if gone is not None:
        found.append(Proposal(id=gone_id(memory.feed, gone.since), kind="gone", since=gone.since, checks=gone.count))
    return found


def gone_streak(streaks: tuple[Streak, ...]) -> Streak | None:
    return next((one for one in streaks if one.kind == ErrorKind.GONE), None)


def moved_id(feed: str, url: str) -> str:
    return _id("moved", feed, url)


def gone_id(feed: str, since: datetime) -> str:
    """The next time that it is gone is another proposal."""
    return _id("gone", feed, since.isoformat())


def removals(memory: FeedMemory, sites: tuple[str, ...], now: datetime) -> list[SiteChange]:
    """What a setting has done about a feed that stayed gone: off each of its sites."""
    gone = gone_streak(memory.streaks[-1:])
    if gone is None or gone.count < GONE_CHECKS_MIN or gone_id(memory.feed, gone.since) in memory.declined:
        return []
    why = f"gone (410) at {gone.count} checks since {gone.since:%Y-%m-%d %H:%M} UTC"
    line = FeedChange(feed=memory.feed, act="remove", at=now, by="pressroom", why=why)
    return [SiteChange(site=site, lines=(line,)) for site in sites]


def _id(kind: str, feed: str, what: str) -> str:
    return short_hash(f"{kind} {feed} {what}", 16)
