"""A cell's weather, in SI units, nulls kept: what was not said is not invented."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from schemas.base import Id, Instant, Line, Model, Name, Turn, Url

Degrees = Annotated[float, Field(ge=-120, le=80)]
Share = Annotated[float, Field(ge=0, le=100)]


class WeatherNow(Model):
    at: Instant
    temperature_c: Degrees | None = None
    feels_like_c: Degrees | None = None
    wind_speed_ms: Annotated[float, Field(ge=0, le=150)] | None = None
    wind_from_deg: Annotated[float, Field(ge=0, le=360)] | None = None
    humidity_pct: Share | None = None
    precipitation_mm: Annotated[float, Field(ge=0, le=500)] | None = None
    condition: Name | None = None
    is_day: bool | None = None


class WeatherHour(Model):
    time: Instant
    temperature_c: Degrees | None = None
    precipitation_mm: Annotated[float, Field(ge=0, le=500)] | None = None
    precipitation_pct: Share | None = None
    wind_speed_ms: Annotated[float, Field(ge=0, le=150)] | None = None
    visibility_m: Annotated[float, Field(ge=0, le=1_000_000)] | None = None
    condition: Name | None = None


class WeatherDay(Model):
    """A day of the place, by its own calendar (`date` is ISO 8601, the place's, not UTC's)."""

    date: Annotated[str, Field(pattern=r"^\d{4}-\d{2}-\d{2}$")]
    temperature_min_c: Degrees | None = None
    temperature_max_c: Degrees | None = None
    precipitation_mm: Annotated[float, Field(ge=0, le=2000)] | None = None
    sunrise: Instant | None = None
    sunset: Instant | None = None
    condition: Name | None = None


class WeatherRecord(Model):
    """weather → publisher, and `weather/<cell>.json`."""

    kind: Literal["weather"] = "weather"
    schema_version: Literal[1] = 1
    cell: Id
    turn: Turn
    place: Name | None = None
    latitude: Annotated[float, Field(ge=-90, le=90)]
    longitude: Annotated[float, Field(ge=-180, le=180)]
    timezone: Name
    utc_offset_s: Annotated[int, Field(ge=-86_400, le=86_400)]
    fetched_at: Instant
    provider: Name
    attribution: Line
    attribution_url: Url | None = None
    now: WeatherNow | None = None
    hours: Annotated[tuple[WeatherHour, ...], Field(max_length=240)] = ()
    days: Annotated[tuple[WeatherDay, ...], Field(max_length=16)] = ()
