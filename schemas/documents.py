"""What lies in the object store, as JSON."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from schemas.base import Count, Hash, Id, Instant, Key, Line, Model, Name, Seconds, Text, Turn, Url
from schemas.changes import Proposal, SeenRedirect
from schemas.envelope import Hop
from schemas.messages import Headers, Trouble
from schemas.records import ENTRIES_MAX, Entry, Fetch, Source

FEEDS_MAX = 1000
"""Feeds of a site."""

ARCHIVED_MAX = 5000
"""Headlines that are kept of a day; what comes after them is left out."""


class Document(Model):
    """A feed's content: what `versions/` keeps and a head shows."""

    source: Source
    entries: Annotated[tuple[Entry, ...], Field(max_length=ENTRIES_MAX)]


class Head(Model):
    """`feeds/<feed>.json`: which version of a feed is current, and that version itself.

    (turn, revision) orders all writes: the turn is the scheduler's, the revision counts operators' changes
    within it. While `hold` is set, new records become versions, and `latest` the newest of them, but none becomes
    current.
    """

    schema_version: Literal[1] = 1
    feed: Id
    version: Hash
    turn: Turn
    revision: Count = 0
    hold: bool = False
    latest: Hash | None = None
    fetch: Fetch
    changed_at: Instant
    document: Document
    warnings: Annotated[tuple[Line, ...], Field(max_length=20)] = ()
    trace: Name = ""
    hops: Annotated[tuple[Hop, ...], Field(max_length=32)] = ()


class FeedStatus(Model):
    """How one feed of a site is doing. Times are the scheduler's. `origin`: who put it on the site.

    `recent` has a letter for each of its last checks, the latest last: n(ew content), 3 (a 304), s(ame content sent
    again), f(ailed).
    """

    feed: Id
    url: Url
    title: Line | None = None
    home: Url | None = None
    items_max: Annotated[int, Field(ge=1, le=100)] = 10
    checked_at: Instant | None = None
    ok_at: Instant | None = None
    changed_at: Instant | None = None
    failing_since: Instant | None = None
    failures: Count = 0
    trouble: Trouble | None = None
    next_at: Instant | None = None
    stopped: bool = False
    origin: Literal["file", "operator"] = "file"
    interval_s: Seconds | None = None
    pause_until: Instant | None = None
    recent: Name = ""
    redirect: SeenRedirect | None = None
    proposal: Proposal | None = None


class SiteStatus(Model):
    """`sites/<site>/status.json`: a site's make-up and the state of each of its feeds, in page order."""

    schema_version: Literal[1] = 1
    site: Id
    title: Line
    description: Line = ""
    theme: Name = ""
    place: Name = ""
    at: Instant
    feeds: Annotated[tuple[FeedStatus, ...], Field(max_length=FEEDS_MAX)]


class SiteEntry(Model):
    site: Id
    title: Line
    description: Line = ""
    theme: Name = ""
    place: Name = ""


class SiteIndex(Model):
    """`sites/index.json`: the sites there are, in the switcher's order."""

    schema_version: Literal[1] = 1
    at: Instant
    sites: Annotated[tuple[SiteEntry, ...], Field(max_length=200)]


class ReaderFeed(Model):
    """`readers/<feed>.json`: how a feed that readers brought is doing. Its content is a head like any other."""

    schema_version: Literal[1] = 1
    at: Instant
    status: FeedStatus


class ReadersIndex(Model):
    """`readers/index.json`: whether there is room for more feeds that readers bring."""

    schema_version: Literal[1] = 1
    at: Instant
    full: bool


class ArchivedHeadline(Model):
    feed: Id
    id: Url
    title: Line | None = None
    link: Url | None = None
    published: Instant | None = None
    first_seen: Instant


class ArchiveDay(Model):
    """`sites/<site>/archive/<day>.json`: the headlines first seen on a day (UTC), oldest first.

    `taken`: feed → when its content had last changed (the scheduler's word) when it was looked through.
    """

    schema_version: Literal[1] = 1
    site: Id
    day: Name
    headlines: Annotated[tuple[ArchivedHeadline, ...], Field(max_length=ARCHIVED_MAX)]
    taken: Annotated[dict[Id, Instant], Field(default_factory=dict, max_length=1000)]


class Attempt(Model):
    at: Instant
    kind: Name
    message: Text
    status: int | None = None
    first_bytes: Line | None = None
    headers: Headers | None = None


class Action(Model):
    at: Instant
    by: Name
    act: Name
    why: Line


class Failure(Model):
    """`failures/<day>/<id>.json`: a message given up, or a source's streak of trouble.

    `replaying`: to be sent again by whoever holds `lease`; nobody else may until `lease_until`. `replays`: so often it
    was sent again. `steps` counts what was written here.
    """

    schema_version: Literal[1] = 1
    id: Id
    source: Literal["message", "streak"]
    status: Literal["open", "replaying", "replayed", "requeued", "dropped", "closed"] = "open"
    steps: Count = 0
    lease: Id | None = None
    lease_until: Instant | None = None
    replays: Count = 0
    topic: Name
    message_key: Key | None = None
    kind: Name
    reason: Text
    opened_at: Instant
    last_at: Instant
    count: Count = 1
    feed: Id | None = None
    cell: Id | None = None
    url: Url | None = None
    host: Name | None = None
    sites: Annotated[tuple[Id, ...], Field(max_length=100)] = ()
    attempts: Annotated[tuple[Attempt, ...], Field(max_length=20)] = ()
    actions: Annotated[tuple[Action, ...], Field(max_length=50)] = ()
    original: Annotated[str, Field(max_length=1_400_000)] | None = None
    original_base64: bool = False
    trace: Name = ""
    hops: Annotated[tuple[Hop, ...], Field(max_length=32)] = ()
    code_version: Name = ""


class FailureLine(Model):
    """One failure in its day's summary. `steps` orders two lines of one failure."""

    id: Id
    status: Name
    topic: Name
    kind: Name
    opened_at: Instant
    last_at: Instant
    count: Count = 1
    steps: Count = 0
    feed: Id | None = None
    host: Name | None = None
    sites: Annotated[tuple[Id, ...], Field(max_length=100)] = ()
    reason: Line = ""
    trace: Name = ""


class FailureDay(Model):
    """`failures/summary/<day>-<x>.json`: a line for each failure opened on a day whose id hashes to x."""

    schema_version: Literal[1] = 1
    day: Name
    failures: Annotated[tuple[FailureLine, ...], Field(max_length=20_000)]
