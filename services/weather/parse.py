"""What all providers' answers are read into, and what is checked of each. Pure; one module a provider beside this."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from schemas.errors import ErrorKind
from schemas.weather import WeatherDay, WeatherHour, WeatherNow
from services.weather.units import UnknownUnit, number

HOURS_MAX: Final = 168
DAYS_MAX: Final = 8
OFFSET_S_MAX: Final = 86_400
DAY: Final = timedelta(days=1)
YEAR_END: Final = 2200
"""No weather is of later: such moments are milliseconds, or the end of a calendar, which no zone can be added to."""


_BARE: Final = re.compile(rb"(?<=[:,\[ ])-?(?:nan|inf|infinity)(?=\s*[,\]}])", re.IGNORECASE)
"""A number that is none, as other languages print it (open-meteo/open-meteo#314)."""


class AnswerError(ValueError):
    """An answer that cannot be used; `kind` is of the documented list.

    `status` is the error code that the answer names inside a success, in the words of HTTP.
    """

    def __init__(self, kind: ErrorKind, message: str, status: int | None = None) -> None:
        super().__init__(message)
        self.kind = kind
        self.status = status


@dataclass(frozen=True, slots=True)
class Sky:
    """What an answer says, in SI units."""

    timezone: str
    utc_offset_s: int
    now: WeatherNow | None
    hours: tuple[WeatherHour, ...]
    days: tuple[WeatherDay, ...]


def read_json(body: bytes) -> Mapping[str, Any]:
    """The answer's JSON object. Raises `AnswerError`: a page, half an answer, a list."""
    try:
        try:
            answer = _loads(body)
        except ValueError:
            answer = _loads(_BARE.sub(b"null", body))
    except (ValueError, RecursionError) as error:
        raise AnswerError(ErrorKind.BAD_JSON, f"the answer is no JSON: {error}"[:500]) from None
    if not isinstance(answer, dict):
        raise AnswerError(ErrorKind.BAD_JSON, f"the answer is no JSON object but {type(answer).__name__}")
    return answer


def _loads(body: bytes) -> Any:
    """NaN and infinities are no JSON (RFC 8259 section 6); read as "not available" instead of refusing all."""
    return json.loads(body, parse_constant=lambda _: None)


def offset_s(value: Any) -> int:
    """The place's distance from UTC, 0 when the answer names none.

    Raises `AnswerError` for one that no place has or that cannot be read: all hours and days would be wrong.
    """
    read = 0.0 if value is None else number(value)
    if read is None or abs(read) > OFFSET_S_MAX:
        raise AnswerError(ErrorKind.BAD_JSON, f"the answer's offset from UTC is {value!r} seconds"[:200])
    return int(read)


def instant(value: Any) -> datetime | None:
    """A moment given as unix seconds; 0 stands for none (open-meteo/open-meteo#840), and so does one of other times."""
    seconds = number(value)
    try:
        at = datetime.fromtimestamp(seconds, UTC) if seconds else None
    except (ValueError, OverflowError, OSError):
        return None
    return at if at is not None and 1970 <= at.year < YEAR_END else None


def sun(rise: datetime | None, fall: datetime | None) -> tuple[datetime | None, datetime | None]:
    """Sunrise and sunset. Where the sun stays up or down all day, providers make both equal or a whole day apart
    (open-meteo/open-meteo#844): then there is neither.
    """
    if rise is not None and fall is not None and not timedelta(0) < fall - rise < DAY:
        return None, None
    return rise, fall


def checked(sky: Sky) -> Sky:
    """Raises `AnswerError` when nothing at all is known: fields were renamed, or nothing could be believed. What is
    held already is better than that.
    """
    known = (
        sky.now is not None and sky.now.temperature_c is not None,
        any(hour.temperature_c is not None for hour in sky.hours),
        any(day.temperature_max_c is not None or day.temperature_min_c is not None for day in sky.days),
    )
    if not any(known):
        raise AnswerError(ErrorKind.BAD_JSON, "the answer holds no weather that could be understood")
    return sky


def unknown_unit(error: UnknownUnit) -> AnswerError:
    return AnswerError(ErrorKind.BAD_JSON, f"the answer has a unit that is not known: {error}"[:500])
