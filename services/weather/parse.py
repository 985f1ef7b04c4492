"""An answer of a provider → a weather record. Pure; one function a provider, the units read from the answer itself."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from schemas.errors import ErrorKind
from schemas.weather import WeatherDay, WeatherHour, WeatherNow
from services.weather.units import UnknownUnit, celsius, metres, metres_per_second, millimetres, number, within

HOURS_MAX = 168
DAYS_MAX = 8


class AnswerError(ValueError):
    """An answer that cannot be used; `kind` is of the documented list."""

    def __init__(self, kind: ErrorKind, message: str) -> None:
        super().__init__(message)
        self.kind = kind


@dataclass(frozen=True, slots=True)
class Sky:
    """What an answer says, in SI units."""

    timezone: str
    utc_offset_s: int
    now: WeatherNow | None
    hours: tuple[WeatherHour, ...]
    days: tuple[WeatherDay, ...]


def read_json(body: bytes) -> Mapping[str, Any]:
    """The answer's JSON object. Raises `AnswerError`: a page, half an answer, an error code inside a 200."""
    try:
        # NaN and infinities are no JSON (RFC 8259 section 6); read as "not available" instead of refusing all.
        answer = json.loads(body, parse_constant=lambda _: None)
    except (ValueError, RecursionError) as error:
        raise AnswerError(ErrorKind.BAD_JSON, f"the answer is no JSON: {error}") from None
    if not isinstance(answer, dict):
        raise AnswerError(ErrorKind.BAD_JSON, f"the answer is no JSON object but {type(answer).__name__}")
    return answer


# --- Open-Meteo ---------------------------------------------------------------------------------------

_WMO = (
    ((0,), "clear"),
    ((1, 2), "partly_cloudy"),
    ((3,), "cloudy"),
    ((45, 48), "fog"),
    (range(51, 58), "drizzle"),
    (range(61, 68), "rain"),
    (range(80, 83), "showers"),
    ((*range(71, 78), 85, 86), "snow"),
    (range(95, 100), "thunderstorm"),
)
"""WMO weather interpretation codes, as Open-Meteo's documentation groups them."""


def _condition(code: Any) -> str | None:
    read = number(code)
    if read is None:
        return None
    return next((name for codes, name in _WMO if read in codes), None)


def open_meteo(body: bytes) -> Sky:
    """`/v1/forecast` of Open-Meteo. Raises `AnswerError`."""
    answer = read_json(body)
    if answer.get("error"):
        raise AnswerError(ErrorKind.PROVIDER_REJECTED, str(answer.get("reason", "no reason given"))[:500])
    offset_s = int(number(answer.get("utc_offset_seconds")) or 0)
    try:
        return Sky(
            timezone=str(answer.get("timezone") or "GMT")[:200],
            utc_offset_s=offset_s,
            now=_om_now(_part(answer, "current"), _part(answer, "current_units"), offset_s),
            hours=_om_hours(_part(answer, "hourly"), _part(answer, "hourly_units"), offset_s),
            days=_om_days(_part(answer, "daily"), _part(answer, "daily_units"), offset_s),
        )
    except UnknownUnit as error:
        raise AnswerError(ErrorKind.PROVIDER_REJECTED, f"the answer has an unknown unit: {error}") from None


def _part(answer: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    part = answer.get(name)
    return part if isinstance(part, dict) else {}


def _instant(value: Any, offset_s: int) -> datetime | None:
    """A moment given as unix seconds, or as local time without zone (then the answer's offset holds)."""
    seconds = number(value)
    try:
        if seconds is not None:
            return datetime.fromtimestamp(seconds, UTC)
        local = datetime.fromisoformat(str(value))
    except (ValueError, OverflowError, OSError):
        return None
    if local.tzinfo is not None:
        return local.astimezone(UTC)
    return local.replace(tzinfo=UTC) - timedelta(seconds=offset_s)


def _day(value: Any, offset_s: int) -> str | None:
    """A day of the place. Unix seconds become one by the answer's offset, as its documentation says: the zone
    database would give one day twice in the week of a clock change (open-meteo/open-meteo#488).
    """
    if isinstance(value, str):
        return value[:10] if _instant(value, 0) else None
    seconds = number(value)
    if seconds is None:
        return None
    return (datetime.fromtimestamp(seconds, UTC) + timedelta(seconds=offset_s)).date().isoformat()


def _read(
    part: Mapping[str, Any], units: Mapping[str, Any], name: str, convert: Callable[[Any, str], float | None], unit: str
) -> list[float | None]:
    """A column, converted; short or missing columns are filled with null. `unit` is what the provider means by none."""
    column = part.get(name)
    named = str(units.get(name, unit))
    return [convert(value, named) for value in column] if isinstance(column, list) else []


def _at(column: Sequence[Any], place: int) -> Any:
    return column[place] if place < len(column) else None


def _column(part: Mapping[str, Any], name: str) -> list[Any]:
    column = part.get(name)
    return column if isinstance(column, list) else []


def _om_now(now: Mapping[str, Any], units: Mapping[str, Any], offset_s: int) -> WeatherNow | None:
    at = _instant(now.get("time"), offset_s)
    if at is None:
        return None

    def unit(name: str, default: str) -> str:
        return str(units.get(name, default))

    is_day = number(now.get("is_day"))
    return WeatherNow(
        at=at,
        temperature_c=within(celsius(now.get("temperature_2m"), unit("temperature_2m", "°C")), -120, 80),
        feels_like_c=within(celsius(now.get("apparent_temperature"), unit("apparent_temperature", "°C")), -120, 80),
        wind_speed_ms=within(metres_per_second(now.get("wind_speed_10m"), unit("wind_speed_10m", "km/h")), 0, 150),
        wind_from_deg=within(number(now.get("wind_direction_10m")), 0, 360),
        humidity_pct=within(number(now.get("relative_humidity_2m")), 0, 100),
        precipitation_mm=within(millimetres(now.get("precipitation"), unit("precipitation", "mm")), 0, 500),
        condition=_condition(now.get("weather_code")),
        is_day=None if is_day is None else is_day > 0,
    )


def _om_hours(part: Mapping[str, Any], units: Mapping[str, Any], offset_s: int) -> tuple[WeatherHour, ...]:
    temperatures = _read(part, units, "temperature_2m", celsius, "°C")
    rains = _read(part, units, "precipitation", millimetres, "mm")
    winds = _read(part, units, "wind_speed_10m", metres_per_second, "km/h")
    sights = _read(part, units, "visibility", metres, "m")
    chances, codes = _column(part, "precipitation_probability"), _column(part, "weather_code")
    hours = []
    for place, time in enumerate(_column(part, "time")[:HOURS_MAX]):
        at = _instant(time, offset_s)
        if at is not None:
            hours.append(
                WeatherHour(
                    time=at,
                    temperature_c=within(_at(temperatures, place), -120, 80),
                    precipitation_mm=within(_at(rains, place), 0, 500),
                    precipitation_pct=within(number(_at(chances, place)), 0, 100),
                    wind_speed_ms=within(_at(winds, place), 0, 150),
                    visibility_m=within(_at(sights, place), 0, 1_000_000),
                    condition=_condition(_at(codes, place)),
                )
            )
    return tuple(hours)


def _om_days(part: Mapping[str, Any], units: Mapping[str, Any], offset_s: int) -> tuple[WeatherDay, ...]:
    highs = _read(part, units, "temperature_2m_max", celsius, "°C")
    lows = _read(part, units, "temperature_2m_min", celsius, "°C")
    rains = _read(part, units, "precipitation_sum", millimetres, "mm")
    codes, rises, sets = _column(part, "weather_code"), _column(part, "sunrise"), _column(part, "sunset")
    days = []
    for place, time in enumerate(_column(part, "time")[:DAYS_MAX]):
        day = _day(time, offset_s)
        if day is not None:
            days.append(
                WeatherDay(
                    date=day,
                    temperature_min_c=within(_at(lows, place), -120, 80),
                    temperature_max_c=within(_at(highs, place), -120, 80),
                    precipitation_mm=within(_at(rains, place), 0, 2000),
                    sunrise=_instant(_at(rises, place), offset_s),
                    sunset=_instant(_at(sets, place), offset_s),
                    condition=_condition(_at(codes, place)),
                )
            )
    return tuple(days)
