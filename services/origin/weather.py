"""A made-up sky in the shapes of Open-Meteo's and OpenWeather's answers: the same place and day always have the same
weather.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

HOURS = 168
_CONDITIONS = {0: 800, 1: 801, 2: 802, 3: 804, 61: 500}
"""A WMO code, and OpenWeather's for the same sky."""


@dataclass(frozen=True, slots=True)
class Hour:
    at: datetime
    temperature_c: float
    rain_mm: float
    wind_ms: float
    code: int

    @property
    def chance_pct(self) -> int:
        return min(95, int(self.rain_mm * 40) + 5)


@dataclass(frozen=True, slots=True)
class MadeUp:
    """A week of a place from its own midnight on. `offset_s`: its clock goes by its longitude."""

    latitude: float
    longitude: float
    offset_s: int
    now: datetime
    hours: tuple[Hour, ...]

    @property
    def current(self) -> Hour:
        return next(hour for hour in reversed(self.hours) if hour.at <= self.now)

    @property
    def days(self) -> list[tuple[Hour, ...]]:
        return [self.hours[start : start + 24] for start in range(0, len(self.hours), 24)]

    @property
    def zone(self) -> str:
        return f"Etc/GMT{-self.offset_s // 3600:+d}" if self.offset_s else "Etc/GMT"

    def sun(self, day: tuple[Hour, ...]) -> tuple[datetime, datetime]:
        return day[0].at + timedelta(hours=7, minutes=40), day[0].at + timedelta(hours=16, minutes=35)

    @property
    def is_day(self) -> bool:
        rise, fall = self.sun(self.days[0])
        return rise <= self.now < fall


def sky(latitude: float, longitude: float, now: datetime) -> MadeUp:
    offset = timedelta(hours=round(longitude / 15))
    midnight = (now.astimezone(UTC) + offset).replace(hour=0, minute=0, second=0, microsecond=0) - offset
    hours = tuple(_hour(latitude, longitude, midnight + timedelta(hours=hour)) for hour in range(HOURS))
    return MadeUp(latitude, longitude, int(offset.total_seconds()), now.astimezone(UTC), hours)


def _hour(latitude: float, longitude: float, at: datetime) -> Hour:
    rain = round(max(0.0, math.sin(at.timestamp() / 14_000 + latitude + longitude) - 0.55) * 4, 1)
    code = 61 if rain > 0 else (0, 1, 2, 3)[(at.day + at.hour // 6) % 4]
    return Hour(at, _temperature(latitude, longitude, at), rain, round(4 + at.hour % 9 / 4, 1), code)


def _temperature(latitude: float, longitude: float, at: datetime) -> float:
    season = math.cos((at.timetuple().tm_yday - 200) / 365 * 2 * math.pi) * (1 if latitude >= 0 else -1)
    warmth = 27 - abs(latitude) * 0.45 + season * abs(latitude) * 0.18
    return round(warmth + 4 * math.sin((at.hour + longitude / 15 - 9) / 24 * 2 * math.pi) + at.day % 5 - 2, 1)


def open_meteo(query: Mapping[str, str], now: datetime) -> dict[str, Any]:
    """`/v1/forecast` for `latitude` and `longitude`; moments as unix seconds, wind in km/h as by default."""
    made = sky(float(query.get("latitude", 52.1)), float(query.get("longitude", 5.1)), now)
    here, units = made.current, {"time": "unixtime", "temperature_2m": "°C", "wind_speed_10m": "km/h"}
    suns = [made.sun(day) for day in made.days]
    return {
        "latitude": made.latitude,
        "longitude": made.longitude,
        "utc_offset_seconds": made.offset_s,
        "timezone": made.zone,
        "current_units": units | {"precipitation": "mm", "apparent_temperature": "°C"},
        "current": {
            "time": int(made.now.timestamp()),
            "temperature_2m": here.temperature_c,
            "apparent_temperature": round(here.temperature_c - 2.2, 1),
            "relative_humidity_2m": 71,
            "precipitation": here.rain_mm,
            "weather_code": here.code,
            "wind_speed_10m": round(here.wind_ms * 3.6, 1),
            "wind_direction_10m": 285,
            "is_day": int(made.is_day),
        },
        "hourly_units": units | {"precipitation": "mm"},
        "hourly": {
            "time": [int(hour.at.timestamp()) for hour in made.hours],
            "temperature_2m": [hour.temperature_c for hour in made.hours],
            "precipitation": [hour.rain_mm for hour in made.hours],
            "precipitation_probability": [hour.chance_pct for hour in made.hours],
            "weather_code": [hour.code for hour in made.hours],
            "wind_speed_10m": [round(hour.wind_ms * 3.6, 1) for hour in made.hours],
        },
        "daily_units": {"time": "unixtime", "temperature_2m_max": "°C", "temperature_2m_min": "°C"},
        "daily": {
            "time": [int(day[0].at.timestamp()) for day in made.days],
            "temperature_2m_max": [max(hour.temperature_c for hour in day) for day in made.days],
            "temperature_2m_min": [min(hour.temperature_c for hour in day) for day in made.days],
            "precipitation_sum": [round(sum(hour.rain_mm for hour in day), 1) for day in made.days],
            "weather_code": [max(hour.code for hour in day) for day in made.days],
            "sunrise": [int(rise.timestamp()) for rise, _ in suns],
            "sunset": [int(fall.timestamp()) for _, fall in suns],
        },
    }


def one_call(query: Mapping[str, str], now: datetime) -> dict[str, Any]:
    """`/data/3.0/onecall` for `lat` and `lon`, in metric units."""
    made = sky(float(query.get("lat", 52.1)), float(query.get("lon", 5.1)), now)
    rise, fall = made.sun(made.days[0])
    return {
        "lat": made.latitude,
        "lon": made.longitude,
        "timezone": made.zone,
        "timezone_offset": made.offset_s,
        "current": _row(made.current)
        | {
            "dt": int(made.now.timestamp()),
            "sunrise": int(rise.timestamp()),
            "sunset": int(fall.timestamp()),
            "feels_like": round(made.current.temperature_c - 2.2, 1),
            "humidity": 71,
            "wind_deg": 285,
        },
        "hourly": [_row(hour) | {"pop": hour.chance_pct / 100, "visibility": 10_000} for hour in made.hours[:48]],
        "daily": [_day_row(made, day) for day in made.days],
    }


def _row(hour: Hour) -> dict[str, Any]:
    row: dict[str, Any] = {
        "dt": int(hour.at.timestamp()),
        "temp": hour.temperature_c,
        "wind_speed": hour.wind_ms,
        "weather": [{"id": _CONDITIONS[hour.code], "main": "Sky"}],
    }
    return row | ({"rain": {"1h": hour.rain_mm}} if hour.rain_mm else {})


def _day_row(made: MadeUp, day: tuple[Hour, ...]) -> dict[str, Any]:
    rise, fall = made.sun(day)
    temperatures = [hour.temperature_c for hour in day]
    return {
        "dt": int(day[12].at.timestamp()),
        "sunrise": int(rise.timestamp()),
        "sunset": int(fall.timestamp()),
        "temp": {"min": min(temperatures), "max": max(temperatures)},
        "rain": round(sum(hour.rain_mm for hour in day), 1),
        "weather": [{"id": _CONDITIONS[max(hour.code for hour in day)], "main": "Sky"}],
    }
