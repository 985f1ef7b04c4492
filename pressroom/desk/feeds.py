"""Feeds: health, history, rollback, pauses, wishes."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated

from pydantic import Field

from pressroom.desk.office import NotFound, Office, Refused
from pressroom.desk.verbs import Answer, Asked, Change, Doing, argument, option, verb
from pressroom.queues.topics import ONE_KEY, RECORD_PUBLISH, SCHEDULE
from schemas import keys
from schemas.documents import FeedStatus, Head, SiteIndex, SiteStatus
from schemas.messages import Pause, Rollback, Wish


class Every(Asked):
    """All feeds."""


class Statuses(Answer):
    """Every feed of every site once, what needs a person first."""

    feeds: tuple[FeedStatus, ...]


class Named(Asked):
    feed: str = argument("the feed's id, as `feeds list` shows it")


class Version(Answer):
    """One version of a feed in the store."""

    digest: str
    stored_at: datetime
    current: bool


class Shown(Answer):
    """A feed's head, and the versions kept of it, the newest first."""

    head: Head
    versions: tuple[Version, ...]


class Back(Change):
    feed: str = argument("the feed's id")
    version: str = argument("the version, or the unique beginning of one")


class Release(Change):
    feed: str = argument("the feed's id")


class Moved(Answer):
    """What was asked of the publisher; `version` None: the feed follows its source again."""

    feed: str
    version: str | None
    sent: bool


class Refresh(Doing):
    feed: str | None = option("this feed")
    site: str | None = option("every feed of this site; neither: every feed there is")


class Sent(Answer):
    text: str


class Which(Change):
    host: str | None = option("this host")
    feed: str | None = option("this feed")


class Pausing(Which):
    hours: Annotated[float, Field(gt=0)] = option("for so long", 24.0)


def list_(office: Office, asked: Every) -> Statuses:
    """Every feed, what needs a person first."""
    found: dict[str, FeedStatus] = {}
    index = office.read(keys.SITES_INDEX, SiteIndex)
    for site in index.sites if index else ():
        status = office.read(keys.site_status(site.site), SiteStatus)
        found.update({one.feed: one for one in (status.feeds if status else ())})
    return Statuses(feeds=tuple(sorted(found.values(), key=_needs_a_person)))


def show(office: Office, asked: Named) -> Shown:
    """A feed's head and the versions kept of it."""
    head = _head(office, asked.feed)
    current = keys.version(asked.feed, head.version)
    listed = sorted(
        office.store.list(keys.versions(asked.feed), limit=1000), key=lambda one: one.modified, reverse=True
    )
    versions = (
        Version(
            digest=one.key.rsplit("/", 1)[1].removesuffix(".json"), stored_at=one.modified, current=one.key == current
        )
        for one in listed
    )
    return Shown(head=head, versions=tuple(versions))


def rollback(office: Office, asked: Back) -> Moved:
    """Make an earlier version of a feed current and hold it until it is released."""
    digests = [one.digest for one in show(office, Named(feed=asked.feed)).versions]
    found = [one for one in digests if one.startswith(asked.version)]
    if len(found) != 1:
        raise NotFound(f"{len(found)} versions begin with {asked.version!r}; `pressroom feeds show` lists them")
    return _move(office, asked, asked.feed, found[0])


def release(office: Office, asked: Release) -> Moved:
    """Let a held feed follow its source again."""
    return _move(office, asked, asked.feed, None)


def refresh(office: Office, asked: Refresh) -> Sent:
    """Ask for a refresh before it is due."""
    office.send(SCHEDULE, ONE_KEY, Wish(feed=asked.feed, site=asked.site))
    return Sent(text=f"asked for: a refresh of {asked.feed or asked.site or 'every feed'}")


def pause(office: Office, asked: Pausing) -> Sent:
    """Leave a host or a feed alone for a while."""
    return _pause(office, asked, office.now() + timedelta(hours=asked.hours), f"is left alone for {asked.hours:g} h")


def resume(office: Office, asked: Which) -> Sent:
    """End a pause."""
    return _pause(office, asked, None, "is asked again")


def _head(office: Office, feed: str) -> Head:
    head = office.read(keys.head(feed), Head)
    if head is None:
        raise NotFound(f"there is no feed {feed}; `pressroom feeds list` names them")
    return head


def _move(office: Office, asked: Change, feed: str, version: str | None) -> Moved:
    """The publisher refuses it when the head has moved meanwhile."""
    head = _head(office, feed)
    command = Rollback(feed=feed, version=version, seen=(head.turn, head.revision), by=asked.by, why=asked.why)
    if not asked.dry_run:
        office.send(RECORD_PUBLISH, keys.head(feed), command)
    return Moved(feed=feed, version=version, sent=not asked.dry_run)


def _pause(office: Office, asked: Which, until: datetime | None, what: str) -> Sent:
    if (asked.host is None) == (asked.feed is None):
        raise Refused("name either a host or a feed")
    if not asked.dry_run:
        pausing = Pause(host=asked.host, feed=asked.feed, until=until, by=asked.by, why=asked.why)
        office.send(SCHEDULE, ONE_KEY, pausing)
    return Sent(text=f"{'would ask' if asked.dry_run else 'asked'} for: {asked.host or asked.feed} {what}")


def _needs_a_person(status: FeedStatus) -> tuple[int, float, str]:
    since = status.failing_since.timestamp() if status.failing_since else float("inf")
    return (0 if status.stopped else 1 if status.failures else 2, since, status.feed)


VERBS = tuple(verb("feeds", run) for run in (list_, show, rollback, release, refresh, pause, resume))
