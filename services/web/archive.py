"""A day's headlines, as the publisher kept them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from schemas.documents import ArchiveDay
from services.web.desk import Desk
from services.web.front import titles_of
from services.web.headlines import Headline

DAYS_BACK_MAX: Final = 366
_DAY: Final = re.compile(r"\d{4}-\d{2}-\d{2}")


@dataclass(frozen=True, slots=True)
class DayPage:
    """`before` and `after`: the neighbouring days there can be something of."""

    day: date
    lines: tuple[Headline, ...]
    before: date | None
    after: date | None


def parse_day(text: str, today: date) -> date | None:
    """A day that an archive can have: not in the future, not longer ago than anything is kept."""
    if not _DAY.fullmatch(text):
        return None
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return day if today - timedelta(days=DAYS_BACK_MAX) <= day <= today else None


def day_page(desk: Desk, kept: ArchiveDay | None, day: date, now: datetime) -> DayPage:
    titles = titles_of(desk)
    lines = [
        Headline(
            id=line.id,
            title=line.title or line.link or "(untitled)",
            link=line.link,
            link_clean=None,
            at=line.first_seen,
            feed=line.feed,
            source=titles.get(line.feed, line.feed),
            origin=line.feed,
        )
        for line in (kept.headlines if kept is not None else ())
        if not desk.removed.has(line.feed, line.id, line.link)
    ]
    today = now.date()
    oldest = today - timedelta(days=DAYS_BACK_MAX)
    return DayPage(
        day=day,
        lines=tuple(reversed(lines)),
        before=day - timedelta(days=1) if day > oldest else None,
        after=day + timedelta(days=1) if day < today else None,
    )
