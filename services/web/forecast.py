"""A cell's weather as a reader wants it: a few words and figures, each only when it is known."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone, tzinfo
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from schemas.weather import WeatherDay, WeatherHour, WeatherNow, WeatherRecord
from services.web.chart import HOURS, Chart, chart
from services.web.ladder import GONE_AFTER, Shown
from services.web.measures import Measures
from services.web.outlook import outlook

OLD_AFTER: Final = timedelta(hours=3)
STEP_HOURS: Final = 3
DAYS_SHOWN: Final = 7
CHANCE_PCT_MIN: Final = 10
"""Less than this is not worth a figure."""

HOUR: Final = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Step:
    """A moment of the next 24 hours. The figures come as text and as a number, for the page's script."""

    hour: str
    at: str
    condition: str
    is_day: bool | None
    temperature: str
    temperature_c: float | None
    chance: str


@dataclass(frozen=True, slots=True)
class Day:
    name: str
    condition: str
    low: str
    high: str
    low_c: float | None = None
    high_c: float | None = None
    rain: str = ""


@dataclass(frozen=True, slots=True)
class Forecast:
    """Texts with their units, "" where nothing is known. `old_since` is set when the weather is not of now; `note`
    says so when it is not of the reader's place. `changes_at`: when time alone makes this another forecast.
    """

    place: str
    note: str = ""
    awaited: bool = False
    temperature: str = ""
    temperature_c: float | None = None
    condition: str = ""
    is_day: bool | None = None
    feels: str = ""
    feels_c: float | None = None
    wind: str = ""
    wind_ms: float | None = None
    wind_from: float | None = None
    humidity: str = ""
    rain: str = ""
    outlook: str = ""
    sunrise: str = ""
    sunset: str = ""
    days: tuple[Day, ...] = ()
    steps: tuple[Step, ...] = ()
    chart: Chart | None = None
    chart_text: str = ""
    attribution: str = ""
    attribution_url: str | None = None
    fetched_at: datetime | None = None
    old_since: datetime | None = None
    changes_at: datetime | None = None


def forecast(shown: Shown, now: datetime, measures: Measures | None = None, place: str = "") -> Forecast:
    """`place` is the reader's own name for where they are; without one the record's holds."""
    record, note = shown.record, _note(shown, place)
    if record is None or now - record.fetched_at > GONE_AFTER:
        return Forecast(place=place, note=note, awaited=shown.awaited)
    ours = measures or Measures()
    zone, current = zone_of(record), record.now or WeatherNow(at=record.fetched_at)
    today = now.astimezone(zone).date()
    start = now.replace(minute=0, second=0, microsecond=0)
    hours = [hour for hour in record.hours if start <= hour.time < start + HOURS * HOUR]
    sun = next((day for day in record.days if day.date == today.isoformat()), None)
    drawn = chart(hours, start)
    return Forecast(
        place=place if place and shown.rung in {"own", "old"} else record.place or place,
        note=note,
        awaited=shown.awaited,
        temperature=ours.degrees(current.temperature_c),
        temperature_c=current.temperature_c,
        condition=_words(current.condition),
        is_day=current.is_day,
        feels=ours.degrees(current.feels_like_c),
        feels_c=current.feels_like_c,
        wind=ours.wind(current.wind_speed_ms, current.wind_from_deg),
        wind_ms=current.wind_speed_ms,
        wind_from=current.wind_from_deg,
        humidity=f"{round(current.humidity_pct)} %" if current.humidity_pct is not None else "",
        rain=ours.rain(current.precipitation_mm),
        outlook=outlook(record.hours, now, zone, ours),
        sunrise=ours.hour(sun.sunrise, zone) if sun and sun.sunrise else "",
        sunset=ours.hour(sun.sunset, zone) if sun and sun.sunset else "",
        days=_days(record, today, ours),
        steps=tuple(_step(hour, zone, sun, ours) for hour in hours[::STEP_HOURS]),
        chart=drawn,
        chart_text=_said(drawn, ours) if drawn else "",
        attribution=record.attribution,
        attribution_url=record.attribution_url,
        fetched_at=record.fetched_at,
        old_since=record.fetched_at if now - record.fetched_at > OLD_AFTER else None,
        changes_at=min(start + HOUR, _turns_at(record, now)),
    )


def zone_of(record: WeatherRecord) -> tzinfo:
    """The place's own clock, right on both sides of a change; by its present offset when its zone is not known here."""
    try:
        return ZoneInfo(record.timezone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return timezone(timedelta(seconds=record.utc_offset_s)) if abs(record.utc_offset_s) < 86_400 else UTC


def _turns_at(record: WeatherRecord, now: datetime) -> datetime:
    """When it becomes old, or nothing at all."""
    return next(
        (at for age in (OLD_AFTER, GONE_AFTER) if (at := record.fetched_at + age + timedelta(seconds=1)) > now),
        now + HOUR,
    )


def _note(shown: Shown, place: str) -> str:
    other = shown.record.place if shown.record is not None else None
    soon = " It is on its way." if shown.awaited else ""
    if shown.rung == "near":
        return f"Measured for {other or 'a place'}, {shown.away_km} km from {place or 'yours'}."
    if shown.rung == "default":
        return f"No weather of {place or 'your place'} yet: this is {other or 'the site'}’s.{soon}"
    return f"No weather of {place or 'your place'} yet.{soon}" if shown.rung == "none" else ""


def _days(record: WeatherRecord, today: date, ours: Measures) -> tuple[Day, ...]:
    """From today on, by the place's calendar; days of which no temperature is known are left out."""
    ahead = [day for day in record.days if day.date >= today.isoformat()]
    return tuple(
        Day(
            name=_day_name(day.date, today),
            condition=_words(day.condition),
            low=ours.degrees(day.temperature_min_c),
            high=ours.degrees(day.temperature_max_c),
            low_c=day.temperature_min_c,
            high_c=day.temperature_max_c,
            rain=ours.rain(day.precipitation_mm) if day.precipitation_mm else "",
        )
        for day in ahead[:DAYS_SHOWN]
        if day.temperature_max_c is not None or day.temperature_min_c is not None
    )


def _step(hour: WeatherHour, zone: tzinfo, sun: WeatherDay | None, ours: Measures) -> Step:
    chance = hour.precipitation_pct
    return Step(
        hour=ours.hour(hour.time, zone),
        at=f"{hour.time.astimezone(zone):%H:%M}",
        condition=_words(hour.condition),
        is_day=_is_day(hour.time.astimezone(zone), zone, sun),
        temperature=ours.degrees(hour.temperature_c),
        temperature_c=hour.temperature_c,
        chance=f"{round(chance)} %" if chance is not None and chance >= CHANCE_PCT_MIN else "",
    )


def _is_day(local: datetime, zone: tzinfo, sun: WeatherDay | None) -> bool | None:
    """By today's sun: tomorrow's is a few minutes off, and only an icon depends on it."""
    if sun is None or sun.sunrise is None or sun.sunset is None:
        return None
    rise, fall = sun.sunrise.astimezone(zone).time(), sun.sunset.astimezone(zone).time()
    return rise <= local.time() < fall


def _said(drawn: Chart, ours: Measures) -> str:
    rainy = " with rain or snow" if drawn.bars else ", dry"
    return f"The next 24 hours: {ours.degrees(drawn.low_c)} to {ours.degrees(drawn.high_c)}{rainy}"


def _words(condition: str | None) -> str:
    return (condition or "").replace("_", " ")


def _day_name(text: str, today: date) -> str:
    day = date.fromisoformat(text)
    return "Today" if day == today else f"{day:%a}"
