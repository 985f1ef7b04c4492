"""Sites as they are: their files, and over these what operators changed since, which lies in the store."""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Iterable, Mapping

from pydantic import ValidationError

from pressroom.objects.port import LIST_LIMIT_MAX, ObjectStore, Stored
from schemas import keys
from schemas.changes import FeedChange, SiteChanges
from schemas.codec import TooNew, Undecodable, explain, read_document
from schemas.documents import FEEDS_MAX
from services.scheduler.shards import BadLedger
from services.scheduler.sites import SITES_MAX, AddedFeed, Feed, Site, SiteBook

log = logging.getLogger(__name__)


class Sites:
    """Every site there is, by its id, and what was declined of each feed. Used by one thread."""

    def __init__(self, book: SiteBook, store: ObjectStore) -> None:
        self._book = book
        self._store = store
        self._etags: dict[str, str] = {}
        self._changes: dict[str, SiteChanges] = {}
        self.all: Mapping[str, Site] = book.sites
        self.declined: Mapping[str, frozenset[str]] = {}

    def reread_files(self) -> bool:
        """Whether any site changed with its file. Costs one stat a file."""
        changed, errors = self._book.reread()
        for error in errors:
            log.error("%s", error)
        return changed and self._lay()

    def reread_changes(self) -> bool:
        """Whether operators changed anything. Costs one listing. Raises what the store raises, and `BadLedger`."""
        listed = {one.key: one.etag for one in self._store.list(keys.CHANGES, limit=LIST_LIMIT_MAX)}
        if listed == self._etags:
            return False
        for key in [key for key, etag in listed.items() if self._etags.get(key) != etag]:
            self._read(key)
        for key in self._etags.keys() - listed.keys():
            del self._etags[key]
            self._changes.pop(key, None)
        return self._lay()

    def _read(self, key: str) -> None:
        """What cannot be read leaves the site as it was. Raises `BadLedger` when it never could be, and only an upgrade
        is missing: without it feeds would be dropped that operators put there.
        """
        found = self._store.get(key)
        if not isinstance(found, Stored):
            return
        try:
            self._changes[key] = read_document(found.body, SiteChanges, f"object {key}")
        except (TooNew, Undecodable) as error:
            if isinstance(error, TooNew) and key not in self._changes:
                raise BadLedger(str(error)) from None
            log.warning("%s; the site stays as it was", error)
        self._etags[key] = found.etag

    def _lay(self) -> bool:
        before = self.all, self.declined
        self.all = overlaid(self._book.sites, self._changes.values())
        self.declined = declined(self._changes.values())
        return (self.all, self.declined) != before


def overlaid(files: Mapping[str, Site], changes: Iterable[SiteChanges]) -> dict[str, Site]:
    """The sites of the files with the changes in them, then those that operators made and put a feed on. Pure."""
    by_site = {one.site: one for one in changes}
    sites = {name: _changed(site, by_site[name]) if name in by_site else site for name, site in files.items()}
    for name in sorted(by_site.keys() - files.keys()):
        made = by_site[name]
        if made.title is None or not keys.is_site_id(name) or len(sites) >= SITES_MAX:
            continue
        site = _changed(Site(id=name, title=made.title[:200] or name), made)
        if site.feeds:
            sites[name] = site
    return sites


def declined(changes: Iterable[SiteChanges]) -> dict[str, frozenset[str]]:
    """Feed → the proposals about it that an operator declined."""
    found: dict[str, set[str]] = defaultdict(set)
    for site in changes:
        for line in site.lines:
            if line.act == "decline" and line.proposal:
                found[line.feed].add(line.proposal)
    return {feed: frozenset(ids) for feed, ids in found.items()}


def _changed(site: Site, changes: SiteChanges) -> Site:
    removed = {line.feed for line in changes.lines if line.act == "remove"}
    moves = {line.feed: line for line in changes.lines if line.act == "move"}
    there = {feed.id for feed in site.feeds}
    added = [_added(site.id, line) for line in changes.lines if line.act == "add" and line.feed not in there]
    shown = [feed for feed in (*site.feeds, *(one for one in added if one)) if feed.id not in removed]
    if len(shown) > FEEDS_MAX:
        log.error("site %s: %d feeds are more than %d, the last are left out", site.id, len(shown), FEEDS_MAX)
    return site.model_copy(update={"feeds": [_moved(feed, moves.get(feed.id)) for feed in shown[:FEEDS_MAX]]})


def _added(site: str, line: FeedChange) -> Feed | None:
    try:
        return AddedFeed.model_validate(
            {"id": line.feed, "url": line.url, "title": line.title, "home": line.home, "max_items": line.items_max}
        )
    except ValidationError as error:
        log.warning("%s; it is left out", explain(error, f"site {site}: feed {line.feed}, added by {line.by}"))
        return None


def _moved(feed: Feed, move: FeedChange | None) -> Feed:
    """At its new address it stays the feed that it is."""
    if move is None or move.url is None:
        return feed
    return feed.model_copy(update={"known_as": feed.id, "url": move.url})
