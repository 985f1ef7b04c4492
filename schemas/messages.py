"""What travels between the services, by type. The wire form is `schemas.envelope`'s."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from schemas.base import Count, Hash, Id, Instant, Key, Line, Model, Name, Seconds, Text, Turn, Url
from schemas.records import Fetch, Validators

Headers = Annotated[dict[Name, Line], Field(max_length=20)]
"""A few fields of an answer's header that help to understand it, by their names in lower case."""


class Trouble(Model):
    """Why a refresh brought nothing. `kind` is one of `schemas.errors`."""

    kind: Name
    message: Line
    status: Annotated[int, Field(ge=0, le=999)] | None = None
    retry_after_s: Seconds | None = None
    first_bytes: Line | None = None
    headers: Headers | None = None


class FeedRefresh(Model):
    """scheduler → fetcher: fetch this feed now, as its turn `turn`.

    `validators`, `content_hash` and `digest` are those of the content that the publisher has stored.
    `include` and `exclude` are the site's filters (words, or /pattern/).
    """

    feed: Id
    url: Url
    turn: Turn
    reason: Literal["due", "wish", "replay"] = "due"
    validators: Validators = Validators()
    content_hash: Hash | None = None
    digest: Hash | None = None
    entries_max: Annotated[int, Field(ge=1, le=200)] = 100
    include: Annotated[tuple[Name, ...], Field(max_length=100)] = ()
    exclude: Annotated[tuple[Name, ...], Field(max_length=100)] = ()
    feeds_served: Count = 0


class PageImageWish(Model):
    """publisher → fetcher: an entry came without a picture; look whether its page names one."""

    feed: Id
    entry: Annotated[Url, Field(min_length=1)]
    link: Url


class PageImage(Model):
    """fetcher → publisher: the picture that an entry's page names."""

    feed: Id
    entry: Annotated[Url, Field(min_length=1)]
    image: Url


class WeatherRequest(Model):
    """scheduler, web → weather: a cell's weather is wanted. The place is the cell's centre, never a reader's."""

    cell: Id
    latitude: Annotated[float, Field(ge=-90, le=90)]
    longitude: Annotated[float, Field(ge=-180, le=180)]
    place: Name | None = None
    reason: Literal["due", "reader", "replay"] = "reader"


class WeatherReport(Model):
    """weather → scheduler: how a provider answered for `cell`; the scheduler alone opens and closes failures.

    `asked_at`: when it was asked, `at`: when the end was known. `trouble` null: it answered. `about_place`: it refused
    this place alone, others may be well.
    """

    provider: Name
    cell: Id
    asked_at: Instant
    at: Instant
    trouble: Trouble | None = None
    about_place: bool = False


class Tick(Model):
    """The scheduler's own timer, offered to whichever scheduler is active."""

    at: Instant


class Check(Model):
    """fetcher or publisher → scheduler: how turn `turn` of a feed ended.

    `stored`: the publisher holds the content (only now do validators advance); `unchanged`: the source said
    so, or sent what is stored already; `failed`: see `trouble`; `lost`: the record died on its way, so what
    was remembered of it must go.
    """

    feed: Id
    turn: Turn
    result: Literal["stored", "unchanged", "failed", "lost"]
    fetch: Fetch | None = None
    trouble: Trouble | None = None
    new_entries: Count = 0
    published: Annotated[tuple[Instant, ...], Field(max_length=50)] = ()


class Wish(Model):
    """cli, web → scheduler: refresh a feed (or every feed of a site, or all) before it is due."""

    feed: Id | None = None
    site: Id | None = None
    reason: Name = "wish"
    replay_of: Key | None = None


class ReaderWish(Model):
    """web → scheduler: a reader's own page shows this feed; said again while they look. Who they are is not said."""

    url: Annotated[Url, Field(min_length=1)]


class Pause(Model):
    """cli → scheduler: leave a host or a feed alone until `until`; null ends the pause."""

    host: Name | None = None
    feed: Id | None = None
    until: Instant | None = None
    by: Name
    why: Line


class DeadLetter(Model):
    """any → publisher: a message given up, whole, with the reason."""

    topic: Name
    key: Key
    kind: Name
    reason: Text
    body: Annotated[str, Field(max_length=1_400_000)]
    body_base64: bool = False
    attempts: Count = 0
    deliveries: Count = 0
    service: Name = ""
    at: Instant


class Rollback(Model):
    """cli, web → publisher: make an earlier version of a feed current and hold it; `version` null releases.

    `seen` is the head's (turn, revision) that the sender looked at; another one is a conflict.
    """

    feed: Id
    version: Hash | None = None
    seen: tuple[Turn, Count] | None = None
    by: Name
    why: Line


class FailureSeen(Model):
    """scheduler → publisher: a source's streak of trouble opened or went on; one failure a streak."""

    id: Id
    opened_at: Instant
    at: Instant
    topic: Name
    kind: Name
    trouble: Trouble
    feed: Id | None = None
    cell: Id | None = None
    url: Url | None = None
    host: Name | None = None
    sites: Annotated[tuple[Id, ...], Field(max_length=100)] = ()
    count: Count = 1


class FailureClosed(Model):
    """scheduler → publisher: the streak ended by itself."""

    id: Id
    opened_at: Instant
    at: Instant
    note: Line = "the source answered again"


class FailureAct(Model):
    """cli, web → publisher: what an operator does about a failure.

    `replay` and `requeue` (a replay without a look ahead) send it again at `send_at`, or at once; `stop` ends a replay
    that was not sent yet; `drop` gives up.
    """

    key: Key
    act: Literal["replay", "requeue", "stop", "drop"]
    at: Instant
    send_at: Instant | None = None
    by: Name
    why: Line


class Changed(Model):
    """publisher → every web node: these objects have new content."""

    key: Key
    etag: Name
    turn: Turn = 0
    at: Instant
