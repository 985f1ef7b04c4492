"""An answer of OpenWeather's One Call 3.0 (asked for metric units; the answer names none) → a sky. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from schemas.errors import ErrorKind
from schemas.weather import WeatherDay, WeatherHour, WeatherNow
from services.weather import parse
from services.weather.parse import DAYS_MAX, HOURS_MAX, AnswerError, Sky, instant
from services.weather.units import number, within

_GROUPS: Final = (
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
    answer = parse.read_json(body)
    if "cod" in answer and str(answer["cod"]) != "200":
        code = str(answer["cod"])
        status = int(code) if code.isascii() and code.isdecimal() and len(code) == 3 else None
        message = f"{code}: {answer.get('message', 'no reason given')}"[:500]
        raise AnswerError(ErrorKind.PROVIDER_REJECTED, message, status)
    current = answer.get("current")
    offset_s = parse.offset_s(answer.get("timezone_offset"))
    sky = Sky(
        timezone=str(answer.get("timezone") or "UTC")[:200],
        utc_offset_s=offset_s,
        now=_now(current) if isinstance(current, dict) else None,
        hours=tuple(hour for one in _rows(answer, "hourly", HOURS_MAX) if (hour := _hour(one)) is not None),
        days=tuple(day for one in _rows(answer, "daily", DAYS_MAX) if (day := _day(one, offset_s)) is not None),
    )
    return parse.checked(sky)


def _rows(answer: Mapping[str, Any], name: str, count_max: int) -> Sequence[Mapping[str, Any]]:
    rows = answer.get(name)
    return [row for row in rows[:count_max] if isinstance(row, dict)] if isinstance(rows, list) else []


def _condition(row: Mapping[str, Any]) -> str | None:
    weather = row.get("weather")
    first = weather[0] if isinstance(weather, list) and weather else None
    code = number(first.get("id")) if isinstance(first, dict) else None
    return next((name for codes, name in _GROUPS if code in codes), None)


def _fallen_mm(row: Mapping[str, Any], most: float) -> float | None:
    """Rain and snow: an object with the last hour's, or a day's number. A row without either means none fell; one
    that cannot be read is not known.
    """
    total = 0.0
    for name in ("rain", "snow"):
        if name in row:
            fallen = row[name]
            amount = number(fallen.get("1h") if isinstance(fallen, dict) else fallen)
            if amount is None:
                return None
            total += amount
    return within(round(total, 3), 0, most)


def _chance_pct(row: Mapping[str, Any]) -> float | None:
    chance = number(row.get("pop"))
    return None if chance is None else within(round(chance * 100), 0, 100)


def _now(row: Mapping[str, Any]) -> WeatherNow | None:
    at = instant(row.get("dt"))
    if at is None:
        return None
    rise, fall = parse.sun(instant(row.get("sunrise")), instant(row.get("sunset")))
    return WeatherNow(
        at=at,
        temperature_c=within(number(row.get("temp")), -120, 80),
        feels_like_c=within(number(row.get("feels_like")), -120, 80),
        wind_speed_ms=within(number(row.get("wind_speed")), 0, 150),
        wind_from_deg=within(number(row.get("wind_deg")), 0, 360),
        humidity_pct=within(number(row.get("humidity")), 0, 100),
        precipitation_mm=_fallen_mm(row, 500),
        condition=_condition(row),
        is_day=None if rise is None or fall is None else rise <= at < fall,
    )


def _hour(row: Mapping[str, Any]) -> WeatherHour | None:
    at = instant(row.get("dt"))
    if at is None:
        return None
    return WeatherHour(
        time=at,
        temperature_c=within(number(row.get("temp")), -120, 80),
        precipitation_mm=_fallen_mm(row, 500),
        precipitation_pct=_chance_pct(row),
        wind_speed_ms=within(number(row.get("wind_speed")), 0, 150),
        visibility_m=within(number(row.get("visibility")), 0, 1_000_000),
        condition=_condition(row),
    )


def _day(row: Mapping[str, Any], offset_s: int) -> WeatherDay | None:
    date = _date(instant(row.get("dt")), offset_s)
    if date is None:
        return None
    span = row.get("temp")
    temperatures: Mapping[str, Any] = span if isinstance(span, dict) else {}
    rise, fall = parse.sun(instant(row.get("sunrise")), instant(row.get("sunset")))
    return WeatherDay(
        date=date,
        temperature_min_c=within(number(temperatures.get("min")), -120, 80),
        temperature_max_c=within(number(temperatures.get("max")), -120, 80),
        precipitation_mm=_fallen_mm(row, 2000),
        sunrise=rise,
        sunset=fall,
        condition=_condition(row),
    )


def _date(noon: datetime | None, offset_s: int) -> str | None:
    """A day's row is stamped with noon at the place, so an offset that changed that night makes no other day of it."""
    return None if noon is None else (noon + timedelta(seconds=offset_s)).date().isoformat()
