"""Where a dead feed may go on: its home page is asked, by way of the fetcher."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from pressroom.outcomes import Emit
from schemas.errors import ErrorKind
from services.scheduler import letters
from services.scheduler.memory import FeedMemory
from services.scheduler.plan import Plan
from services.scheduler.sites import Wanted

AGAIN: Final = timedelta(days=7)


def search(plan: Plan, memory: FeedMemory, wanted: Wanted, now: datetime) -> list[Emit]:
    """The question, when the feed is dead and it was not asked lately."""
    if not is_dead(memory) or (memory.searched_at is not None and now - memory.searched_at < AGAIN):
        return []
    plan.searched(memory, now)
    pages = (wanted.home,) if wanted.home else ()
    if memory.streaks[-1].kind == ErrorKind.NOT_A_FEED:
        # It is a page: perhaps one that names the feed.
        pages = (memory.address, *pages)
    return [letters.search(memory, pages, wanted.lane, len(plan.wanted), now)]


def is_dead(memory: FeedMemory) -> bool:
    """Whether the last answer said that there is no feed at this address."""
    last = memory.streaks[-1] if memory.streaks else None
    if last is None:
        return False
    if last.kind == ErrorKind.HTTP_STATUS:
        return last.trouble.status == 404
    return last.kind in {ErrorKind.GONE, ErrorKind.NOT_A_FEED}
