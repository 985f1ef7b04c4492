"""The front page as a value: pure functions from a site's desk to what the template prints."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone

from schemas.documents import FeedStatus, Head, SiteEntry
from schemas.records import Entry
from schemas.weather import WeatherRecord
from services.web.desk import Desk, Outage
from services.web.freshness import State, judge


@dataclass(frozen=True, slots=True)
class Headline:
    """One line of a box. `at` is the source's time, else when it was first seen, never in the future."""

    id: str
    title: str
    link: str | None
    at: datetime | None
    feed: str
    source: str
    summary: str | None = None
    language: str | None = None


@dataclass(frozen=True, slots=True)
class Box:
    feed: str
    title: str
    home: str | None
    state: State
    headlines: tuple[Headline, ...]
    more: tuple[Headline, ...] = ()


@dataclass(frozen=True, slots=True)
class FrontPage:
    site: SiteEntry
    sites: tuple[SiteEntry, ...]
    at: datetime
    zone: timezone
    boxes: tuple[Box, ...]
    weather: WeatherRecord | None
    outage: Outage
    changes_at: datetime | None
    """When time alone will make this another page: a state that turns, or the next midnight."""

    @property
    def unwell(self) -> int:
        return sum(box.state.word in {"stale", "failing"} for box in self.boxes)

    @property
    def updated(self) -> datetime | None:
        return max((box.state.fetched for box in self.boxes if box.state.fetched), default=None)


def front_page(desk: Desk, now: datetime) -> FrontPage:
    site = next(entry for entry in desk.sites if entry.site == desk.status.site)
    zone = zone_of(desk.weather)
    boxes = tuple(box(row, desk.heads.get(row.feed), now) for row in desk.status.feeds)
    turns = [one.state.changes_at for one in boxes if one.state.changes_at is not None]
    return FrontPage(
        site=site,
        sites=desk.sites,
        at=now,
        zone=zone,
        boxes=boxes,
        weather=desk.weather,
        outage=desk.outage,
        changes_at=min([*turns, midnight_after(now, zone)]),
    )


def box(status: FeedStatus, head: Head | None, now: datetime) -> Box:
    title = status.title or (head.document.source.title if head is not None else None) or status.url
    lines = headlines(status.feed, title, head, now)
    home = status.home or (head.document.source.home if head is not None else None)
    return Box(
        feed=status.feed,
        title=title,
        home=home,
        state=judge(status, head, now),
        headlines=lines[: status.items_max],
        more=lines[status.items_max :],
    )


def headlines(feed: str, source: str, head: Head | None, now: datetime) -> tuple[Headline, ...]:
    """A feed's entries, newest first; those without any time keep the source's order, at the end."""
    if head is None:
        return ()
    language = head.document.source.language
    lines = [_headline(feed, source, entry, language, now) for entry in head.document.entries]
    return tuple(sorted(lines, key=lambda line: -line.at.timestamp() if line.at else float("inf")))


def _headline(feed: str, source: str, entry: Entry, language: str | None, now: datetime) -> Headline:
    return Headline(
        id=entry.id,
        title=entry.title or _first_words(entry.summary) or entry.link or "(untitled)",
        link=entry.link,
        at=entry_time(entry, now),
        feed=feed,
        source=source,
        summary=entry.summary,
        language=entry.language or language,
    )


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


def zone_of(weather: WeatherRecord | None) -> timezone:
    """The site's own clock: its default place's, else UTC."""
    return timezone(timedelta(seconds=weather.utc_offset_s)) if weather is not None else UTC


def midnight_after(now: datetime, zone: timezone) -> datetime:
    local = now.astimezone(zone)
    return (local + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0).astimezone(UTC)
