"""Records for tests, with only what a test cares about to be said."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from schemas.base import Model
from schemas.codec import type_of
from schemas.envelope import Envelope
from schemas.records import Entry, FeedRecord, Fetch, Source, Validators, digest

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


def entry(number: int | str, **changes: object) -> Entry:
    link = f"http://paper.example/{number}"
    fields: dict[str, object] = {"id": f"id-{number}", "title": f"Headline {number}", "link": link, "link_clean": link}
    return Entry(**(fields | changes))  # type: ignore[arg-type]


def record(feed: str, turn: int, *entries: Entry, complete: bool = True, at: datetime = NOON) -> FeedRecord:
    source = Source(title="Paper", home="http://paper.example/")
    fetch = Fetch(
        at=at,
        url="http://paper.example/feed",
        final_url="http://paper.example/feed",
        status=200,
        validators=Validators(etag=f'"{turn}"'),
        content_hash=f"{turn:064x}",
        digest=digest(source, entries),
    )
    return FeedRecord(feed=feed, turn=turn, fetch=fetch, source=source, entries=entries, complete=complete)


def envelope(payload: Model, *, key: str = "key", message_id: str = "message-1", at: datetime = NOON) -> Envelope:  # type: ignore[type-arg]
    name, version = type_of(type(payload))
    return Envelope[type(payload)](  # type: ignore[misc]
        id=message_id, type=name, version=version, occurred_at=at, trace="trace-1", key=key, payload=payload
    )


def minutes(count: float) -> timedelta:
    return timedelta(minutes=count)
