"""The site as data: what `/api/v1/` answers. Pure; `views_api` serves it and `api_document` describes it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from schemas.documents import Head, SiteEntry
from services.web.desk import Desk
from services.web.front import front_page, news_of
from services.web.headlines import Headline, newest_first
from services.web.rendering import iso, safe_link
from services.web.wishes import Wishes

HEADLINES_MAX = 500
HEADLINES_DEFAULT = 100


def sites(entries: tuple[SiteEntry, ...], base: str) -> dict[str, Any]:
    return {
        "sites": [
            {
                "site": entry.site,
                "title": entry.title,
                "description": entry.description,
                "place": entry.place or None,
                "page": f"{base}/s/{entry.site}",
            }
            for entry in entries
        ]
    }


def headlines(desk: Desk, now: datetime, *, feed: str | None, limit: int) -> dict[str, Any]:
    """Newest first, of one feed or of all."""
    lines = [line for lines in news_of(desk, now).values() for line in lines if feed in {None, line.feed}]
    lines.sort(key=newest_first)
    return {"site": desk.status.site, "headlines": [_headline(line) for line in lines[:limit]]}


def top(desk: Desk, now: datetime) -> dict[str, Any]:
    stories = front_page(desk, now).top
    return {
        "site": desk.status.site,
        "stories": [
            _headline(story.lead)
            | {"sources": story.sources, "why": story.why, "also": [_headline(line) for line in story.also]}
            for story in stories
        ],
    }


def entries(head: Head) -> dict[str, Any]:
    """A feed's entries whole, as they were cleaned."""
    return {
        "feed": head.feed,
        "version": head.version,
        "fetched_at": iso(head.fetch.at),
        "title": head.document.source.title,
        "home": safe_link(head.document.source.home),
        "entries": [entry.model_dump(mode="json", exclude={"link_clean"}) for entry in head.document.entries],
    }


def status(desk: Desk, now: datetime) -> dict[str, Any]:
    page = front_page(desk, now, Wishes(top=False))
    return {
        "site": desk.status.site,
        "store_down_since": _iso(desk.outage.store_since),
        "broker_down_since": _iso(desk.outage.broker_since),
        "feeds": [
            {
                "feed": box.feed,
                "title": box.title,
                "home": safe_link(box.home),
                "state": box.state.word,
                "why": box.state.why or None,
                "since": _iso(box.state.since),
                "published_at": _iso(box.state.published),
                "fetched_at": _iso(box.state.fetched),
                "checked_at": _iso(box.state.checked),
                "next_at": _iso(box.state.next_at),
            }
            for box in page.boxes
        ],
    }


def weather(desk: Desk) -> dict[str, Any] | None:
    return desk.weather.model_dump(mode="json") if desk.weather is not None else None


def _headline(line: Headline) -> dict[str, Any]:
    return {
        "id": line.id,
        "title": line.title,
        "link": safe_link(line.link),
        "at": _iso(line.at),
        "feed": line.feed,
        "source": line.source,
        "summary": line.summary,
        "language": line.language,
    }


def _iso(moment: datetime | None) -> str | None:
    return iso(moment) if moment is not None else None
