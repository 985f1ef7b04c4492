"""What operators set going beside the news: looks ahead, replays and their end, pauses of topics."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from schemas.base import Count, Id, Instant, Key, Line, Model, Name, Url
from schemas.documents import Document
from schemas.messages import Trouble
from schemas.records import Fetch
from schemas.weather import WeatherRecord


class PreviewWish(Model):
    """cli, web → scheduler: what would a feed bring now? `look`: into its `site`'s answer or its recorded, `raw` one.

    The answer becomes `previews/<run>/<feed>.json`. `url` is asked when no site names the feed any more. `publish`,
    of what was recorded only: what it says becomes the current document.
    """

    run: Id
    feed: Id
    url: Url | None = None
    look: Literal["site", "raw"] = "site"
    publish: bool = False


class PreviewRequest(Model):
    """scheduler → fetcher: a wish with what the feed's site wants of it. `wait_until`: its host is paused till then."""

    run: Id
    feed: Id
    url: Url
    look: Literal["site", "raw"] = "site"
    publish: bool = False
    entries_max: Annotated[int, Field(ge=1, le=200)] = 100
    include: Annotated[tuple[Name, ...], Field(max_length=100)] = ()
    exclude: Annotated[tuple[Name, ...], Field(max_length=100)] = ()
    feeds_served: Count = 0
    wait_until: Instant | None = None


class WeatherPreviewRequest(Model):
    """cli, web → weather: what would a provider say of a cell now? The answer is `previews/<run>/<cell>.json`."""

    run: Id
    cell: Id


class Preview(Model):
    """`previews/<run>/<feed or cell>.json`: what was found, or why nothing was. Deleted after a day.

    One of `trouble`, `document` and `weather` is set.
    """

    schema_version: Literal[1] = 1
    subject: Id
    look: Literal["site", "raw", "provider"] = "site"
    at: Instant
    fetch: Fetch | None = None
    trouble: Trouble | None = None
    document: Document | None = None
    weather: WeatherRecord | None = None
    complete: bool = True
    warnings: Annotated[tuple[Line, ...], Field(max_length=20)] = ()
    code_version: Name = ""


class FailureSend(Model):
    """publisher → publisher: the time of a replay has come. It is sent if `lease` is still the failure's."""

    key: Key
    lease: Id


class ReplaysStopped(Model):
    """cli, web → publisher, and `status/replays.json`: every replay begun until `at` ends unsent."""

    schema_version: Literal[1] = 1
    at: Instant
    by: Name
    why: Line


class TopicPause(Model):
    """cli, web → publisher, on `dead`, which is never paused: nobody begins a message of this topic until `until`.

    `paused` false: everybody goes on. `topic` without a lane means all of its lanes.
    """

    topic: Name
    paused: bool
    until: Instant | None = None
    at: Instant
    by: Name
    why: Line


class PausedTopic(Model):
    topic: Name
    since: Instant
    until: Instant | None = None
    by: Name
    why: Line


class Pauses(Model):
    """`status/pauses.json`: the topics that operators have paused. `at`: the latest word taken in."""

    schema_version: Literal[1] = 1
    at: Instant
    topics: Annotated[tuple[PausedTopic, ...], Field(max_length=200)] = ()
