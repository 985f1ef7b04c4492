"""The messages that a decision sends, made from memories. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta

from pressroom.outcomes import Emit
from pressroom.queues.topics import FEED_REFRESH, RECORD_PUBLISH, WEATHER_REQUEST, on_lane
from schemas import keys
from schemas.changes import FeedSearch, SiteChange
from schemas.envelope import Hop
from schemas.keeping import KeepFeed, KeepRound
from schemas.messages import FailureClosed, FailureSeen, FeedRefresh, WeatherRequest
from services.scheduler.memory import Ended, FeedMemory, Streak
from services.scheduler.policy import Heard, Rules
from services.scheduler.sites import Wanted, host_of
from services.scheduler.trouble import failure_id

WEATHER_EXPIRES_S = 600.0
SEARCH_OF_USE_S = 3600.0


def refresh(memory: FeedMemory, wanted: Wanted, feeds_served: int, rules: Rules) -> Emit:
    """The refresh of the memory's turn; the same turn always makes the same message, id included."""
    assert memory.lease_until is not None
    not_after = memory.lease_until - timedelta(seconds=rules.grace_s)
    begun_at = not_after - timedelta(seconds=rules.lease_s)
    name = f"{int(begun_at.timestamp() * 1000):012x}{keys.short_hash(f'{memory.feed} {memory.turn}', 20)}"
    return Emit(
        on_lane(FEED_REFRESH, wanted.lane),
        host_of(memory.address),
        FeedRefresh(
            feed=memory.feed,
            url=memory.address,
            turn=memory.turn,
            reason=memory.reason,
            validators=memory.validators,
            content_hash=memory.content_hash,
            digest=memory.digest,
            include=wanted.include,
            exclude=wanted.exclude,
            feeds_served=feeds_served,
        ),
        not_after=not_after,
        # A queue that nobody works on must not fill up with what is given up here.
        expires_s=rules.lease_s,
        id=name,
        trace=memory.trace or name,
        hops=(*memory.asked, Hop(at=begun_at, service="scheduler", what=f"began turn {memory.turn}: {memory.reason}")),
    )


def failure_seen(heard: Heard, streak: Streak, sites: tuple[str, ...]) -> Emit:
    feed = heard.memory.feed
    name = failure_id(feed, streak.kind, streak.since)
    return Emit(
        RECORD_PUBLISH,
        keys.failure(streak.since.date(), name),
        FailureSeen(
            id=name,
            opened_at=streak.since,
            at=streak.told_at or streak.since,
            topic=FEED_REFRESH,
            kind=streak.kind,
            trouble=streak.trouble,
            feed=feed,
            url=heard.asked,
            host=host_of(heard.asked),
            sites=sites[:100],
            count=streak.told,
        ),
        trace=name,
    )


def failure_closed(ended: Ended, at: datetime, note: str = "the source answered again") -> Emit:
    return Emit(
        RECORD_PUBLISH,
        keys.failure(ended.opened_at.date(), ended.id),
        FailureClosed(id=ended.id, opened_at=ended.opened_at, at=at, note=note),
        trace=ended.id,
    )


def weather(request: WeatherRequest, not_after: datetime) -> Emit:
    """`not_after`: from then on the next round asks; those that a provider's pause held up must not pile up."""
    return Emit(WEATHER_REQUEST, request.cell, request, not_after=not_after, expires_s=WEATHER_EXPIRES_S)


def unwanted(memory: FeedMemory) -> Emit:
    """All that is stored of the feed is to go, unless it came back meanwhile."""
    return Emit(RECORD_PUBLISH, keys.head(memory.feed), KeepFeed(feed=memory.feed, unwanted_since_turn=memory.turn))


def change(change: SiteChange) -> Emit:
    return Emit(RECORD_PUBLISH, keys.site_changes(change.site), change)


def search(memory: FeedMemory, pages: tuple[str, ...], lane: str, feeds_served: int, now: datetime) -> Emit:
    """`pages` none: the fetcher looks for the feed's home page itself."""
    return Emit(
        on_lane(FEED_REFRESH, lane),
        host_of(pages[0] if pages else memory.address),
        FeedSearch(feed=memory.feed, dead=memory.address, pages=pages, lane=lane, feeds_served=feeds_served),
        not_after=now + timedelta(seconds=SEARCH_OF_USE_S),
        expires_s=SEARCH_OF_USE_S,
    )


def keeping() -> Emit:
    """The publisher's round through the store begins."""
    return Emit(RECORD_PUBLISH, keys.KEEPING, KeepRound())
