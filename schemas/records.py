"""What fetchers make of the outside world: a feed's record and the facts of the fetch behind it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Annotated, Final, Literal

from pydantic import Field

from schemas.base import Count, Hash, Html, Id, Instant, Key, Line, Model, Name, Seconds, Text, Turn, Url

ENTRIES_MAX = 200


class Enclosure(Model):
    """A file that comes with an entry (RSS 2.0 enclosure, Atom rel=enclosure, JSON Feed attachment)."""

    url: Url
    type: Name | None = None
    length_bytes: Count | None = None


class Entry(Model):
    """One entry of a feed, clean: plain text but for `content_html`, which holds allowed HTML only.

    `id` is the publisher's identity (guid, atom:id, JSON id, else the link); `link_clean` is the link
    without tracking parameters, for comparing. `first_seen` is ours and set by the publisher;
    `published` is the source's word and stays null where the source gave none.
    """

    id: Url
    title: Line | None = None
    link: Url | None = None
    link_clean: Url | None = None
    published: Instant | None = None
    updated: Instant | None = None
    first_seen: Instant | None = None
    authors: Annotated[tuple[Name, ...], Field(max_length=20)] = ()
    categories: Annotated[tuple[Name, ...], Field(max_length=50)] = ()
    summary: Text | None = None
    content_html: Html | None = None
    image: Url | None = None
    enclosures: Annotated[tuple[Enclosure, ...], Field(max_length=20)] = ()
    language: Name | None = None


class Source(Model):
    """What a feed says of itself."""

    title: Line | None = None
    home: Url | None = None
    language: Name | None = None


class Validators(Model):
    """What makes the next request conditional, exactly as received (RFC 9110 section 8.8)."""

    etag: Line | None = None
    last_modified: Name | None = None


class Hints(Model):
    """What the source asks of our rhythm; wishes within bounds, never orders."""

    max_age_s: Seconds | None = None
    ttl_s: Seconds | None = None
    update_period_s: Seconds | None = None
    skip_hours: Annotated[tuple[Annotated[int, Field(ge=0, le=23)], ...], Field(max_length=24)] = ()
    skip_days: Annotated[tuple[Annotated[int, Field(ge=0, le=6)], ...], Field(max_length=7)] = ()


class Fetch(Model):
    """The facts of one answer of a source."""

    at: Instant
    url: Url
    final_url: Url
    permanent_url: Url | None = None
    status: Annotated[int, Field(ge=0, le=999)] | None = None
    elapsed_s: Seconds = 0.0
    wire_bytes: Count = 0
    content_type: Line | None = None
    validators: Validators = Validators()
    content_hash: Hash | None = None
    digest: Hash | None = None
    hints: Hints = Hints()


class FeedRecord(Model):
    """A feed as one fetch found it, for the publisher. `complete` is false when the document was cut off.

    `revision` is set when a recorded answer was parsed again: it comes after that revision of its turn.
    """

    kind: Literal["feed"] = "feed"
    feed: Id
    turn: Turn
    revision: Count = 0
    fetch: Fetch
    source: Source
    entries: Annotated[tuple[Entry, ...], Field(max_length=ENTRIES_MAX)]
    warnings: Annotated[tuple[Line, ...], Field(max_length=20)] = ()
    complete: bool = True
    raw: Key | None = None


class _Said(Model):
    source: Source
    entries: tuple[Entry, ...]


_CLOCKS: Final = {"entries": {"__all__": {"first_seen"}}}


def digest(source: Source, entries: Iterable[Entry]) -> str:
    """SHA-256 (hex, 64 digits) of what a feed says, clocks of ours left out: equal means nothing changed."""
    said = _Said(source=source, entries=tuple(entries))
    return hashlib.sha256(said.as_json(exclude=_CLOCKS)).hexdigest()
