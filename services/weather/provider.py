"""Providers of weather behind one small interface. A third one is one more class here and one more test."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol
from urllib.parse import urlencode

from pressroom.cells import Cell
from pressroom.http.answer import Response
from services.weather.openweather import one_call
from services.weather.parse import Sky, open_meteo

Get = Callable[[str, Mapping[str, str]], Response]


class Provider(Protocol):
    """Who is asked, how, and what its answer says."""

    @property
    def name(self) -> str: ...
    @property
    def attribution(self) -> str:
        """What the provider wants shown beside its data."""

    def address(self, cell: Cell) -> str:
        """The address to ask. May hold a key: never logged, never shown."""

    def read(self, body: bytes) -> Sky:
        """The answer's content. Raises `parse.AnswerError`."""


@dataclass(frozen=True, slots=True)
class OpenMeteo:
    """Free without a key; units and offset are read from the answer. https://open-meteo.com/en/docs"""

    base: str
    name: str = "open-meteo"
    attribution: str = "Weather data by Open-Meteo.com"

    def address(self, cell: Cell) -> str:
        query = {
            "latitude": cell.latitude,
            "longitude": cell.longitude,
            "current": "temperature_2m,apparent_temperature,relative_humidity_2m,precipitation,weather_code,"
            "wind_speed_10m,wind_direction_10m,is_day",
            "hourly": "temperature_2m,precipitation,precipitation_probability,weather_code,wind_speed_10m",
            "daily": "temperature_2m_max,temperature_2m_min,precipitation_sum,weather_code,sunrise,sunset",
            # Moments as seconds: local times would be ambiguous for an hour each autumn.
            "timeformat": "unixtime",
            "timezone": "auto",
            "forecast_days": 7,
        }
        return f"{self.base}?{urlencode(query, safe=',')}"

    def read(self, body: bytes) -> Sky:
        return open_meteo(body)


@dataclass(frozen=True, slots=True)
class OpenWeather:
    """One Call 3.0, with a key. https://openweathermap.org/api/one-call-3"""

    base: str
    key: str
    name: str = "openweather"
    attribution: str = "Weather data by OpenWeather"

    def address(self, cell: Cell) -> str:
        query = {
            "lat": cell.latitude,
            "lon": cell.longitude,
            "exclude": "minutely,alerts",
            "units": "metric",
            "appid": self.key,
        }
        return f"{self.base}?{urlencode(query)}"

    def read(self, body: bytes) -> Sky:
        return one_call(body)
