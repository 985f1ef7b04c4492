"""How an operator's word on a site's feeds is sent, and waited for until the publisher has written it down."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Final, Literal

from pressroom.desk.office import Conflict, NotFound, Office, Refused
from pressroom.desk.previews import Looked
from pressroom.desk.verbs import Answer, Asked, Change, option
from pressroom.desk.waiting import until
from pressroom.http.answer import FetchError
from pressroom.http.urls import normalise_url
from pressroom.outcomes import Emit
from pressroom.queues.topics import RECORD_PUBLISH
from schemas import keys
from schemas.changes import FeedAct, FeedChange, SiteChange, SiteChanges
from schemas.codec import TooLarge
from schemas.documents import Failure, FeedStatus, SiteIndex, SiteStatus
from schemas.envelope import new_id

FEED: Final = "the feed's id, as `feeds list` shows it"

State = Literal["done", "same", "asked", "would"]


class OfSite(Asked):
    site: str | None = option("only of this site")


class Changed(Answer):
    """`state`: done (the sites are so from now on); same (they were so); asked (the publisher has not said yet); would
    (a dry run). `left_out`: a line for each address that was not taken.
    """

    state: State
    sites: tuple[str, ...]
    feeds: tuple[str, ...]
    left_out: tuple[str, ...] = ()
    look: Looked | None = None


def sites(office: Office, only: str | None = None) -> Iterator[SiteStatus]:
    """Raises `NotFound` for a site that is none."""
    index = office.read(keys.SITES_INDEX, SiteIndex)
    names = [one.site for one in index.sites] if index else []
    if only is not None and only not in names:
        raise NotFound(f"there is no site {only}; there are {', '.join(names) or 'none yet'}")
    for name in names if only is None else [only]:
        status = office.read(keys.site_status(name), SiteStatus)
        if status is not None:
            yield status


def places(office: Office, feed: str, only: str | None = None) -> dict[str, FeedStatus]:
    """The sites that show the feed. Raises `NotFound`."""
    found = {site.site: row for site in sites(office, only) for row in site.feeds if row.feed == feed}
    if not found:
        raise NotFound(f"there is no feed {feed}{f' on {only}' if only else ''}; `pressroom feeds list` names them")
    return found


def shown(office: Office, site: str) -> list[FeedStatus]:
    """What a site shows. Raises `NotFound` for a site that is none."""
    return [row for status in sites(office, site) for row in status.feeds]


def names(rows: Iterable[FeedStatus]) -> set[str]:
    """By which a feed is known to be there: ids, addresses as they are written and as they are asked."""
    found: set[str] = set()
    for row in rows:
        found |= {row.feed, row.url}
        with suppress(FetchError):
            found.add(normalise_url(row.url))
    return found


def moved(office: Office, asked: Change, rows: Mapping[str, FeedStatus], url: str) -> Changed:
    """Have the feed asked at `url`. Raises `Refused` when one of its sites shows another feed there."""
    feed = next(iter(rows.values())).feed
    if all(row.url == url for row in rows.values()):
        return Changed(state="same", sites=tuple(rows), feeds=(feed,))
    for site in rows:
        others = names(row for row in shown(office, site) if row.feed != feed)
        if {url, keys.feed_id(url)} & others:
            raise Refused(f"{site} shows a feed at {url} already; take this one off instead: `pressroom feeds remove`")
    return say(office, asked, rows, line(office, asked, feed, "move", url=url))


def say(office: Office, asked: Change, told: Iterable[str], word: FeedChange) -> Changed:
    """The same word to each site."""
    changes = [SiteChange(site=site, lines=(word,), seen=number(office, site)) for site in told]
    state = carried_out(office, asked, changes)
    return Changed(state=state, sites=tuple(one.site for one in changes), feeds=(word.feed,))


def number(office: Office, site: str) -> int:
    """Of the changes that are there now; 0: none."""
    found = office.read(keys.site_changes(site), SiteChanges)
    return found.number if found is not None else 0


def line(
    office: Office, asked: Change, feed: str, act: FeedAct, url: str | None = None, proposal: str | None = None
) -> FeedChange:
    return FeedChange(feed=feed, act=act, url=url, proposal=proposal, at=office.now(), by=asked.by, why=asked.why)


def carried_out(office: Office, asked: Change, changes: Sequence[SiteChange]) -> State:
    """Send them and wait. Raises `Conflict` when others came first, `Refused` when the publisher gave one up."""
    if asked.dry_run:
        return "would"
    now = office.now()
    sent = {new_id(now): change for change in changes}
    try:
        office.sender.send(
            [Emit(RECORD_PUBLISH, keys.site_changes(one.site), one, id=name) for name, one in sent.items()]
        )
    except TooLarge as error:
        raise Refused(f"so many at once find no room in a message: {error}") from None

    def look() -> bool | None:
        for name in sent:
            failure = office.read(keys.failure(now.date(), name), Failure)
            if failure is not None:
                raise (Conflict if failure.kind == "conflict" else Refused)(failure.reason)
        return True if all(_is_in(office, one) for one in sent.values()) else None

    return "done" if until(office, look) else "asked"


def _is_in(office: Office, change: SiteChange) -> bool:
    found = office.read(keys.site_changes(change.site), SiteChanges)
    return found is not None and set(change.lines) <= set(found.lines)


def address(text: str) -> str:
    try:
        return normalise_url(text)
    except FetchError as error:
        raise Refused(error.message) from None
