"""The one thing to know of the next hours. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta, tzinfo
from typing import Final

from schemas.weather import WeatherHour
from services.web.measures import Measures

LOOK_AHEAD: Final = timedelta(hours=12)
WET_PCT: Final = 50.0
WET_MM: Final = 0.2


def outlook(hours: Sequence[WeatherHour], now: datetime, zone: tzinfo, measures: Measures) -> str:
    """When rain starts, or stops, or that it stays dry; "" when nothing is known of it."""
    ahead = [hour for hour in hours if now - timedelta(hours=1) < hour.time <= now + LOOK_AHEAD]
    if not ahead or all(hour.precipitation_mm is None and hour.precipitation_pct is None for hour in ahead):
        return ""
    wet = [_is_wet(hour) for hour in ahead]
    turn = next((hour for hour, is_wet in zip(ahead, wet, strict=True) if is_wet != wet[0]), None)
    if wet[0]:
        return f"{_kind(ahead[0])} until {measures.hour(turn.time, zone)}" if turn else f"{_kind(ahead[0])} for hours"
    return f"{_kind(turn)} from {measures.hour(turn.time, zone)}" if turn else "dry for now"


def _is_wet(hour: WeatherHour) -> bool:
    if hour.precipitation_pct is not None and hour.precipitation_pct < WET_PCT:
        return False
    return (hour.precipitation_mm or 0.0) >= WET_MM


def _kind(hour: WeatherHour) -> str:
    return "snow" if "snow" in (hour.condition or "") else "rain"
