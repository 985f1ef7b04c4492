"""A store full of news of our own writing: six sites, good and bad boxes, many scripts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from schemas import keys
from schemas.documents import Document, FeedStatus, Head, SiteEntry, SiteIndex, SiteStatus
from schemas.messages import Trouble
from schemas.records import Entry, Fetch, Source, digest
from schemas.weather import WeatherDay, WeatherHour, WeatherNow, WeatherRecord
from tests.fakes.web_papers import PAPERS, SITES, Paper, Story
from tests.fakes.web_store import MemoryStore

CELL = "52.1_5.1"


@dataclass
class Newsroom:
    """Writes what scheduler, publisher and weather would write, as of `now`."""

    store: MemoryStore
    now: datetime

    def fill(self) -> None:
        for paper in PAPERS:
            if paper.stories:
                self.head(paper)
        for site, title in SITES.items():
            self.status(site, title)
        self.index()
        self.weather()

    def index(self) -> str:
        sites = tuple(SiteEntry(site=site, title=title, theme=site, place="Utrecht") for site, title in SITES.items())
        return self.store.put(keys.SITES_INDEX, SiteIndex(at=self.now, sites=sites))

    def status(self, site: str, title: str | None = None, papers: Sequence[Paper] | None = None) -> str:
        rows = tuple(self.row(paper) for paper in (papers if papers is not None else papers_of(site)))
        status = SiteStatus(site=site, title=title or SITES[site], theme=site, place="Utrecht", at=self.now, feeds=rows)
        return self.store.put(keys.site_status(site), status)

    def row(self, paper: Paper) -> FeedStatus:
        failing = paper.trouble is not None
        since = self.now - timedelta(minutes=paper.failing_min)
        return FeedStatus(
            feed=paper.feed,
            url=f"https://{paper.feed}.example/feed.xml",
            title=paper.title,
            home=f"https://{paper.feed}.example/",
            items_max=paper.items_max,
            checked_at=self.now - timedelta(minutes=2),
            ok_at=since - timedelta(minutes=30) if failing else self.now - timedelta(minutes=2),
            failing_since=since if failing else None,
            failures=3 if failing else 0,
            trouble=paper.trouble,
            next_at=self.now + timedelta(minutes=18),
            stopped=paper.trouble is not None and paper.trouble.kind == "gone",
        )

    def head(self, paper: Paper, extra: Sequence[Story] = ()) -> str:
        fetched = self.now - timedelta(minutes=paper.failing_min + 30 if paper.trouble else 2)
        entries = tuple(self.entry(paper, story) for story in (*extra, *paper.stories))
        source = Source(title=paper.title, home=f"https://{paper.feed}.example/", language=paper.language)
        url = f"https://{paper.feed}.example/feed.xml"
        head = Head(
            feed=paper.feed,
            version=digest(source, entries),
            turn=1 + len(extra),
            fetch=Fetch(at=fetched, url=url, final_url=url, status=200),
            changed_at=fetched,
            document=Document(source=source, entries=entries),
        )
        return self.store.put(keys.head(paper.feed), head)

    def entry(self, paper: Paper, story: Story) -> Entry:
        at = self.now - timedelta(minutes=story.age_min + (paper.failing_min if paper.trouble else 0))
        link = story.link or f"https://{paper.feed}.example/{keys.short_hash(story.title, 8)}"
        return Entry(
            id=link,
            title=story.title,
            link=link,
            link_clean=link,
            published=at,
            first_seen=at,
            summary=story.summary,
            content_html=f"<p>{story.summary}</p>" if story.summary else None,
        )

    def weather(self) -> str:
        hours = tuple(
            WeatherHour(
                time=self.now.replace(minute=0, second=0, microsecond=0) + timedelta(hours=hour),
                temperature_c=7.0 - hour * 0.4,
                precipitation_mm=0.0 if hour < 4 else 1.2,
                precipitation_pct=10.0 if hour < 4 else 80.0,
                condition="cloudy" if hour < 4 else "rain",
            )
            for hour in range(24)
        )
        days = tuple(
            WeatherDay(
                date=(self.now + timedelta(days=day)).date().isoformat(),
                temperature_min_c=2.0 + day,
                temperature_max_c=8.0 + day,
                precipitation_mm=1.5 * day,
                condition=("rain", "cloudy", "clear")[day % 3],
            )
            for day in range(4)
        )
        record = WeatherRecord(
            cell=CELL,
            turn=1,
            place="Utrecht",
            latitude=52.1,
            longitude=5.1,
            timezone="Europe/Amsterdam",
            utc_offset_s=3600,
            fetched_at=self.now - timedelta(minutes=12),
            provider="open-meteo",
            attribution="Weather data by Open-Meteo.com",
            now=WeatherNow(
                at=self.now,
                temperature_c=7.3,
                feels_like_c=3.9,
                wind_speed_ms=5.2,
                wind_from_deg=315.0,
                humidity_pct=82.0,
                condition="cloudy",
                is_day=True,
            ),
            hours=hours,
            days=days,
        )
        return self.store.put(keys.weather(CELL), record)


def papers_of(site: str) -> list[Paper]:
    """Each site shows the papers from another starting point, so that no two look the same."""
    start = list(SITES).index(site) * 5 % len(PAPERS)
    return [*PAPERS[start:], *PAPERS[:start]] if start else list(PAPERS)


def cell_of(place: str) -> str | None:
    return CELL if place == "Utrecht" else None


def trouble(kind: str, status: int | None = None) -> Trouble:
    return Trouble(kind=kind, message=kind, status=status)
