"""Feeds: health, history, rollback, pauses, wishes."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated, Final

from pydantic import Field

from pressroom.desk import feeds_proposals, feeds_sites, site_words
from pressroom.desk.office import NotFound, Office, Refused
from pressroom.desk.verbs import Answer, Asked, Change, Doing, argument, option, verb
from pressroom.objects.port import StoreError
from pressroom.outcomes import Emit
from pressroom.queues.topics import ONE_KEY, RECORD_PUBLISH, SCHEDULE
from schemas import keys
from schemas.documents import FeedStatus, Head
from schemas.envelope import new_id
from schemas.errors import REMEDIES, kind_of
from schemas.messages import Pause, Rollback, Wish

WORDS: Final = ("proposed", "stopped", "failing", "paused", "new", "well")
"""How a feed is, what needs a person first."""


class Every(Asked):
    site: str | None = option("only of this site")
    needing: bool = option("only what needs a person", False)


class Health(FeedStatus):
    """A feed as its sites' statuses tell. `word`: proposed, stopped, failing, paused, new or well; `needs`: what a
    person may want to do about it; `unchanged_ratio`: share of 304s among its last answers, null without any.
    """

    sites: tuple[str, ...] = ()
    word: str = ""
    needs: str = ""
    unchanged_ratio: float | None = None


class Statuses(Answer):
    """Every feed once, what needs a person first."""

    feeds: tuple[Health, ...]


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


class Wished(Answer):
    """`trace`: what `pressroom trace` tells the way of it by."""

    text: str
    trace: str


class Which(Change):
    host: str | None = option("this host")
    feed: str | None = option("this feed")


class Pausing(Which):
    hours: Annotated[float, Field(gt=0)] = option("for so long", 24.0)


def list_(office: Office, asked: Every) -> Statuses:
    """Every feed, what needs a person first."""
    found: dict[str, FeedStatus] = {}
    sites: dict[str, list[str]] = {}
    for site in site_words.sites(office):
        for one in site.feeds:
            found[one.feed] = one
            sites.setdefault(one.feed, []).append(site.site)
    every = [_health(one, tuple(sites[one.feed]), office.now()) for one in found.values()]
    wanted = [one for one in every if asked.site in {None, *one.sites} and (one.needs or not asked.needing)]
    return Statuses(feeds=tuple(sorted(wanted, key=_needs_a_person)))


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


def refresh(office: Office, asked: Refresh) -> Wished:
    """Ask for a refresh before it is due."""
    if asked.site is not None:
        site_words.shown(office, asked.site)
    trace = new_id(office.now())
    office.sender.send([Emit(SCHEDULE, ONE_KEY, Wish(feed=asked.feed, site=asked.site), id=trace)])
    nobodys = asked.feed is not None and _is_nobodys(office, asked.feed)
    note = "; no site shows it, so nothing may come of that" if nobodys else ""
    return Wished(text=f"asked for: a refresh of {asked.feed or asked.site or 'every feed'}{note}", trace=trace)


def _is_nobodys(office: Office, feed: str) -> bool:
    """As far as the store can tell; a wish needs the queue only."""
    try:
        shown = (row.feed for site in site_words.sites(office) for row in site.feeds)
        return office.store.get(keys.head(feed)) is None and feed not in shown
    except StoreError:
        return False


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


def _health(status: FeedStatus, sites: tuple[str, ...], now: datetime) -> Health:
    answers = len(status.recent) - status.recent.count("f")
    ratio = round(status.recent.count("3") / answers, 3) if answers else None
    word = _word(status, now)
    return Health(**dict(status), sites=sites, word=word, needs=_needs(status, word), unchanged_ratio=ratio)


def _word(status: FeedStatus, now: datetime) -> str:
    if status.proposal is not None:
        return "proposed"
    if status.stopped:
        return "stopped"
    if status.failures:
        return "failing"
    if status.pause_until is not None and status.pause_until > now:
        return "paused"
    return "well" if status.ok_at else "new"


def _needs(status: FeedStatus, word: str) -> str:
    match word:
        case "proposed" if status.proposal is not None:
            what = status.proposal.url or "off its sites"
            return f"{status.proposal.kind}: {what}; `feeds accept` or `feeds decline`"
        case "stopped":
            return "not asked any more; `feeds refresh` asks once, `feeds remove` takes it off"
        case "failing":
            return REMEDIES[kind_of(status.trouble.kind)].action if status.trouble else ""
    return ""


def _needs_a_person(one: Health) -> tuple[int, float, str]:
    since = one.failing_since.timestamp() if one.failing_since else float("inf")
    return WORDS.index(one.word), since, one.feed


VERBS = (
    *(verb("feeds", run) for run in (list_, show, rollback, release, refresh, pause, resume)),
    *feeds_sites.VERBS,
    *feeds_proposals.VERBS,
)
