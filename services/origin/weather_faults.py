"""What weather providers have been seen to answer on bad days, in both shapes: ask `…/v1/forecast/NAME` of the sample
origin, or set PRESSROOM_WEATHER_URL so.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from services.origin.weather import one_call, open_meteo

JSON: Final = {"Content-Type": "application/json; charset=utf-8"}
_PAGE: Final = b"<!doctype html><html><head><title>Maintenance</title></head><body>Back soon.</body></html>"
_HTML: Final = {"Content-Type": "text/html"}

SHAPES: Final = {"/v1/forecast": open_meteo, "/data/3.0/onecall": one_call}


@dataclass(frozen=True, slots=True)
class Reply:
    status: int
    body: bytes
    headers: Mapping[str, str] = field(default_factory=lambda: JSON)


def reply(path: str, query: Mapping[str, str], now: datetime) -> Reply | None:
    """What a provider answers; None for what is no address of one. Raises `ValueError` for a place that is none."""
    for start, shape in SHAPES.items():
        fault = path.removeprefix(f"{start}/")
        if path == start:
            return _good(shape(query, now))
        if path.startswith(start) and fault in FAULTS:
            return FAULTS[fault](shape(query, now))
    return None


def _good(answer: Any) -> Reply:
    return Reply(200, json.dumps(answer).encode())


def _is_open_meteo(answer: dict[str, Any]) -> bool:
    return "utc_offset_seconds" in answer


def _nulls(answer: dict[str, Any]) -> Reply:
    """One variable null throughout, another at its end (open-meteo/open-meteo#71, #1307)."""
    if _is_open_meteo(answer):
        hourly = answer["hourly"]
        hourly["wind_speed_10m"] = [None] * len(hourly["time"])
        hourly["temperature_2m"][-24:] = [None] * 24
        answer["current"]["relative_humidity_2m"] = None
    else:
        for row in answer["hourly"]:
            row["wind_speed"] = None
        for row in answer["hourly"][-24:]:
            row["temp"] = None
        answer["current"]["humidity"] = None
    return _good(answer)


def _wrong_units(answer: dict[str, Any]) -> Reply:
    """°F and knots, named as such; in the shape that names no units: kelvin although °C was asked for."""
    if _is_open_meteo(answer):
        current, units = answer["current"], answer["current_units"]
        current["temperature_2m"] = current["temperature_2m"] * 1.8 + 32
        current["wind_speed_10m"] = current["wind_speed_10m"] / 1.852
        units |= {"temperature_2m": "°F", "wind_speed_10m": "kn"}
    else:
        for row in [answer["current"], *answer["hourly"]]:
            row["temp"] += 273.15
        for row in answer["daily"]:
            row["temp"] = {name: value + 273.15 for name, value in row["temp"].items()}
    return _good(answer)


def _unknown_units(answer: dict[str, Any]) -> Reply:
    if _is_open_meteo(answer):
        answer["current_units"]["temperature_2m"] = "°Ré"
        return _good(answer)
    return _wrong_units(answer)


def _changed_fields(answer: dict[str, Any]) -> Reply:
    """A new version of the provider's interface under the old address: every field has another name."""
    return _good(json.loads(json.dumps(answer).replace("temp", "thermo").replace('"time"', '"when"')))


def _nan(answer: dict[str, Any]) -> Reply:
    """NaN and infinities, which are no JSON (open-meteo/open-meteo#1801 and others)."""
    if _is_open_meteo(answer):
        answer["current"]["apparent_temperature"] = float("nan")
        answer["hourly"]["precipitation"] = [float("inf")] * len(answer["hourly"]["time"])
    else:
        answer["current"]["feels_like"] = float("nan")
        for row in answer["hourly"]:
            row["rain"] = {"1h": float("inf")}
    return _good(answer)


def _bare_nan(answer: dict[str, Any]) -> Reply:
    """The same as other languages print them (open-meteo/open-meteo#314)."""
    return Reply(200, _nan(answer).body.replace(b"NaN", b"nan").replace(b"Infinity", b"inf"))


def _error_in_200(answer: dict[str, Any]) -> Reply:
    if _is_open_meteo(answer):
        return _good({"error": True, "reason": "Hourly API request limit exceeded. Please try again in the next hour."})
    return _good({"cod": 429, "message": "Your account is temporary blocked due to exceeding of requests limitation."})


def _error(answer: dict[str, Any], status: int, reason: str) -> bytes:
    body = {"error": True, "reason": reason} if _is_open_meteo(answer) else {"cod": status, "message": reason}
    return json.dumps(body).encode()


def _status(status: int, reason: str, **headers: str) -> Callable[[dict[str, Any]], Reply]:
    fields = JSON | {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda answer: Reply(status, _error(answer, status, reason), fields)


FAULTS: Final[dict[str, Callable[[dict[str, Any]], Reply]]] = {
    "nulls": _nulls,
    "wrong_units": _wrong_units,
    "unknown_units": _unknown_units,
    "changed_fields": _changed_fields,
    "nan": _nan,
    "bare_nan": _bare_nan,
    "error_in_200": _error_in_200,
    "limited": _status(429, "Slow down.", Retry_After="900"),
    "limited_silently": _status(429, "Minutely API request limit exceeded. Please try again in one minute."),
    "refused": _status(400, "Latitude must be in range of -90 to 90"),
    "shut": _status(401, "Invalid API key."),
    "ill": lambda answer: Reply(502, _PAGE, _HTML),
    "page": lambda answer: Reply(200, _PAGE, _HTML),
    "cut": lambda answer: Reply(200, json.dumps(answer).encode()[:400]),
    "list": lambda answer: _good([answer]),
    "empty": lambda answer: Reply(200, b""),
}
