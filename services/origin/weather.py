"""A made-up sky in the shape of Open-Meteo's forecast answer: the same place and day always have the same weather."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

HOURS = 168


def _temperature(latitude: float, at: datetime) -> float:
    season = math.cos((at.timetuple().tm_yday - 200) / 365 * 2 * math.pi) * (1 if latitude >= 0 else -1)
    warmth = 27 - abs(latitude) * 0.45 + season * abs(latitude) * 0.18
    return round(warmth + 4 * math.sin((at.hour - 9) / 24 * 2 * math.pi) + at.day % 5 - 2, 1)


def _rain(latitude: float, longitude: float, at: datetime) -> float:
    wave = math.sin(at.timestamp() / 14_000 + latitude + longitude)
    return round(max(0.0, wave - 0.55) * 4, 1)


def _code(rain: float, at: datetime) -> int:
    return 61 if rain > 0 else (0, 1, 2, 3)[(at.day + at.hour // 6) % 4]


def forecast(query: Mapping[str, str], now: datetime) -> dict[str, Any]:
    """The forecast for `latitude` and `longitude` from now on, times in GMT."""
    latitude, longitude = float(query.get("latitude", 52.1)), float(query.get("longitude", 5.1))
    start = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    hours = [start + timedelta(hours=hour) for hour in range(HOURS)]
    temperatures = [_temperature(latitude, hour) for hour in hours]
    rains = [_rain(latitude, longitude, hour) for hour in hours]
    here = now.astimezone(UTC).hour
    return {
        "latitude": latitude,
        "longitude": longitude,
        "utc_offset_seconds": 0,
        "timezone": "GMT",
        "current_units": {"time": "iso8601", "temperature_2m": "°C", "wind_speed_10m": "km/h"},
        "current": {
            "time": now.astimezone(UTC).strftime("%Y-%m-%dT%H:%M"),
            "temperature_2m": temperatures[here],
            "apparent_temperature": round(temperatures[here] - 2.2, 1),
            "relative_humidity_2m": 71,
            "precipitation": rains[here],
            "weather_code": _code(rains[here], hours[here]),
            "wind_speed_10m": 18.0,
            "wind_direction_10m": 285,
            "is_day": int(6 <= here < 19),
        },
        "hourly_units": {"time": "iso8601", "temperature_2m": "°C", "precipitation": "mm", "wind_speed_10m": "km/h"},
        "hourly": {
            "time": [hour.strftime("%Y-%m-%dT%H:%M") for hour in hours],
            "temperature_2m": temperatures,
            "precipitation": rains,
            "precipitation_probability": [min(95, int(rain * 40) + 5) for rain in rains],
            "weather_code": [_code(rain, hour) for rain, hour in zip(rains, hours, strict=True)],
            "wind_speed_10m": [14 + hour.hour % 9 for hour in hours],
        },
        "daily_units": {"time": "iso8601", "temperature_2m_max": "°C", "temperature_2m_min": "°C"},
        "daily": _daily(start, temperatures, rains),
    }


def _daily(start: datetime, temperatures: list[float], rains: list[float]) -> dict[str, list[Any]]:
    days = [start + timedelta(days=day) for day in range(HOURS // 24)]
    spans = [slice(day * 24, day * 24 + 24) for day in range(len(days))]
    return {
        "time": [day.strftime("%Y-%m-%d") for day in days],
        "temperature_2m_max": [max(temperatures[span]) for span in spans],
        "temperature_2m_min": [min(temperatures[span]) for span in spans],
        "precipitation_sum": [round(sum(rains[span]), 1) for span in spans],
        "weather_code": [61 if sum(rains[span]) > 1 else 2 for span in spans],
        "sunrise": [(day + timedelta(hours=7, minutes=40)).strftime("%Y-%m-%dT%H:%M") for day in days],
        "sunset": [(day + timedelta(hours=16, minutes=35)).strftime("%Y-%m-%dT%H:%M") for day in days],
    }
