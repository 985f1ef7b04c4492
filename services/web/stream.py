"""All of a site's headlines in one stream, day by day, each story once."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, tzinfo
from itertools import chain, groupby
from typing import Final

from services.web.desk import Desk
from services.web.folding import cluster
from services.web.front import Line, news_of
from services.web.headlines import newest_first
from services.web.rendering import day_text

LINES_MAX: Final = 500


@dataclass(frozen=True, slots=True)
class Day:
    name: str
    lines: tuple[Line, ...]


def stream(desk: Desk, now: datetime, zone: tzinfo) -> tuple[Day, ...]:
    """Newest first; headlines without any time come last, under a heading of their own."""
    stories = cluster(tuple(chain.from_iterable(news_of(desk, now).values())))
    lines = [Line(story.lead, story.by_source()) for story in stories]
    lines.sort(key=lambda line: newest_first(line.headline))
    days = groupby(lines[:LINES_MAX], key=lambda line: _day_of(line, zone))
    return tuple(Day(name, tuple(some)) for name, some in days)


def _day_of(line: Line, zone: tzinfo) -> str:
    if line.headline.at is None:
        return "Without a date"
    return day_text(line.headline.at, zone)
