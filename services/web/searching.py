"""What a reader asks for and what the page answers: pure, around `search.Index`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from urllib.parse import urlencode

from services.web.desk import Desk
from services.web.front import titles_of
from services.web.headlines import Headline
from services.web.search import Found, Wanted

TEXT_CHARS_MAX = 200
RESULTS_MAX = 100


@dataclass(frozen=True, slots=True)
class Question:
    """The form's fields, as far as they make sense; what does not is left out."""

    text: str
    source: str
    since: date | None
    until: date | None

    @property
    def query(self) -> str:
        """The fields as the end of an address, only those that say something."""
        fields = {"q": self.text, "source": self.source, "from": self.since, "to": self.until}
        return urlencode({name: str(value) for name, value in fields.items() if value})


@dataclass(frozen=True, slots=True)
class SearchPage:
    question: Question
    sources: Mapping[str, str]
    lines: tuple[Headline, ...]
    more: bool


def question(fields: Mapping[str, str]) -> Question:
    return Question(
        text=fields.get("q", "").strip()[:TEXT_CHARS_MAX],
        source=fields.get("source", "")[:TEXT_CHARS_MAX],
        since=_day(fields.get("from", "")),
        until=_day(fields.get("to", "")),
    )


def wanted(asked: Question, desk: Desk) -> Wanted:
    """Only the site's own feeds are searched; the last day counts as a whole."""
    feeds = [row.feed for row in desk.status.feeds if asked.source in {"", row.feed}]
    return Wanted(
        text=asked.text,
        feeds=feeds,
        since=_start(asked.since) if asked.since else None,
        until=_start(asked.until) + timedelta(days=1) if asked.until else None,
        limit=RESULTS_MAX + 1 + len(desk.removed),
    )


def search_page(asked: Question, everything: list[Found], desk: Desk) -> SearchPage:
    found = [one for one in everything if not desk.removed.has(one.feed, one.id, one.link)]
    titles = titles_of(desk)
    lines = tuple(
        Headline(
            id=one.link or f"{one.feed} {one.title}",
            title=one.title,
            link=one.link,
            link_clean=None,
            at=one.at,
            feed=one.feed,
            source=titles.get(one.feed, one.feed),
            origin=one.feed,
            summary=one.summary,
        )
        for one in found[:RESULTS_MAX]
    )
    return SearchPage(asked, titles, lines, more=len(found) > RESULTS_MAX)


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if len(text) == len("2026-01-01") else None
    except ValueError:
        return None


def _start(day: date) -> datetime:
    return datetime.combine(day, time(), tzinfo=UTC)
