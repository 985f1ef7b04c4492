"""An answer of OpenWeather's One Call 3.0 (asked for metric units) → a sky. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from schemas.errors import ErrorKind
from schemas.weather import WeatherDay, WeatherHour, WeatherNow
from services.weather.parse import DAYS_MAX, HOURS_MAX, AnswerError, Sky, read_json
from services.weather.units import number, within

_GROUPS = (
    (range(200, 300), "thunderstorm"),
    (range(300, 400), "drizzle"),
    (range(520, 532), "showers"),
    (range(500, 600), "rain"),
    (range(600, 700), "snow"),
    (range(700, 800), "fog"),
    ((800,), "clear"),
    ((801, 802), "partly_cloudy"),
    ((803, 804), "cloudy"),
)
"""Condition codes, as the provider's documentation groups them."""


def one_call(body: bytes) -> Sky:
    """Raises `AnswerError`: no JSON, or an error code inside whatever status."""
    answer = read_json(body)
    if "cod" in answer and str(answer["cod"]) != "200":
        raise AnswerError(ErrorKind.PROVIDER_REJECTED, f"{answer['cod']}: {str(answer.get('message', ''))[:400]}")
    current = answer.get("current")
    offset_s = int(number(answer.get("timezone_offset")) or 0)
    return Sky(
        timezone=str(answer.get("timezone") or "UTC")[:200],
        utc_offset_s=offset_s,
        now=_now(current) if isinstance(current, dict) else None,
        hours=tuple(hour for one in _rows(answer, "hourly", HOURS_MAX) if (hour := _hour(one)) is not None),
        days=tuple(day for one in _rows(answer, "daily", DAYS_MAX) if (day := _day(one, offset_s)) is not None),
    )


def _rows(answer: Mapping[str, Any], name: str, count_max: int) -> Sequence[Mapping[str, Any]]:
    rows = answer.get(name)
    return [row for row in rows[:count_max] if isinstance(row, dict)] if isinstance(rows, list) else []


def _instant(value: Any) -> datetime | None:
    seconds = number(value)
    try:
        return None if seconds is None else datetime.fromtimestamp(seconds, UTC)
    except (ValueError, OverflowError, OSError):
        return None


def _condition(row: Mapping[str, Any]) -> str | None:
    weather = row.get("weather")
    first = weather[0] if isinstance(weather, list) and weather else None
    code = number(first.get("id")) if isinstance(first, dict) else None
    return next((name for codes, name in _GROUPS if code in codes), None)


def _rain_mm(row: Mapping[str, Any]) -> float | None:
    """Rain and snow of the last hour; an hour without either is left out by the provider and means none."""
    total = 0.0
    for name in ("rain", "snow"):
        fallen = row.get(name)
        amount = number(fallen.get("1h")) if isinstance(fallen, dict) else number(fallen)
        total += amount or 0.0
    return within(round(total, 3), 0, 500)


def _now(row: Mapping[str, Any]) -> WeatherNow | None:
    at = _instant(row.get("dt"))
    if at is None:
        return None
    rise, fall = _instant(row.get("sunrise")), _instant(row.get("sunset"))
    return WeatherNow(
        at=at,
        temperature_c=within(number(row.get("temp")), -120, 80),
        feels_like_c=within(number(row.get("feels_like")), -120, 80),
        wind_speed_ms=within(number(row.get("wind_speed")), 0, 150),
        wind_from_deg=within(number(row.get("wind_deg")), 0, 360),
        humidity_pct=within(number(row.get("humidity")), 0, 100),
        precipitation_mm=_rain_mm(row),
        condition=_condition(row),
        is_day=None if rise is None or fall is None else rise <= at < fall,
    )


def _hour(row: Mapping[str, Any]) -> WeatherHour | None:
    at, chance = _instant(row.get("dt")), number(row.get("pop"))
    if at is None:
        return None
    return WeatherHour(
        time=at,
        temperature_c=within(number(row.get("temp")), -120, 80),
        precipitation_mm=_rain_mm(row),
        precipitation_pct=None if chance is None else within(round(chance * 100), 0, 100),
        wind_speed_ms=within(number(row.get("wind_speed")), 0, 150),
        visibility_m=within(number(row.get("visibility")), 0, 1_000_000),
        condition=_condition(row),
    )


def _day(row: Mapping[str, Any], offset_s: int) -> WeatherDay | None:
    at = _instant(row.get("dt"))
    if at is None:
        return None
    span = row.get("temp")
    temperatures: Mapping[str, Any] = span if isinstance(span, dict) else {}
    return WeatherDay(
        date=(at + timedelta(seconds=offset_s)).date().isoformat(),
        temperature_min_c=within(number(temperatures.get("min")), -120, 80),
        temperature_max_c=within(number(temperatures.get("max")), -120, 80),
        precipitation_mm=_rain_mm(row),
        sunrise=_instant(row.get("sunrise")),
        sunset=_instant(row.get("sunset")),
        condition=_condition(row),
    )
