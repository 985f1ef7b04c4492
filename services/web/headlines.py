"""Headlines: what pages, streams and outputs show of a feed's entries."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit

from schemas.documents import Head
from schemas.records import Entry


@dataclass(frozen=True, slots=True)
class Headline:
    """One entry as a line. `at`: the source's time, else when it was first seen, never in the future.

    `origin` is the host that the feed comes from: feeds of one host are one source.
    """

    id: str
    title: str
    link: str | None
    link_clean: str | None
    at: datetime | None
    feed: str
    source: str
    origin: str
    summary: str | None = None
    language: str | None = None


def headlines(feed: str, source: str, url: str, head: Head | None, now: datetime) -> tuple[Headline, ...]:
    """A feed's entries, newest first; those without any time keep the source's order, at the end."""
    if head is None:
        return ()
    origin = (urlsplit(url).hostname or feed).removeprefix("www.")
    language = head.document.source.language
    lines = [
        Headline(
            id=entry.id,
            title=entry.title or _first_words(entry.summary) or entry.link or "(untitled)",
            link=entry.link,
            link_clean=entry.link_clean,
            at=entry_time(entry, now),
            feed=feed,
            source=source,
            origin=origin,
            summary=entry.summary,
            language=entry.language or language,
        )
        for entry in head.document.entries
    ]
    return tuple(sorted(lines, key=newest_first))


def newest_first(line: Headline) -> float:
    return -line.at.timestamp() if line.at is not None else float("inf")


def entry_time(entry: Entry, now: datetime) -> datetime | None:
    """What to order by: a time in the future counts as when the entry was first seen."""
    if entry.published is not None and entry.published <= now:
        return entry.published
    if entry.first_seen is not None:
        return min(entry.first_seen, now)
    return now if entry.published is not None else None


def _first_words(text: str | None) -> str | None:
    if not text:
        return None
    return text if len(text) <= 100 else text[:100].rsplit(" ", 1)[0] + " …"
