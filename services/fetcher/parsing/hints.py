"""How often a feed says it changes: RSS ttl, skipHours and skipDays, and the syndication module's period."""

from __future__ import annotations

from typing import Final

from schemas.records import Hints
from services.fetcher.parsing.raw import RawFeed

_PERIODS_S: Final = {"hourly": 3600, "daily": 86_400, "weekly": 604_800, "monthly": 2_592_000, "yearly": 31_536_000}
_DAYS: Final = {"monday": 0, "tuesday": 1, "wednesday": 2, "thursday": 3, "friday": 4, "saturday": 5, "sunday": 6}
_YEAR_S: Final = 31_536_000.0
NONE: Final = Hints()


def hints_of(feed: RawFeed) -> Hints:
    """The wishes that can be read; the rest is left out. Hours are GMT, days count from Monday = 0."""
    if not (feed.ttl or feed.update_period or feed.update_frequency or feed.skip_hours or feed.skip_days):
        return NONE
    hours = {_whole(hour) for hour in feed.skip_hours[:48]}
    days = {_DAYS.get(day.lower()) for day in feed.skip_days[:14]}
    return Hints(
        ttl_s=_ttl(feed.ttl),
        update_period_s=_period(feed.update_period, feed.update_frequency),
        # RSS 0.91 counted hours from 1 to 24, RSS 2.0 counts from 0 to 23: 24 is midnight in both.
        skip_hours=tuple(sorted({hour % 24 for hour in hours if hour is not None and hour <= 24})),
        skip_days=tuple(sorted(day for day in days if day is not None)),
    )


def _ttl(text: str | None) -> float | None:
    """RSS 2.0: minutes."""
    minutes = _whole(text)
    return min(minutes * 60.0, _YEAR_S) if minutes else None


def _period(period: str | None, frequency: str | None) -> float | None:
    """The syndication module: so many times (once, unless said) in a period (a day, unless said)."""
    if period is None and frequency is None:
        return None
    whole = _PERIODS_S.get((period or "daily").lower())
    return whole / (_whole(frequency) or 1) if whole else None


def _whole(text: str | None) -> int | None:
    text = (text or "").strip()
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None
