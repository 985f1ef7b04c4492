"""What readers and operators see of the schedule: a status document for each site, and the index of sites."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from pressroom.outcomes import Emit
from pressroom.queues.topics import RECORD_PUBLISH
from schemas import keys
from schemas.changes import SeenRedirect
from schemas.documents import FeedStatus, ReaderFeed, ReadersIndex, SiteEntry, SiteIndex, SiteStatus
from schemas.messages import Pause
from services.scheduler.ledger import Ledger
from services.scheduler.memory import FeedMemory, HostMemory
from services.scheduler.proposals import proposal_of
from services.scheduler.sites import Feed, Site, Wanted, host_of
from services.scheduler.status_size import fitted

NEW_INTERVAL_S = 3.0


def feed_status(feed: Feed, memory: FeedMemory | None, host: HostMemory | None) -> FeedStatus:
    of_site = FeedStatus(
        feed=feed.id,
        url=feed.url,
        title=feed.title,
        home=feed.home,
        items_max=feed.max_items,
        origin=feed.origin,
    )
    if memory is None:
        return of_site
    streaks, seen = memory.streaks, memory.redirect
    pauses = (memory.pause_until, host.pause_until if host else None)
    return of_site.model_copy(
        update={
            "url": memory.address,
            "checked_at": memory.checked_at,
            "ok_at": memory.ok_at,
            "changed_at": memory.changed_at,
            "failing_since": min((one.since for one in streaks), default=None),
            "failures": memory.failures,
            "trouble": streaks[-1].trouble if streaks else None,
            "next_at": None if memory.stopped else max(at for at in (memory.next_at, *pauses) if at is not None),
            "stopped": memory.stopped,
            "interval_s": memory.interval_s,
            "pause_until": max((at for at in pauses if at is not None), default=None),
            "recent": memory.recent,
            "redirect": SeenRedirect(url=seen.url, since=seen.first_seen, checks=seen.checks) if seen else None,
            "proposal": proposal_of(memory),
        }
    )


def sites_paused(pause: Pause, wanted: Mapping[str, Wanted], feeds: Mapping[str, FeedMemory]) -> set[str]:
    """The sites that have something to say of a pause, or of its end."""
    meant = (
        feed
        for name, feed in wanted.items()
        if name == pause.feed or (pause.host and name in feeds and host_of(feeds[name].address) == pause.host)
    )
    return {site for feed in meant for site in feed.sites}


def site_status(site: Site, ledger: Ledger, at: datetime) -> SiteStatus:
    memories = {feed.id: ledger.feeds.get(feed.id) for feed in site.feeds}
    hosts = {name: ledger.hosts.get(host_of(memory.address)) for name, memory in memories.items() if memory}
    status = SiteStatus(
        site=site.id,
        title=site.title,
        description=site.description,
        theme=site.theme,
        place=site.place,
        at=at,
        feeds=tuple(feed_status(feed, memories[feed.id], hosts.get(feed.id)) for feed in site.feeds),
    )
    return fitted(status)


def reader_feed(memory: FeedMemory, ledger: Ledger, at: datetime) -> Emit:
    """How a feed that readers brought is doing, as its checks come in."""
    status = feed_status(Feed.model_validate({"url": memory.url}), memory, ledger.hosts.get(host_of(memory.address)))
    return Emit(RECORD_PUBLISH, keys.reader_feed(memory.feed), ReaderFeed(at=at, status=status))


def readers_index(full: bool, at: datetime) -> Emit:
    return Emit(RECORD_PUBLISH, keys.READERS_INDEX, ReadersIndex(at=at, full=full))


def site_index(sites: Iterable[Site], at: datetime) -> SiteIndex:
    entries = tuple(
        SiteEntry(site=one.id, title=one.title, description=one.description, theme=one.theme, place=one.place)
        for one in sites
    )
    return SiteIndex(at=at, sites=entries)


class StatusBoard:
    """Which sites have something new to say, and from when each may: at most once in `interval_s`.

    A site with feeds that were never checked is new: its readers wait for the first word on each, so it may speak
    every few seconds until there is one.
    """

    def __init__(self, interval_s: float) -> None:
        self._interval = timedelta(seconds=interval_s)
        self._new_interval = timedelta(seconds=min(interval_s, NEW_INTERVAL_S))
        self._next: dict[str, datetime] = {}
        self._changed: set[str] = set()
        self._index_changed = False

    @property
    def waiting(self) -> bool:
        """Whether something is left to be said once its time has come."""
        return bool(self._changed) or self._index_changed

    def touch(self, sites: Iterable[str]) -> None:
        self._changed.update(sites)

    def touch_all(self, sites: Iterable[str]) -> None:
        """The sites themselves changed: what they say of themselves is not held back."""
        self._changed = set(sites)
        self._next.clear()
        self._index_changed = True

    def hasten(self) -> None:
        """What waits for its time need not wait any longer."""
        self._next.clear()

    def emits(self, sites: Mapping[str, Site], ledger: Ledger, now: datetime) -> list[Emit]:
        emits = []
        if self._index_changed:
            emits.append(Emit(RECORD_PUBLISH, keys.SITES_INDEX, site_index(sites.values(), now)))
            self._index_changed = False
        for name in [one for one in self._changed if self._may_speak(one, now)]:
            self._changed.discard(name)
            if name in sites:
                status = site_status(sites[name], ledger, now)
                is_new = any(feed.checked_at is None for feed in status.feeds)
                self._next[name] = now + (self._new_interval if is_new else self._interval)
                emits.append(Emit(RECORD_PUBLISH, keys.site_status(name), status))
        return emits

    def _may_speak(self, site: str, now: datetime) -> bool:
        return now >= self._next.get(site, now)
