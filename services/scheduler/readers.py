"""Feeds that readers brought: which of them are wished for, and whether there is room for one more. Pure.

There is no list of its own: a feed's memory says when a reader last wished for it, and that is the list.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Final

from services.scheduler.memory import FeedMemory
from services.scheduler.policy import Rules, newcomer
from services.scheduler.sites import Feed, Wanted

RENEWED: Final = timedelta(hours=1)
"""A wish renewed sooner than this is not worth a write."""


def wished(memory: FeedMemory, now: datetime, rules: Rules) -> bool:
    """Whether some reader has wished for the feed lately."""
    return memory.wished_at is not None and now - memory.wished_at < timedelta(days=rules.reader_feed_days)


def wanted_by_readers(memories: Iterable[FeedMemory], now: datetime, rules: Rules) -> dict[str, Wanted]:
    return {memory.feed: of_readers(memory) for memory in memories if wished(memory, now, rules)}


def of_readers(memory: FeedMemory) -> Wanted:
    """On no site's page, without filters, on the lane that every newsroom has."""
    url = memory.named or memory.url
    return Wanted(
        id=memory.feed, url=url, lane="", include=(), exclude=(), sites=(), declined=frozenset(memory.declined)
    )


def brought(wanted: Mapping[str, Wanted]) -> int:
    """How many feeds are fetched for readers alone."""
    return sum(not feed.sites for feed in wanted.values())


def renewed(memory: FeedMemory | None, feed: Feed, now: datetime) -> FeedMemory | None:
    """The feed's memory once the wish is taken in; None when that changes nothing worth a write."""
    if memory is None:
        return newcomer(feed.id, feed.url, now).model_copy(update={"wished_at": now})
    if memory.dropped_at is None and memory.wished_at is not None and now - memory.wished_at < RENEWED:
        return None
    return memory.model_copy(update={"wished_at": now, "dropped_at": None})
