"""What operators change of a site's feeds, over what its file says, and what the scheduler proposes to them."""

from __future__ import annotations

from typing import Annotated, Final, Literal

from pydantic import Field

from schemas.base import Count, Id, Instant, Line, Model, Name, Url

ACTS_MAX: Final = 1000
LINES_MAX: Final = 5000

FeedAct = Literal["add", "remove", "move", "decline"]


class SeenRedirect(Model):
    """A permanent redirect (301, 308) that a source repeats: since when, at how many checks in a row."""

    url: Url
    since: Instant
    checks: Count = 1


class Proposal(Model):
    """What an operator may accept or decline. `url`: the feed is asked there from then on; null: off its sites.

    `moved`: its permanent redirect has held; `found`: it is dead, and its home page names this feed; `gone`: its site
    says that it is gone for good.
    """

    id: Id
    kind: Literal["moved", "found", "gone"]
    url: Url | None = None
    since: Instant
    checks: Count = 1


class FeedChange(Model):
    """One word of an operator on one feed of a site.

    `add`: `url`, `title`, `home` and `items_max` as a site's file would have them; `remove`: off the page, whoever put
    it there; `move`: it is asked at `url` and stays the feed that it is; `decline`: leave that `proposal` alone.
    """

    feed: Id
    act: FeedAct
    url: Url | None = None
    title: Line | None = None
    home: Url | None = None
    items_max: Annotated[int, Field(ge=1, le=100)] = 10
    proposal: Id | None = None
    at: Instant
    by: Name
    why: Line


class SiteChange(Model):
    """cli, web, scheduler → publisher: change what a site shows.

    `seen` is the number of the changes that the sender looked at, 0 for none; another one is a conflict; null:
    whichever is there. `title`: the site is made, when it has no file.
    """

    site: Id
    title: Line | None = None
    lines: Annotated[tuple[FeedChange, ...], Field(min_length=1, max_length=ACTS_MAX)]
    seen: Count | None = None


class SiteChanges(Model):
    """`changes/<site>.json`: the last word on each feed. `title` is that of a site without a file."""

    schema_version: Literal[1] = 1
    site: Id
    number: Annotated[int, Field(ge=1, le=2**53)]
    title: Line | None = None
    lines: Annotated[tuple[FeedChange, ...], Field(max_length=LINES_MAX)] = ()


class SitesChanged(Model):
    """publisher → scheduler: what operators changed of this site is in the store."""

    site: Id


class FeedSearch(Model):
    """scheduler → fetcher, and fetcher → itself, one request each: a feed is dead; what do its home pages name?

    `pages` are looked through for addresses; `candidates` are addresses found so far, each asked whether it is a feed.
    """

    feed: Id
    dead: Url
    pages: Annotated[tuple[Url, ...], Field(max_length=4)] = ()
    candidates: Annotated[tuple[Url, ...], Field(max_length=5)] = ()
    lane: Name = ""
    feeds_served: Count = 0


class FeedFound(Model):
    """fetcher → scheduler: the feed that is dead at `dead` may go on at `url`, which was asked and is one."""

    feed: Id
    dead: Url
    url: Url
