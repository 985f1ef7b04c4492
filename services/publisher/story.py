"""The publisher: the only writer of mutable objects (but for the scheduler's ledger).

record.publish → judge → version (create only) → head (compare-and-set) → notice → check → ack.
Every step may be cut off and is done again by the redelivery; the crash points between them have names.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from cachetools import LRUCache

from pressroom.clock import Clock
from pressroom.crash import crash_point
from pressroom.objects.port import Conflict
from pressroom.outcomes import Defer, Done, Emit, Outcome, Reject, Retry
from pressroom.queues.topics import FEED_REFRESH, ONE_KEY, SCHEDULE
from schemas import keys
from schemas.changes import SiteChange
from schemas.codec import TooNew
from schemas.documents import Document, FailureLine, Head, ReaderFeed, ReadersIndex, SiteIndex, SiteStatus
from schemas.envelope import Envelope, Hop
from schemas.keeping import KeepCell, KeepFailures, KeepFeed, KeepRound
from schemas.messages import Check, FailureAct, FailureClosed, FailureSeen, PageImage, PageImageWish, Rollback
from schemas.operating import FailureSend, ReplaysStopped
from schemas.parts import ArchiveWish, Edit, HeadlineAct
from schemas.records import FeedRecord
from schemas.weather import WeatherRecord
from services.publisher.archive import Archive
from services.publisher.documents import (
    Advance,
    Current,
    Overtaken,
    Stale,
    illustrated,
    judge,
    needs_old,
    roll_back,
    wanted_version,
)
from services.publisher.edits import Edits
from services.publisher.failures import Failures
from services.publisher.keeping import Keeping
from services.publisher.rounds import Rounds
from services.publisher.shelf import Broken, Contended, Shelf, dump
from services.publisher.site_changes import SiteDesk
from services.publisher.told import STATUS_KEYS, Told

UPGRADE_TAKES = timedelta(minutes=1)
"""Until it is looked again whether a publisher of the version that wrote an object has the message."""

HEADS_REMEMBERED_MAX = 2000
"""Heads whose identities are kept in memory, so that a new record costs no read: about 5 KB each."""

PAGE_IMAGES_MAX = 5
"""So many pages are asked for their picture when a feed changes."""


class Publisher:
    """Handles `record.publish`. One key is handled by one worker at a time; compare-and-set covers the rest."""

    def __init__(
        self,
        shelf: Shelf,
        failures: Failures,
        keeping: Keeping,
        clock: Clock,
        *,
        page_images: bool = False,
        images_from: str = "",
    ) -> None:
        edits, archive, rounds = Edits(shelf, images_from), Archive(shelf), Rounds(shelf, keeping, clock, self._forget)
        told = Told(shelf)
        self._shelf = shelf
        self._keeping = keeping
        self._clock = clock
        self._page_images = page_images
        self._heads: LRUCache[str, Current] = LRUCache(HEADS_REMEMBERED_MAX)
        self._stories: dict[type, Callable[[Envelope[Any]], Outcome]] = {
            FeedRecord: self._feed,
            WeatherRecord: told.weather,
            SiteStatus: told.site,
            SiteIndex: told.said,
            ReaderFeed: told.said,
            ReadersIndex: told.said,
            Rollback: self._rollback,
            PageImage: self._page_image,
            Edit: edits.edit,
            HeadlineAct: archive.act,
            ArchiveWish: archive.wish,
            SiteChange: SiteDesk(shelf).change,
            FailureSeen: failures.seen,
            FailureClosed: failures.closed,
            FailureAct: failures.act,
            FailureSend: failures.send,
            ReplaysStopped: failures.stop,
            FailureLine: failures.line,
            KeepRound: rounds.round,
            KeepFeed: rounds.feed,
            KeepFailures: rounds.failures,
            KeepCell: rounds.cell,
            **dict.fromkeys(STATUS_KEYS, told.status),
        }

    def handle(self, envelope: Envelope[Any]) -> Outcome:
        story = self._stories.get(type(envelope.payload))
        if story is None:
            return Reject("undecodable", f"{envelope.type} is nothing to publish")
        try:
            return story(envelope)
        except Broken as error:
            return Reject("broken_object", str(error))
        except TooNew as error:
            return Defer(self._clock.now() + UPGRADE_TAKES, str(error))
        except (Contended, Conflict) as error:
            return Retry(str(error))

    # --- feeds --------------------------------------------------------------------------------------

    def _feed(self, envelope: Envelope[FeedRecord]) -> Outcome:
        record, key = envelope.payload, keys.head(envelope.payload.feed)
        current = self._current(key)
        old = self._whole(key) if current is not None and needs_old(current, record) else None
        now = self._clock.now()
        hops = envelope.hopped(Hop(at=now, service="publisher", what="handled feed.record: stored"))
        verdict = judge(current, old, record, now=now, trace=envelope.trace, hops=hops)
        if isinstance(verdict, Overtaken):
            return Done()
        if isinstance(verdict, Advance):
            try:
                current = self._advance(key, verdict, current, envelope)
            except Conflict:
                self._forget(key)
                raise
            self._keeping.tidy(record.feed, record.turn, {current.version, verdict.version}, now)
        assert current is not None
        if not isinstance(verdict, Advance) or verdict.visible:
            crash_point("publisher.after_head")
            self._shelf.notices.changed(key, current.etag, turn=current.turn, trace=envelope.trace)
        crash_point("publisher.after_notice")
        wishes = _wishes(record, verdict, now) if self._page_images else ()
        # What was parsed again was fetched long ago: the scheduler has heard of it.
        return Done(((_stored(record, verdict),) if not record.revision else ()) + wishes)

    def _current(self, key: str) -> Current | None:
        current = self._heads.get(key)
        if current is None:
            found = self._shelf.load(key, Head)
            current = Current.of(*found) if found else None
        return current

    def _whole(self, key: str) -> Head:
        found = self._shelf.load(key, Head)
        if found is None:
            raise Broken(f"object {key} is gone although its feed is known; restore it or remove the feed")
        return found[0]

    def _advance(self, key: str, verdict: Advance, current: Current | None, envelope: Envelope[FeedRecord]) -> Current:
        crash_point("publisher.before_version")
        if current is None or verdict.version != current.version:
            # The digest leaves our clocks out: a version that is there already differs in first-seen times at most.
            with contextlib.suppress(Conflict):
                self._shelf.store.create(keys.version(verdict.head.feed, verdict.version), dump(verdict.document))
        crash_point("publisher.after_version")
        etag = self._shelf.save(key, verdict.head, current.etag if current else None, envelope.id)
        return self._remember(key, verdict.head, etag)

    def _remember(self, key: str, head: Head, etag: str) -> Current:
        current = Current.of(head, etag)
        self._heads[key] = current
        return current

    def _forget(self, key: str) -> None:
        self._heads.pop(key, None)

    def _rollback(self, envelope: Envelope[Rollback]) -> Outcome:
        command, key = envelope.payload, keys.head(envelope.payload.feed)
        self._forget(key)
        found = self._shelf.load(key, Head)
        if found is None:
            return Reject("not_found", f"there is no feed {command.feed}")
        head, etag = found
        version = self._shelf.load(keys.version(head.feed, wanted_version(head, command)), Document)
        if version is None:
            return Reject("not_found", f"feed {command.feed} has no version {command.version}")
        try:
            wanted = roll_back(head, version[0], command, now=self._clock.now())
        except Stale as error:
            return Reject("conflict", str(error))
        etag = self._shelf.save(key, wanted, etag, envelope.id)
        self._remember(key, wanted, etag)
        self._shelf.notices.changed(key, etag, turn=wanted.turn, trace=envelope.trace)
        return Done()

    def _page_image(self, envelope: Envelope[PageImage]) -> Outcome:
        found, key = envelope.payload, keys.head(envelope.payload.feed)
        old = self._shelf.load(key, Head)
        head = illustrated(old[0], found, self._clock.now()) if old else None
        if old is None or head is None:
            return Done()
        self._forget(key)
        with contextlib.suppress(Conflict):
            self._shelf.store.create(keys.version(head.feed, head.version), dump(head.document))
        etag = self._shelf.save(key, head, old[1], envelope.id)
        self._remember(key, head, etag)
        self._shelf.notices.changed(key, etag, turn=head.turn, trace=envelope.trace)
        return Done()


def _wishes(record: FeedRecord, verdict: object, now: datetime) -> tuple[Emit, ...]:
    """Look for pictures of the newest entries that came without one; who is late looks no more."""
    bare = [one for one in verdict.fresh if not one.image and one.link] if isinstance(verdict, Advance) else []
    return tuple(
        Emit(
            FEED_REFRESH,
            urlsplit(entry.link or "").netloc or "unknown",
            PageImageWish(feed=record.feed, entry=entry.id, link=entry.link or ""),
            not_after=now + timedelta(hours=1),
        )
        for entry in bare[:PAGE_IMAGES_MAX]
    )


def _stored(record: FeedRecord, verdict: object) -> Emit:
    fresh = verdict.fresh if isinstance(verdict, Advance) else ()
    published = tuple(entry.published for entry in record.entries if entry.published is not None)
    return Emit(
        SCHEDULE,
        ONE_KEY,
        Check(
            feed=record.feed,
            turn=record.turn,
            result="stored",
            fetch=record.fetch,
            new_entries=len(fresh),
            published=tuple(sorted(published, reverse=True)[:50]),
        ),
    )
