"""Permanent redirects (301, 308; RFC 9110 section 15.4): believed only after they held for a while. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from schemas.errors import ErrorKind
from schemas.messages import Trouble
from schemas.records import Fetch
from services.scheduler.memory import Ended, FeedMemory, Redirect, Streak
from services.scheduler.proposals import moved_id
from services.scheduler.trouble import failure_id

CHECKS_MIN = 5
HELD_MIN = timedelta(days=7)


def seen(redirect: Redirect | None, fetch: Fetch, asked: str, now: datetime) -> Redirect | None:
    """The redirect as it stands after one more successful fetch of `asked`; None when the source gave none."""
    url = fetch.permanent_url
    if url is None or url == asked:
        return None
    if redirect is None or redirect.url != url:
        return Redirect(url=url, first_seen=now)
    return redirect.model_copy(update={"checks": redirect.checks + 1})


def held(redirect: Redirect | None, now: datetime) -> bool:
    """Whether it has been repeated often and long enough to be meant."""
    return redirect is not None and redirect.checks >= CHECKS_MIN and now - redirect.first_seen >= HELD_MIN


@dataclass(frozen=True, slots=True)
class Moved:
    """What to do about a redirect: the memory's new fields, what an operator is told and what no longer holds."""

    redirect: Redirect | None
    moved_to: str | None
    tell: tuple[Streak, ...] = ()
    ended: tuple[Ended, ...] = ()


def decide(memory: FeedMemory, fetch: Fetch, now: datetime, *, follow: bool) -> Moved:
    """`follow`: go to the new address by ourselves; otherwise only propose it, once."""
    before = memory.redirect
    after = seen(before, fetch, memory.address, now)
    goes_on = before is not None and after is not None and after.url == before.url
    ended = () if goes_on else withdrawn(memory)
    if after is None or not held(after, now) or after.told or moved_id(memory.feed, after.url) in memory.declined:
        return Moved(after, memory.moved_to, ended=ended)
    if follow:
        return Moved(None, after.url, ended=ended)
    told = after.model_copy(update={"told": True})
    return Moved(told, memory.moved_to, (proposal(told, now),), ended)


def proposal(redirect: Redirect, now: datetime) -> Streak:
    """A redirect that held, in the form in which operators hear of trouble."""
    trouble = Trouble(kind=ErrorKind.MOVED, message=f"redirected for good to {redirect.url}"[:1000])
    since, checks = redirect.first_seen, redirect.checks
    return Streak(kind=ErrorKind.MOVED, since=since, count=checks, told=checks, told_at=now, trouble=trouble)


def withdrawn(memory: FeedMemory) -> tuple[Ended, ...]:
    """The failure that operators see of the feed's redirect, ready to be closed; none when it was not proposed."""
    redirect = memory.redirect
    if redirect is None or not redirect.told:
        return ()
    since = redirect.first_seen
    return (Ended(id=failure_id(memory.feed, ErrorKind.MOVED, since), opened_at=since),)
