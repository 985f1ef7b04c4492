"""What a site's pages are made from: which copies a node keeps, and those of one site laid side by side."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from pressroom.removed import Removed
from schemas import keys
from schemas.documents import Head, SiteEntry, SiteIndex, SiteStatus
from schemas.weather import WeatherRecord
from services.web.copies import Copies
from services.web.ladder import Shown
from services.web.parts import NO_PARTS, Parts, keys_of, parts_of, removed_of, without

CellOf = Callable[[str], str | None]
"""The weather cell of a place's name; None when nobody knows the place."""


@dataclass(frozen=True, slots=True)
class Outage:
    """What this node cannot reach, and since when; None when all is well."""

    store_since: datetime | None = None
    broker_since: datetime | None = None

    def __bool__(self) -> bool:
        return self.store_since is not None or self.broker_since is not None


@dataclass(frozen=True, slots=True)
class Desk:
    """All that one site's pages say, before anybody has decided how."""

    sites: tuple[SiteEntry, ...]
    status: SiteStatus
    heads: Mapping[str, Head]
    weather: WeatherRecord | None = None
    shown: Shown | None = None
    """What a reader with a place of their own gets instead of the site's weather, and what they call the place."""
    place: str = ""
    notes: Mapping[str, str] = field(default_factory=dict)
    """Of a reader's own feeds: feed → why nothing is there, where its status cannot say it."""
    own_seen: str = ""
    """Changes whenever one of the reader's own feeds looks different."""
    outage: Outage = field(default_factory=Outage)
    parts: Parts = NO_PARTS
    removed: Removed = field(default_factory=lambda: Removed(None))


def wanted(copies: Copies, cell_of: CellOf) -> list[str]:
    """The keys a node keeps copies of: the index, then each site's status, then what the sites show."""
    index = copies.value(keys.SITES_INDEX, SiteIndex)
    sites = index.sites if index is not None else ()
    statuses = [keys.site_status(entry.site) for entry in sites]
    edited = [key for entry in sites for key in keys_of(entry.site)]
    shown: dict[str, None] = {}
    for key in statuses:
        status = copies.value(key, SiteStatus)
        if status is None:
            continue
        shown.update((keys.head(feed.feed), None) for feed in status.feeds)
        cell = cell_of(status.place) if status.place else None
        if cell is not None:
            shown[keys.weather(cell)] = None
    return [keys.SITES_INDEX, *statuses, *edited, *shown]


def lay(copies: Copies, site: str, cell_of: CellOf, outage: Outage) -> Desk | None:
    """None while this node has no status of the site."""
    index = copies.value(keys.SITES_INDEX, SiteIndex)
    status = copies.value(keys.site_status(site), SiteStatus)
    if index is None or status is None or all(entry.site != site for entry in index.sites):
        return None
    heads = {feed.feed: copies.value(keys.head(feed.feed), Head) for feed in status.feeds}
    cell = cell_of(status.place) if status.place else None
    removed = removed_of(copies, site)
    return Desk(
        sites=index.sites,
        status=status,
        heads={feed: without(head, removed) for feed, head in heads.items() if head is not None},
        weather=copies.value(keys.weather(cell), WeatherRecord) if cell else None,
        outage=outage,
        parts=parts_of(copies, site),
        removed=removed,
    )


def sites_showing(copies: Copies, key: str, cell_of: CellOf) -> list[str]:
    """The sites whose pages a changed object belongs to."""
    index = copies.value(keys.SITES_INDEX, SiteIndex)
    sites = [entry.site for entry in index.sites] if index is not None else []
    if key == keys.SITES_INDEX:
        return sites
    return [site for site in sites if _shows(copies, site, key, cell_of)]


def _shows(copies: Copies, site: str, key: str, cell_of: CellOf) -> bool:
    if key == keys.site_status(site) or key in keys_of(site):
        return True
    status = copies.value(keys.site_status(site), SiteStatus)
    if status is None:
        return False
    if key.startswith("weather/"):
        cell = cell_of(status.place) if status.place else None
        return cell is not None and key == keys.weather(cell)
    feed = keys.feed_of(key)
    return any(row.feed == feed for row in status.feeds)
