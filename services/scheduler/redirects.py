"""Permanent redirects (301, 308; RFC 9110 section 15.4): believed only after they held for a while. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from schemas.messages import Trouble
from schemas.records import Fetch
from services.scheduler.memory import FeedMemory, Redirect

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
    """What to do about a redirect: the memory's new fields, and whether an operator is to be told or untold."""

    redirect: Redirect | None
    moved_to: str | None
    propose: Redirect | None = None
    withdraw: Redirect | None = None


def decide(memory: FeedMemory, fetch: Fetch, now: datetime, follow: bool) -> Moved:
    """`follow`: go to the new address by ourselves; otherwise only propose it, once."""
    before = memory.redirect
    after = seen(before, fetch, memory.address, now)
    withdraw = before if before and before.told and (after is None or after.url != before.url) else None
    if after is None or not held(after, now) or after.told:
        return Moved(after, memory.moved_to, withdraw=withdraw)
    if follow:
        return Moved(None, after.url, withdraw=withdraw)
    told = after.model_copy(update={"told": True})
    return Moved(told, memory.moved_to, propose=told, withdraw=withdraw)


def as_trouble(redirect: Redirect) -> Trouble:
    return Trouble(
        kind="moved",
        message=f"redirected for good to {redirect.url}"[:1000],
    )
