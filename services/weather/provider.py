"""Providers of weather behind one small interface. A third one is one class like these and one test like theirs:
docs/developing.md shows it step by step.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol
from urllib.parse import urlencode

from pressroom.cells import Cell
from pressroom.http.answer import Response
from services.weather.openmeteo import open_meteo
from services.weather.openweather import one_call
from services.weather.parse import Sky

Get = Callable[[str, Mapping[str, str]], Response]


class Provider(Protocol):
    """Who is asked, how often at most, and what its answer says."""

    @property
    def name(self) -> str: ...
    @property
    def attribution(self) -> str:
        """What the provider wants shown beside its data, as the text of a link to `attribution_url`."""

    @property
    def attribution_url(self) -> str: ...
    @property
    def budget_day(self) -> int:
        """Calls that the processes of one data folder may make in a day (of UTC)."""

    @property
    def secret(self) -> str:
        """What must never be seen in a message or a log, though the provider may repeat it; empty: nothing."""

    def address(self, cell: Cell) -> str:
        """The address to ask. May hold the secret: never logged, never shown."""

    def read(self, body: bytes) -> Sky:
        """The answer's content. Raises `parse.AnswerError`."""


@dataclass(frozen=True, slots=True)
class OpenMeteo:
    """Free without a key for 10,000 calls a day. https://open-meteo.com/en/docs, https://open-meteo.com/en/license"""

    base: str
    budget_day: int
    name: str = "open-meteo"
    attribution: str = "Weather data by Open-Meteo.com"
    attribution_url: str = "https://open-meteo.com/"
    secret: str = ""

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
    """One Call 3.0, with a key; 1,000 calls a day are free, more are billed. https://openweathermap.org/api/one-call-3"""

    base: str
    secret: str = field(repr=False)
    budget_day: int
    name: str = "openweather"
    attribution: str = "Weather data provided by OpenWeather"
    attribution_url: str = "https://openweathermap.org/"

    def address(self, cell: Cell) -> str:
        query = {
            "lat": cell.latitude,
            "lon": cell.longitude,
            "exclude": "minutely,alerts",
            "units": "metric",
            "appid": self.secret,
        }
        return f"{self.base}?{urlencode(query)}"

    def read(self, body: bytes) -> Sky:
        return one_call(body)
