"""The publisher's daily round: a page of the store a message, so that it costs little at a time and survives anything.

Where the round stands travels in its message, which has one key: whatever number of publishers there is, one is at it.
What might cross with other work on an object is not done here but asked for under that object's own key.
"""

from __future__ import annotations

import itertools
import logging
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from datetime import date, datetime, timedelta

from pressroom.clock import Clock
from pressroom.objects.port import Listed
from pressroom.outcomes import Done, Emit, Outcome
from pressroom.queues.topics import RECORD_PUBLISH
from schemas import keys
from schemas.documents import Failure, FailureDay, Head
from schemas.envelope import Envelope
from schemas.keeping import AGED, Aged, KeepCell, KeepFailures, KeepFeed, KeepRound
from schemas.weather import WeatherRecord
from services.publisher.documents import SPARE_VERSIONS
from services.publisher.keeping import DELETES_MAX, Keeping
from services.publisher.shelf import Shelf

log = logging.getLogger(__name__)

UNSETTLED = ("open", "replaying")
"""Failures that somebody still has to do something about, or is at it: these never expire."""

PAGE = 1000
"""Objects that one message looks at: one request on S3."""


class Rounds:
    """The stories of `keeping.*`. `forget`: what is remembered of the head at this key is out of date."""

    def __init__(self, shelf: Shelf, keeping: Keeping, clock: Clock, forget: Callable[[str], None]) -> None:
        self._shelf = shelf
        self._keeping = keeping
        self._clock = clock
        self._forget = forget

    def round(self, envelope: Envelope[KeepRound]) -> Outcome:
        """Look at one page; what is to be done about it, and the next page, go out together."""
        part, after = envelope.payload.part, envelope.payload.after
        page = list(self._shelf.store.list(_PREFIXES[part], after=after, limit=PAGE))
        now = self._clock.now()
        emits: tuple[Emit, ...] = ()
        last = page[-1].key if len(page) == PAGE else ""
        if part in ("versions", "raw"):
            page, last = _whole_feeds(page, last)
            emits = tuple(
                Emit(RECORD_PUBLISH, keys.head(feed), KeepFeed(feed=feed)) for feed in self._crowded(part, page, now)
            )
        elif part == "failures":
            oldest = self._days_ago(now, self._keeping.ages.failures_days)
            old = [one.key for one in page if _day(one.key.removeprefix(keys.FAILURE_SUMMARIES)[:10]) < oldest]
            emits = tuple(Emit(RECORD_PUBLISH, key, KeepFailures(summary=key)) for key in old)
        elif part == "weather":
            oldest_at = now - timedelta(days=self._keeping.ages.weather_days)
            old = [one.key for one in page if one.modified < oldest_at]
            emits = tuple(Emit(RECORD_PUBLISH, key, KeepCell(cell=keys.cell_of(key))) for key in old)
        else:
            self._delete(part, (one.key for one in page if self._is_old(part, one, now)))
        following = _following(part, last)
        return Done((*emits, *([Emit(RECORD_PUBLISH, keys.KEEPING, following)] if following else [])))

    def feed(self, envelope: Envelope[KeepFeed]) -> Outcome:
        """Under the head's key: the pointers do not move while this looks."""
        feed, turn = envelope.payload.feed, envelope.payload.unwanted_since_turn
        found = self._shelf.load(keys.head(feed), Head)
        if turn is not None and (found is None or found[0].turn <= turn):
            self._forget(keys.head(feed))
            objects = self._keeping.drop(feed)
            if found is not None:  # it is said again for hours, and done once
                log.info("nobody has wanted %s for long: it is deleted, with %d objects", feed, objects)
        elif found is not None:
            needed = {version for version in (found[0].version, found[0].latest) if version is not None}
            versions, raws = self._keeping.trim(feed, needed, self._clock.now())
            log.info("kept less of %s: %d versions and %d raw answers are deleted", feed, versions, raws)
        return Done()

    def cell(self, envelope: Envelope[KeepCell]) -> Outcome:
        """Under the weather's key: what came meanwhile is young, and stays."""
        key = keys.weather(envelope.payload.cell)
        found = self._shelf.load(key, WeatherRecord)
        oldest = self._clock.now() - timedelta(days=self._keeping.ages.weather_days)
        if found is not None and found[0].fetched_at < oldest:
            self._shelf.store.delete(key)
        return Done()

    def failures(self, envelope: Envelope[KeepFailures]) -> Outcome:
        """Under the summary's key: delete what has been closed for long, then take its lines out."""
        key, now = envelope.payload.summary, self._clock.now()
        found = self._shelf.load(key, FailureDay)
        if found is None:
            return Done()
        day, etag = found
        oldest = now - timedelta(days=self._keeping.ages.failures_days)
        old = [one.id for one in day.failures if one.status not in UNSETTLED and one.last_at < oldest]
        gone = {one for one in old[:DELETES_MAX] if self._dropped(keys.failure(keys.day_of_summary(key), one), oldest)}
        left = tuple(one for one in day.failures if one.id not in gone)
        if not left:
            self._shelf.store.delete(key)
        elif gone:
            self._shelf.save(key, day.model_copy(update={"failures": left}), etag, envelope.id)
        if gone:
            log.info("failures closed for long: %d of %s are deleted", len(gone), key)
        more = len(old) > DELETES_MAX
        return Done((Emit(RECORD_PUBLISH, key, KeepFailures(summary=key)),) if more else ())

    def _dropped(self, key: str, oldest: datetime) -> bool:
        """Delete a failure, unless it was opened again and its line is only on its way."""
        found = self._shelf.load(key, Failure)
        if found is not None and (found[0].status in UNSETTLED or found[0].last_at >= oldest):
            return False
        self._shelf.store.delete(key)
        return True

    def _crowded(self, part: Aged, page: Sequence[Listed], now: datetime) -> Iterable[str]:
        """The feeds that have more than is kept of them, as far as a listing shows."""
        counts = Counter(_feed(one.key) for one in page)
        if part == "raw":
            return [feed for feed, count in counts.items() if count > self._keeping.raw_max]
        oldest = self._keeping.oldest(now)
        aged = {_feed(one.key) for one in page if one.modified < oldest}
        return [
            feed
            for feed, count in counts.items()
            if count > self._keeping.versions_max or (count > SPARE_VERSIONS and feed in aged)
        ]

    def _is_old(self, part: Aged, one: Listed, now: datetime) -> bool:
        if part == "previews":
            return one.modified < now - timedelta(days=self._keeping.ages.previews_days)
        segments = one.key.split("/")
        if part == "audit":
            return _day(segments[1]) < self._days_ago(now, self._keeping.ages.audit_days)
        # sites/<site>/archive/<day>.json; a site's status stays.
        is_archive = len(segments) == 4 and segments[2] == "archive"
        return is_archive and _day(segments[3][:10]) < self._days_ago(now, self._keeping.ages.archive_days)

    def _days_ago(self, now: datetime, days: float) -> date:
        return (now - timedelta(days=days)).date()

    def _delete(self, part: Aged, old: Iterable[str]) -> None:
        count = 0
        for count, key in enumerate(old, 1):  # noqa: B007
            self._shelf.store.delete(key)
        if count:
            log.info("kept for long enough: %d objects of %s are deleted", count, part)


_PREFIXES: dict[Aged, str] = {
    "versions": "versions/",
    "raw": "raw/",
    "failures": keys.FAILURE_SUMMARIES,
    "archive": "sites/",
    "previews": keys.PREVIEWS,
    "audit": "audit/",
    "weather": keys.CELLS,
}


def _following(part: Aged, last: str) -> KeepRound | None:
    """The next page of this part, the next part, or nothing more today."""
    if last:
        return KeepRound(part=part, after=last)
    rest = AGED[AGED.index(part) + 1 :]
    return KeepRound(part=rest[0]) if rest else None


def _whole_feeds(page: list[Listed], last: str) -> tuple[list[Listed], str]:
    """A page without the feed that its end cuts in two, which the next page begins with; unless it has no other."""
    feeds = [list(group) for _, group in itertools.groupby(page, key=lambda one: _feed(one.key))]
    if not last or len(feeds) < 2:
        return page, last
    return page[: -len(feeds[-1])], feeds[-2][-1].key


def _feed(key: str) -> str:
    return key.split("/")[1]


def _day(text: str) -> date:
    """What is no day is never old."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        return date.max
