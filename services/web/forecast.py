"""A cell's weather as a reader wants it: a few words and figures, each only when it is known."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone
from functools import partial
from typing import Final

from schemas.weather import WeatherHour, WeatherRecord

OLD_AFTER: Final = timedelta(hours=3)
LOOK_AHEAD: Final = timedelta(hours=12)
WET_PCT: Final = 50.0
WET_MM: Final = 0.2
MPH_MS: Final = 0.44704
_POINTS: Final = ("N", "NE", "E", "SE", "S", "SW", "W", "NW")


@dataclass(frozen=True, slots=True)
class Day:
    name: str
    condition: str
    low: str
    high: str


@dataclass(frozen=True, slots=True)
class Forecast:
    """Texts with their units, "" where nothing is known. `old_since` is set when the weather is not of now."""

    place: str
    temperature: str
    condition: str
    feels: str
    wind: str
    outlook: str
    days: tuple[Day, ...]
    attribution: str
    old_since: datetime | None


def forecast(record: WeatherRecord, now: datetime, zone: timezone, units: str = "metric") -> Forecast:
    """`units`: metric (°C, m/s) or imperial (°F, mph)."""
    degrees = partial(degrees_in, units=units)
    current = record.now
    old = now - record.fetched_at > OLD_AFTER
    return Forecast(
        place=record.place or "",
        temperature=degrees(current.temperature_c) if current else "",
        condition=_words(current.condition) if current else "",
        feels=degrees(current.feels_like_c) if current else "",
        wind=_wind(current.wind_speed_ms, current.wind_from_deg, units) if current else "",
        outlook=_outlook(record.hours, now, zone),
        days=tuple(
            Day(_day_name(day.date, now, zone), _words(day.condition), degrees(day.temperature_min_c), high)
            for day in record.days[:4]
            if (high := degrees(day.temperature_max_c))
        ),
        attribution=record.attribution,
        old_since=record.fetched_at if old else None,
    )


def degrees_in(celsius: float | None, units: str) -> str:
    """Whole degrees with a true minus sign, and never a minus nought."""
    if celsius is None:
        return ""
    whole = round(celsius * 9 / 5 + 32 if units == "imperial" else celsius)
    return f"−{-whole}°" if whole < 0 else f"{whole}°"


def _wind(speed_ms: float | None, from_deg: float | None, units: str) -> str:
    if speed_ms is None:
        return ""
    point = f" {_POINTS[round(from_deg / 45) % 8]}" if from_deg is not None else ""
    speed = f"{round(speed_ms / MPH_MS)} mph" if units == "imperial" else f"{round(speed_ms)} m/s"
    return speed + point


def _outlook(hours: tuple[WeatherHour, ...], now: datetime, zone: timezone) -> str:
    """The one thing to know of the next hours: when rain starts, or stops, or that it stays dry."""
    ahead = [hour for hour in hours if now - timedelta(hours=1) < hour.time <= now + LOOK_AHEAD]
    if not ahead or all(hour.precipitation_mm is None and hour.precipitation_pct is None for hour in ahead):
        return ""
    wet = [_is_wet(hour) for hour in ahead]
    if wet[0]:
        dry = next((hour for hour, is_wet in zip(ahead, wet, strict=True) if not is_wet), None)
        return f"{_kind(ahead[0])} until {dry.time.astimezone(zone):%H:%M}" if dry else f"{_kind(ahead[0])} for hours"
    start = next((hour for hour, is_wet in zip(ahead, wet, strict=True) if is_wet), None)
    return f"{_kind(start)} from {start.time.astimezone(zone):%H:%M}" if start else "dry for now"


def _is_wet(hour: WeatherHour) -> bool:
    if hour.precipitation_pct is not None and hour.precipitation_pct < WET_PCT:
        return False
    return (hour.precipitation_mm or 0.0) >= WET_MM


def _kind(hour: WeatherHour) -> str:
    return "snow" if "snow" in (hour.condition or "") else "rain"


def _words(condition: str | None) -> str:
    return (condition or "").replace("_", " ")


def _day_name(text: str, now: datetime, zone: timezone) -> str:
    day = date.fromisoformat(text)
    return "Today" if day == now.astimezone(zone).date() else f"{day:%a}"
