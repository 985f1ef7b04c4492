"""Which feeds a site shows, and where each is asked: changed by operators at once, over what the site's file says."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Final

from pydantic import Field, StringConstraints

from pressroom.desk import previews
from pressroom.desk.office import NotFound, Office, Refused
from pressroom.desk.previews import Looked
from pressroom.desk.site_words import (
    FEED,
    Changed,
    OfSite,
    address,
    carried_out,
    line,
    moved,
    names,
    number,
    places,
    say,
    shown,
    sites,
)
from pressroom.desk.verbs import Answer, Change, argument, option, verb
from pressroom.opml import CHARS_MAX, BadOpml, Listed, read, written
from schemas import keys
from schemas.changes import FeedChange, SiteChange
from schemas.documents import FEEDS_MAX, FeedStatus, Head
from schemas.envelope import new_id

TITLE_CHARS_MAX: Final = 200
_NEW: Final = "make the site, with this title, if there is none of that name"


class Adding(Change):
    url: str = argument("the feed's address")
    site: str = Field(description="the site's id")
    title: Annotated[str, StringConstraints(max_length=TITLE_CHARS_MAX)] | None = option("what its box is called")
    home: str | None = option("its home page")
    items_max: Annotated[int, Field(ge=1, le=100)] = option("so many headlines at most", 10)
    new_site: Annotated[str, StringConstraints(min_length=1, max_length=TITLE_CHARS_MAX)] | None = option(_NEW)
    wait_s: Annotated[float, Field(ge=0, le=120)] = option(
        "in a dry run, how long to wait for a look at the feed", 20.0
    )


class Importing(Change):
    opml: Annotated[str, StringConstraints(min_length=1, max_length=CHARS_MAX)] = argument("the list, as OPML")
    site: str = Field(description="the site's id")
    new_site: Annotated[str, StringConstraints(min_length=1, max_length=TITLE_CHARS_MAX)] | None = option(_NEW)


class Removing(Change):
    feed: str = argument(FEED)
    site: str | None = option("only off this site")


class Moving(Change):
    feed: str = argument(FEED)
    url: str = argument("its new address")


class Exported(Answer):
    feeds: int
    opml: str


def add(office: Office, asked: Adding) -> Changed:
    """Put a feed on a site; it is asked at once."""
    listed = Listed(asked.url, asked.title, asked.home)
    answer = _put(office, asked, asked.site, asked.new_site, [listed], asked.items_max)
    return answer.model_copy(update={"look": _look(office, asked)}) if answer.state == "would" else answer


def import_opml(office: Office, asked: Importing) -> Changed:
    """Put all feeds of a list on a site."""
    try:
        listed = read(asked.opml)
    except BadOpml as error:
        raise Refused(f"the list cannot be used: {error}") from None
    if not listed:
        raise Refused("the list names no feed: no outline of it has an xmlUrl")
    return _put(office, asked, asked.site, asked.new_site, listed, 10)


def export_opml(office: Office, asked: OfSite) -> Exported:
    """List the feeds of a site, or of all of them, for any feed reader."""
    found = [(site.title, [_listed(office, row) for row in site.feeds]) for site in sites(office, asked.site)]
    count = sum(len(feeds) for _, feeds in found)
    title = found[0][0] if asked.site and found else "Pressroom"
    groups = [("", feeds) for _, feeds in found] if asked.site else found
    return Exported(feeds=count, opml=written(title, groups).decode())


def remove(office: Office, asked: Removing) -> Changed:
    """Take a feed off its sites; what it brought stays stored for a while."""
    rows = places(office, asked.feed, asked.site)
    return say(office, asked, rows, line(office, asked, asked.feed, "remove"))


def move(office: Office, asked: Moving) -> Changed:
    """Ask a feed at another address from now on; it stays the feed that it is, with its history."""
    return moved(office, asked, places(office, asked.feed), address(asked.url))


def _look(office: Office, asked: Adding) -> Looked:
    """What the address says now."""
    url, run = address(asked.url), new_id(office.now())
    question = previews.of_feed(office, keys.feed_id(url), run, url=url)
    return previews.ask(office, {url: question}, run, asked.wait_s)[url]


def _listed(office: Office, row: FeedStatus) -> Listed:
    title, home = row.title, row.home
    if title is None or home is None:
        head = office.read(keys.head(row.feed), Head)
        if head is not None:
            title, home = title or head.document.source.title, home or head.document.source.home
    return Listed(row.url, title, home)


def _put(
    office: Office, asked: Change, site: str, new_title: str | None, listed: Sequence[Listed], items_max: int
) -> Changed:
    if not keys.is_site_id(site):
        raise Refused(f"{site[:80]!r} can be no site's id: 1 to 40 of a-z 0-9 -")
    seen = number(office, site)
    rows, title = _there(office, site, new_title)
    there = names(rows)
    lines: dict[str, FeedChange] = {}
    left_out: list[str] = []
    is_there = False
    for one in listed:
        try:
            word = _added(office, asked, one, items_max)
        except Refused as refused:
            left_out.append(f"{one.url[:200]}: {refused}")
            continue
        if {word.feed, word.url} & there or word.feed in lines:
            is_there = True
            left_out.append(f"{one.url}: {site} shows it already")
        elif len(rows) + len(lines) >= FEEDS_MAX:
            left_out.append(f"{one.url}: {site} would have more than {FEEDS_MAX} feeds")
        else:
            lines[word.feed] = word
    if not lines:
        if isinstance(asked, Adding) and not is_there:
            raise Refused(left_out[0])
        return Changed(state="same", sites=(site,), feeds=(), left_out=tuple(left_out))
    change = SiteChange(site=site, title=title, lines=tuple(lines.values()), seen=seen)
    state = carried_out(office, asked, [change])
    return Changed(state=state, sites=(site,), feeds=tuple(lines), left_out=tuple(left_out))


def _there(office: Office, site: str, new_title: str | None) -> tuple[list[FeedStatus], str | None]:
    """(what the site shows, the title of a site that is to be made)."""
    try:
        return shown(office, site), None
    except NotFound as none:
        if new_title is None:
            raise NotFound(f"{none}; --new-site TITLE makes it") from None
    return [], new_title


def _added(office: Office, asked: Change, one: Listed, items_max: int) -> FeedChange:
    url = address(one.url)
    title = one.title[:TITLE_CHARS_MAX] if one.title else None
    home = None
    if one.home:
        try:
            home = address(one.home)
        except Refused:
            if isinstance(asked, Adding):
                raise
    word = line(office, asked, keys.feed_id(url), "add", url=url)
    return word.model_copy(update={"title": title, "home": home, "items_max": items_max})


VERBS = tuple(verb("feeds", run) for run in (add, remove, move, import_opml, export_opml))
