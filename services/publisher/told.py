"""What others know and the publisher writes down as it is: weather, sites, readers' feeds, the newsroom's state."""

from __future__ import annotations

from typing import Any

from pressroom.outcomes import Done, Outcome
from schemas import keys
from schemas.documents import ReaderFeed, ReadersIndex, SiteIndex, SiteStatus
from schemas.envelope import Envelope
from schemas.status import BackupStatus, BucketStatus, FilesStatus, FleetStatus, HostsStatus
from schemas.weather import WeatherRecord
from services.publisher.archive import wishes
from services.publisher.shelf import Shelf

STATUS_KEYS: dict[type[Any], str] = {
    FleetStatus: keys.STATUS_SERVICES,
    HostsStatus: keys.STATUS_HOSTS,
    BucketStatus: keys.STATUS_BUCKET,
    FilesStatus: keys.STATUS_FILES,
    BackupStatus: keys.STATUS_BACKUP,
}


class Told:
    """The stories of `weather.record`, `site.*`, `reader.*` and `status.*`."""

    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf

    def weather(self, envelope: Envelope[WeatherRecord]) -> Outcome:
        record, key = envelope.payload, keys.weather(envelope.payload.cell)

        def newer(old: WeatherRecord | None) -> WeatherRecord | None:
            return record if old is None or record.turn > old.turn else None

        etag = self._shelf.change(key, WeatherRecord, newer, envelope.id)
        return told(self._shelf, key, etag, record.turn, envelope.trace)

    def site(self, envelope: Envelope[SiteStatus]) -> Outcome:
        """A status is followed by a look at what its feeds have brought, for the site's archive."""
        before = self._shelf.load(keys.site_status(envelope.payload.site), SiteStatus)
        self.said(envelope)
        return Done(wishes(before[0] if before else None, envelope.payload))

    def said(self, envelope: Envelope[Any]) -> Outcome:
        """What the scheduler says of sites and feeds."""
        key = _key_of(envelope.payload)
        return told(self._shelf, key, self._write(key, envelope), 0, envelope.trace)

    def status(self, envelope: Envelope[Any]) -> Outcome:
        """What operators look at; no page shows it, so nobody is told."""
        self._write(STATUS_KEYS[type(envelope.payload)], envelope)
        return Done()

    def _write(self, key: str, envelope: Envelope[Any]) -> str | None:
        """The document's new ETag; None when a later word is there."""
        document = envelope.payload

        def later(old: Any) -> Any:
            # `at` is the sender's own clock, and one sends at a time: the later one is the later word.
            return document if old is None or document.at >= old.at else None

        return self._shelf.change(key, type(document), later, envelope.id)


def told(shelf: Shelf, key: str, etag: str | None, turn: int, trace: str) -> Outcome:
    """Done, with a notice when something was written."""
    if etag is not None:
        shelf.notices.changed(key, etag, turn=turn, trace=trace)
    return Done()


def _key_of(document: SiteStatus | SiteIndex | ReaderFeed | ReadersIndex) -> str:
    match document:
        case SiteStatus():
            return keys.site_status(document.site)
        case ReaderFeed():
            return keys.reader_feed(document.status.feed)
        case SiteIndex():
            return keys.SITES_INDEX
        case ReadersIndex():
            return keys.READERS_INDEX
