"""The front page as a value: pure functions from a site's desk to what the template prints."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta, tzinfo
from itertools import chain

from schemas.documents import FeedStatus, Head, SiteEntry
from services.web.desk import Desk, Outage
from services.web.folding import Cluster, cluster
from services.web.forecast import Forecast, forecast, zone_of
from services.web.freshness import State, judge
from services.web.headlines import Headline, headlines
from services.web.ladder import Shown
from services.web.measures import Measures
from services.web.parts import Parts
from services.web.topstories import TopStory, rank
from services.web.wishes import NONE, Wishes

MORE_MAX = 20
"""Headlines of a box that unfold on the page; all of them are a click away in the stream."""

MORE_BOXES_MAX = 60
"""On pages with more boxes nothing unfolds: they are long enough."""


@dataclass(frozen=True, slots=True)
class Line:
    """A headline in a box, and who else has it."""

    headline: Headline
    also: tuple[Headline, ...] = ()


@dataclass(frozen=True, slots=True)
class Box:
    feed: str
    title: str
    home: str | None
    state: State
    lines: tuple[Line, ...]
    more: tuple[Line, ...] = ()
    awaited: bool = False


@dataclass(frozen=True, slots=True)
class FrontPage:
    """`changes_at`: when time alone will make this another page: a state that turns, or the next midnight."""

    site: SiteEntry
    sites: tuple[SiteEntry, ...]
    at: datetime
    zone: tzinfo
    top: tuple[TopStory, ...]
    boxes: tuple[Box, ...]
    weather: Forecast | None
    outage: Outage
    parts: Parts
    changes_at: datetime

    @property
    def unwell(self) -> int:
        return sum(box.state.word in {"stale", "failing"} for box in self.boxes)

    @property
    def updated(self) -> datetime | None:
        return max((box.state.fetched for box in self.boxes if box.state.fetched), default=None)


def front_page(desk: Desk, now: datetime, wishes: Wishes = NONE) -> FrontPage:
    """As a reader wishes. Without top stories nothing is folded either."""
    zone, weather = _clock(desk), _weather(desk, now, wishes)
    news = news_of(desk, now)
    clusters = cluster(tuple(chain.from_iterable(news.values()))) if wishes.top else ()
    stories = rank(clusters, now)
    folds = _Folds.of(clusters, stories)
    more_max = MORE_MAX if len(news) <= MORE_BOXES_MAX else 0
    boxes = tuple(
        _box(desk, row, folds.lines(news[row.feed]), (wishes.lines or row.items_max, more_max), now)
        for row in _arranged(desk.status.feeds, wishes)
    )
    turns = [box.state.changes_at for box in boxes if box.state.changes_at is not None]
    return FrontPage(
        site=next(entry for entry in desk.sites if entry.site == desk.status.site),
        sites=desk.sites,
        at=now,
        zone=zone,
        top=stories,
        boxes=boxes,
        weather=weather,
        outage=desk.outage,
        parts=desk.parts,
        changes_at=min([*turns, midnight_after(now, zone), *_turn_of(weather)]),
    )


@dataclass(frozen=True, slots=True)
class _Folds:
    """What several sources tell is shown once: at the top, else in the box of whoever had it first."""

    hidden: frozenset[tuple[str, str]]
    also: dict[tuple[str, str], tuple[Headline, ...]]

    @classmethod
    def of(cls, clusters: tuple[Cluster, ...], stories: tuple[TopStory, ...]) -> _Folds:
        at_top = {_name(story.lead) for story in stories if story.sources > 1}
        hidden: set[tuple[str, str]] = set()
        also = {}
        for one in clusters:
            hidden.update(_name(line) for line in one.others)
            if _name(one.lead) in at_top:
                hidden.add(_name(one.lead))
            elif one.others:
                also[_name(one.lead)] = one.by_source()
        return cls(frozenset(hidden), also)

    def lines(self, news: tuple[Headline, ...]) -> list[Line]:
        """A box is never folded empty: then it keeps what it has."""
        shown = [line for line in news if _name(line) not in self.hidden] or list(news)
        return [Line(line, self.also.get(_name(line), ())) for line in shown]


def _name(line: Headline) -> tuple[str, str]:
    return line.feed, line.id


def news_of(desk: Desk, now: datetime) -> dict[str, tuple[Headline, ...]]:
    """Feed → its headlines, newest first; feeds in page order."""
    heads = {row.feed: (row, desk.heads.get(row.feed)) for row in desk.status.feeds}
    return {feed: headlines(feed, _title(row, head), row.url, head, now) for feed, (row, head) in heads.items()}


def titles_of(desk: Desk) -> dict[str, str]:
    """Feed → what readers know it as, in page order."""
    return {row.feed: _title(row, desk.heads.get(row.feed)) for row in desk.status.feeds}


def _title(row: FeedStatus, head: Head | None) -> str:
    return row.title or (head.document.source.title if head is not None else None) or row.url


def _arranged(rows: tuple[FeedStatus, ...], wishes: Wishes) -> list[FeedStatus]:
    """Boxes that a reader has put in order come first, in that order; hidden ones not at all."""
    place = {feed: number for number, feed in enumerate(wishes.order)}
    shown = [row for row in rows if row.feed not in wishes.hidden]
    return sorted(shown, key=lambda row: place.get(row.feed, len(place)))


def _box(desk: Desk, row: FeedStatus, lines: list[Line], counts: tuple[int, int], now: datetime) -> Box:
    """`counts`: how many lines are shown, and how many more unfold."""
    shown, more = counts
    head, note = desk.heads.get(row.feed), desk.notes.get(row.feed, "")
    state = judge(row, head, now)
    return Box(
        feed=row.feed,
        title=_title(row, head),
        home=row.home or (head.document.source.home if head is not None else None),
        state=replace(state, why=note) if note else state,
        awaited=bool(note),
        lines=tuple(lines[:shown]),
        more=tuple(lines[shown : shown + more]),
    )


def _clock(desk: Desk) -> tzinfo:
    """The page's own clock: that of the place whose weather it shows, else UTC."""
    record = desk.shown.record if desk.shown is not None else desk.weather
    return zone_of(record) if record is not None else UTC


def _weather(desk: Desk, now: datetime, wishes: Wishes) -> Forecast | None:
    shown = desk.shown or (Shown(desk.weather, "own") if desk.weather is not None else None)
    return forecast(shown, now, Measures(wishes.units, wishes.clock), desk.place) if shown is not None else None


def _turn_of(weather: Forecast | None) -> list[datetime]:
    return [weather.changes_at] if weather is not None and weather.changes_at is not None else []


def midnight_after(now: datetime, zone: tzinfo) -> datetime:
    local = now.astimezone(zone)
    return (local + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0).astimezone(UTC)
