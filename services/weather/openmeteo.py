"""An answer of Open-Meteo's `/v1/forecast` → a sky. Pure. Units, zone and offset are those that the answer names."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from schemas.errors import ErrorKind
from schemas.weather import WeatherDay, WeatherHour, WeatherNow
from services.weather import parse
from services.weather.parse import DAYS_MAX, HOURS_MAX, AnswerError, Sky
from services.weather.units import UnknownUnit, celsius, metres, metres_per_second, millimetres, number, within

_WMO: Final = (
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

Convert = Callable[[Any, str], float | None]


def open_meteo(body: bytes) -> Sky:
    """Raises `AnswerError`."""
    answer = parse.read_json(body)
    if answer.get("error"):
        reason = str(answer.get("reason", "no reason given"))[:500]
        raise AnswerError(ErrorKind.PROVIDER_REJECTED, reason, 429 if "limit exceeded" in reason.lower() else 400)
    offset_s = parse.offset_s(answer.get("utc_offset_seconds"))
    try:
        sky = Sky(
            timezone=str(answer.get("timezone") or "GMT")[:200],
            utc_offset_s=offset_s,
            now=_now(_Part.of(answer, "current"), offset_s),
            hours=_hours(_Part.of(answer, "hourly"), offset_s),
            days=_days(_Part.of(answer, "daily"), offset_s),
        )
    except UnknownUnit as error:
        raise parse.unknown_unit(error) from None
    return parse.checked(sky)


class _Part:
    """`current`, `hourly` or `daily`, with the units that the answer names for it."""

    def __init__(self, values: Mapping[str, Any], units: Mapping[str, Any]) -> None:
        self.values = values
        self._units = units

    @classmethod
    def of(cls, answer: Mapping[str, Any], name: str) -> _Part:
        values, units = answer.get(name), answer.get(f"{name}_units")
        return cls(values if isinstance(values, dict) else {}, units if isinstance(units, dict) else {})

    def one(self, name: str, convert: Convert, unit: str) -> float | None:
        """A value. `unit` is what the provider means when it names none."""
        return convert(self.values.get(name), str(self._units.get(name, unit)))

    def column(self, name: str) -> list[Any]:
        column = self.values.get(name)
        return column if isinstance(column, list) else []

    def read(self, name: str, convert: Convert, unit: str) -> list[float | None]:
        named = str(self._units.get(name, unit))
        return [convert(value, named) for value in self.column(name)]


def _condition(code: Any) -> str | None:
    read = number(code)
    return None if read is None else next((name for codes, name in _WMO if read in codes), None)


def _instant(value: Any, offset_s: int) -> datetime | None:
    """A moment given as unix seconds, or as local time without zone (then the answer's offset holds)."""
    if not isinstance(value, str):
        return parse.instant(value)
    try:
        local = datetime.fromisoformat(value)
        at = local.astimezone(UTC) if local.tzinfo else local.replace(tzinfo=UTC) - timedelta(seconds=offset_s)
    except (ValueError, OverflowError):
        return None
    return at if 1970 < at.year < parse.YEAR_END else None


def _day(value: Any, offset_s: int) -> str | None:
    """A day of the place. Unix seconds become one by the answer's offset, as its documentation says: the zone
    database would give one day twice in the week of a clock change (open-meteo/open-meteo#488). The nearest midnight
    counts, so that a stamp by the other half of the year's offset is still its own day.
    """
    if isinstance(value, str):
        return value[:10] if _instant(value, 0) else None
    at = parse.instant(value)
    return None if at is None else (at + timedelta(seconds=offset_s, hours=12)).date().isoformat()


def _at(column: Sequence[Any], place: int) -> Any:
    """Columns may be missing or shorter than their times."""
    return column[place] if place < len(column) else None


def _now(part: _Part, offset_s: int) -> WeatherNow | None:
    at = _instant(part.values.get("time"), offset_s)
    if at is None:
        return None
    is_day = number(part.values.get("is_day"))
    return WeatherNow(
        at=at,
        temperature_c=within(part.one("temperature_2m", celsius, "°C"), -120, 80),
        feels_like_c=within(part.one("apparent_temperature", celsius, "°C"), -120, 80),
        wind_speed_ms=within(part.one("wind_speed_10m", metres_per_second, "km/h"), 0, 150),
        wind_from_deg=within(number(part.values.get("wind_direction_10m")), 0, 360),
        humidity_pct=within(number(part.values.get("relative_humidity_2m")), 0, 100),
        precipitation_mm=within(part.one("precipitation", millimetres, "mm"), 0, 500),
        condition=_condition(part.values.get("weather_code")),
        is_day=None if is_day is None else is_day > 0,
    )


def _hours(part: _Part, offset_s: int) -> tuple[WeatherHour, ...]:
    temperatures = part.read("temperature_2m", celsius, "°C")
    rains = part.read("precipitation", millimetres, "mm")
    winds = part.read("wind_speed_10m", metres_per_second, "km/h")
    sights = part.read("visibility", metres, "m")
    chances, codes = part.column("precipitation_probability"), part.column("weather_code")
    return tuple(
        WeatherHour(
            time=at,
            temperature_c=within(_at(temperatures, place), -120, 80),
            precipitation_mm=within(_at(rains, place), 0, 500),
            precipitation_pct=within(number(_at(chances, place)), 0, 100),
            wind_speed_ms=within(_at(winds, place), 0, 150),
            visibility_m=within(_at(sights, place), 0, 1_000_000),
            condition=_condition(_at(codes, place)),
        )
        for place, time in enumerate(part.column("time")[:HOURS_MAX])
        if (at := _instant(time, offset_s)) is not None
    )


def _days(part: _Part, offset_s: int) -> tuple[WeatherDay, ...]:
    highs = part.read("temperature_2m_max", celsius, "°C")
    lows = part.read("temperature_2m_min", celsius, "°C")
    rains = part.read("precipitation_sum", millimetres, "mm")
    codes, rises, falls = part.column("weather_code"), part.column("sunrise"), part.column("sunset")
    days = []
    for place, time in enumerate(part.column("time")[:DAYS_MAX]):
        date = _day(time, offset_s)
        if date is None:
            continue
        rise, fall = parse.sun(_instant(_at(rises, place), offset_s), _instant(_at(falls, place), offset_s))
        days.append(
            WeatherDay(
                date=date,
                temperature_min_c=within(_at(lows, place), -120, 80),
                temperature_max_c=within(_at(highs, place), -120, 80),
                precipitation_mm=within(_at(rains, place), 0, 2000),
                sunrise=rise,
                sunset=fall,
                condition=_condition(_at(codes, place)),
            )
        )
    return tuple(days)
