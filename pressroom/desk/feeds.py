"""Feeds from the operator's side: health, history, rollback, pauses, wishes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from pressroom.clock import Clock
from pressroom.desk.failures import NotFound
from pressroom.objects.port import NotModified, ObjectStore
from pressroom.outcomes import Emit
from pressroom.queues.topics import ONE_KEY, RECORD_PUBLISH, SCHEDULE
from pressroom.sender import Sender
from schemas import keys
from schemas.codec import read_document
from schemas.documents import FeedStatus, Head, SiteIndex, SiteStatus
from schemas.messages import Pause, Rollback, Wish

M = TypeVar("M", Head, SiteIndex, SiteStatus)


@dataclass(frozen=True, slots=True)
class Version:
    """One version of a feed in the store."""

    digest: str
    stored_at: datetime
    current: bool


class FeedDesk:
    """All methods raise `BackendUnavailable` when the store or the queue cannot be reached, and `TooNew` or
    `Undecodable` for an object that cannot be read.
    """

    def __init__(self, store: ObjectStore, sender: Sender, clock: Clock) -> None:
        self._store = store
        self._sender = sender
        self._clock = clock

    def statuses(self) -> list[FeedStatus]:
        """Every feed of every site once, what needs a person first."""
        found: dict[str, FeedStatus] = {}
        for site in self._sites():
            status = self._read(keys.site_status(site), SiteStatus)
            found.update({one.feed: one for one in (status.feeds if status else ())})
        return sorted(found.values(), key=_needs_a_person)

    def head(self, feed: str) -> Head:
        """Raises `NotFound`."""
        head = self._read(keys.head(feed), Head)
        if head is None:
            raise NotFound(f"there is no feed {feed}; `pressroom feeds list` names them")
        return head

    def versions(self, feed: str) -> list[Version]:
        """The versions kept, the newest first. Raises `NotFound`."""
        head = self.head(feed)
        current = keys.version(feed, head.version)
        listed = sorted(self._store.list(keys.versions(feed), limit=1000), key=lambda one: one.modified, reverse=True)
        return [
            Version(one.key.rsplit("/", 1)[1].removesuffix(".json"), one.modified, one.key == current) for one in listed
        ]

    def roll_back(self, feed: str, version: str | None, *, by: str, why: str) -> Rollback:
        """Make an earlier version current and hold it, or (None) let go; refused when the head has moved meanwhile."""
        head = self.head(feed)
        command = Rollback(feed=feed, version=version, seen=(head.turn, head.revision), by=by, why=why)
        self._sender.send([Emit(RECORD_PUBLISH, keys.head(feed), command)])
        return command

    def refresh(self, *, feed: str | None = None, site: str | None = None) -> None:
        """Ask before it is due: a feed, a site, or (neither) everything."""
        self._sender.send([Emit(SCHEDULE, ONE_KEY, Wish(feed=feed, site=site))])

    def pause(self, *, host: str | None, feed: str | None, until: datetime | None, by: str, why: str) -> None:
        """Leave a host or a feed alone until then; `until` None ends the pause."""
        self._sender.send([Emit(SCHEDULE, ONE_KEY, Pause(host=host, feed=feed, until=until, by=by, why=why))])

    def _sites(self) -> tuple[str, ...]:
        index = self._read(keys.SITES_INDEX, SiteIndex)
        return tuple(one.site for one in index.sites) if index else ()

    def _read(self, key: str, model: type[M]) -> M | None:
        found = self._store.get(key)
        if found is None or isinstance(found, NotModified):
            return None
        return read_document(found.body, model, f"object {key}")


def _needs_a_person(status: FeedStatus) -> tuple[int, float, str]:
    since = status.failing_since.timestamp() if status.failing_since else float("inf")
    return (0 if status.stopped else 1 if status.failures else 2, since, status.feed)
