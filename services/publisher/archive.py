"""A site's headlines by the day they were first seen, and those that the site does not show any more.

A status that names feeds with new content is followed by an `archive.wish`; what is not taken from a head then is
taken at the next one, since a day remembers how far it has looked into each feed.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, timedelta

from pressroom.outcomes import Done, Emit, Outcome, Reject
from pressroom.queues.topics import RECORD_PUBLISH
from pressroom.removed import Removed
from schemas import keys
from schemas.documents import ARCHIVED_MAX, ArchiveDay, ArchivedHeadline, FeedStatus, Head, SiteStatus
from schemas.envelope import Envelope
from schemas.parts import REMOVED_MAX, ArchiveWish, HeadlineAct, RemovedHeadlines
from schemas.records import Entry
from services.publisher.shelf import Shelf

log = logging.getLogger(__name__)


class Archive:
    """The stories of `archive.wish` and `headline.act`."""

    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf

    def wish(self, envelope: Envelope[ArchiveWish]) -> Outcome:
        wish = envelope.payload
        found = self._shelf.load(keys.site_status(wish.site), SiteStatus)
        today = wish.at.astimezone(UTC).date()
        if found is not None:
            heads: dict[str, Head | None] = {}
            for day in (today, today - timedelta(days=1)):
                self._take(wish.site, day, found[0].feeds, heads, envelope.id)
        return Done()

    def _take(
        self, site: str, day: date, rows: Iterable[FeedStatus], heads: dict[str, Head | None], write_id: str
    ) -> None:
        """`heads`: those read so far."""

        def change(old: ArchiveDay | None) -> ArchiveDay | None:
            todo = untaken(old, rows, day)
            for row in todo:
                if row.feed not in heads:
                    found = self._shelf.load(keys.head(row.feed), Head)
                    heads[row.feed] = found[0] if found else None
            return archived(old, site, day, [(row, heads[row.feed]) for row in todo])

        self._shelf.change(keys.site_archive(site, day), ArchiveDay, change, write_id)

    def act(self, envelope: Envelope[HeadlineAct]) -> Outcome:
        act = envelope.payload
        key = keys.removed(act.site)
        full: list[str] = []

        def change(old: RemovedHeadlines | None) -> RemovedHeadlines | None:
            new = acted(old, act)
            full[:] = ["full"] if new is not None and len(new.headlines) > REMOVED_MAX else []
            return None if full else new

        self._shelf.change(key, RemovedHeadlines, change, envelope.id)
        if full:
            return Reject("too_large", f"{act.site} has {REMOVED_MAX} removed headlines; put some back first")
        found = self._shelf.load(key, RemovedHeadlines)
        if found is not None:
            self._shelf.notices.changed(key, found[1], trace=envelope.trace)
        return Done()


def wishes(old: SiteStatus | None, new: SiteStatus) -> tuple[Emit, ...]:
    """What follows a status: nothing when no feed has changed since the last one. Its redelivery asks again."""
    before = {row.feed: row.changed_at for row in old.feeds} if old is not None and old.at != new.at else {}
    if all(before.get(row.feed) == row.changed_at for row in new.feeds):
        return ()
    key = keys.site_archive(new.site, new.at.date())
    return (Emit(RECORD_PUBLISH, key, ArchiveWish(site=new.site, at=new.at)),)


def untaken(old: ArchiveDay | None, rows: Iterable[FeedStatus], day: date) -> list[FeedStatus]:
    """The feeds whose content may hold headlines of this day that the archive has not seen. Content of a later day is
    looked through once more for a day that is over.
    """
    taken = old.taken if old is not None else {}

    def may_have(changed_at: datetime | None, seen: datetime | None) -> bool:
        if changed_at is None or changed_at.date() < day:
            return False
        return seen is None or (seen != changed_at and seen.date() == day)

    return [row for row in rows if may_have(row.changed_at, taken.get(row.feed))]


def archived(
    old: ArchiveDay | None, site: str, day: date, found: Iterable[tuple[FeedStatus, Head | None]]
) -> ArchiveDay | None:
    """The day with the headlines of `found` that were first seen on it; None when there was nothing to look into.

    The oldest first; a headline that is there already stays as it was kept first.
    """
    found = list(found)
    if not found:
        return None
    kept = list(old.headlines if old is not None else ())
    there = {(one.feed, one.id) for one in kept}
    fresh = [
        one for row, head in found if head is not None for one in _of(head, day) if (row.feed, one.id) not in there
    ]
    kept = sorted([*kept, *fresh], key=lambda one: one.first_seen)
    if len(kept) > ARCHIVED_MAX:
        log.warning("archive of %s, %s: %d headlines are left out", site, day, len(kept) - ARCHIVED_MAX)
    taken = dict(old.taken) if old is not None else {}
    taken |= {row.feed: row.changed_at for row, _ in found if row.changed_at is not None}
    return ArchiveDay(site=site, day=day.isoformat(), headlines=tuple(kept[:ARCHIVED_MAX]), taken=taken)


def _of(head: Head, day: date) -> Iterator[ArchivedHeadline]:
    for entry in head.document.entries:
        seen = entry.first_seen
        if seen is not None and seen.date() == day:
            yield _line(head.feed, entry, seen)


def _line(feed: str, entry: Entry, first_seen: datetime) -> ArchivedHeadline:
    return ArchivedHeadline(
        feed=feed,
        id=entry.id,
        title=entry.title,
        link=entry.link,
        published=entry.published,
        first_seen=first_seen,
    )


def acted(old: RemovedHeadlines | None, act: HeadlineAct) -> RemovedHeadlines | None:
    """The list with the entry on it, or without it; None when that is so already."""
    before = old.headlines if old is not None else ()
    asked = Removed(RemovedHeadlines(site=act.site, headlines=(act.headline,)))
    rest = tuple(one for one in before if not asked.has(one.feed, one.id, one.link))
    if (len(rest) < len(before)) == (act.act == "remove"):
        return None
    headlines = (*rest, act.headline) if act.act == "remove" else rest
    return RemovedHeadlines.model_construct(site=act.site, headlines=headlines)
