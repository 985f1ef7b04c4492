"""Hard cases of weather answers that open trackers tell of: each with inputs of our own, and the shared file's."""

from __future__ import annotations

import json
from typing import Any

import pytest

from pressroom.http.answer import Headers, Response
from schemas.messages import Trouble
from services.weather.openmeteo import open_meteo
from services.weather.parse import AnswerError, Sky
from services.weather.policy import misread, refused, wait_s
from tests.cases.shared import shared_cases

CASES = shared_cases("weather")
NAMES = {"hourly": "hours", "daily": "days"}


def exchanges(case: dict[str, Any]) -> list[dict[str, Any]]:
    return case["serve"].get("exchanges", [case["serve"]])  # type: ignore[no-any-return]


def read(exchange: dict[str, Any]) -> Sky | Trouble:
    body = exchange["body"].encode()
    trouble = refused(exchange["status"], exchange["body"], None)
    if trouble is not None:
        return trouble
    try:
        return open_meteo(body)
    except AnswerError as error:
        return misread(error, Response("", exchange["status"], Headers({}), body, len(body)))


def same(value: Any, expected: Any) -> bool:
    if isinstance(expected, dict):
        return bool(value == pytest.approx(expected["about"], abs=expected["tolerance"]))
    return bool(value == expected or (isinstance(expected, float) and value == pytest.approx(expected)))


@pytest.mark.parametrize("case", CASES, ids=[case["id"] for case in CASES])
def test_shared_case(case: dict[str, Any]) -> None:
    expect, answers = case["expect"], [read(one) for one in exchanges(case)]
    if expect["outcome"] == "error":
        troubles = [one for one in answers if isinstance(one, Trouble)]
        assert [one.kind for one in troubles] == expect["error_kinds"]
        for trouble, wait in zip(troubles, expect["next_fetch_after_s"], strict=True):
            assert wait is None or wait_s(trouble, 1, 0.0) >= wait["min"]
        return
    for answer, record in zip(answers, expect.get("records", []), strict=False):
        assert isinstance(answer, Sky)
        assert answer.now is not None
        assert all(same(getattr(answer.now, name), value) for name, value in record.items()), answer.now
    for part in ("hourly", "daily"):
        rows = [json.loads(row.model_dump_json()) for row in getattr(answers[0], NAMES[part])]
        for row, wanted in zip(rows, expect.get(part, rows), strict=True):
            assert all(row[name] == value for name, value in wanted.items()), row


@pytest.mark.parametrize("offset_s", [3600, 7200])
@pytest.mark.parametrize("stamps", ["one offset", "the place's clock"])
def test_the_week_of_a_clock_change_has_each_day_once(offset_s: int, stamps: str) -> None:
    """Summer time begins on the second day: by the place's clock the days after are stamped an hour earlier."""
    first = 1_774_652_400 + (3600 - offset_s if stamps == "one offset" else 0)
    midnights = [first + day * 86_400 - (3600 if day > 1 and stamps != "one offset" else 0) for day in range(4)]
    answer = {
        "utc_offset_seconds": offset_s,
        "timezone": "Europe/Oslo",
        "daily": {"time": midnights, "temperature_2m_max": [4.0, 5.0, 6.0, 7.0]},
    }
    sky = open_meteo(json.dumps(answer).encode())
    assert [day.date for day in sky.days] == ["2026-03-28", "2026-03-29", "2026-03-30", "2026-03-31"]


def test_nulls_inside_and_at_the_end_of_columns_stay_nulls() -> None:
    hourly = {"time": ["2026-05-01T00:00", "2026-05-01T01:00"], "temperature_2m": [12.5, None], "visibility": [None]}
    first, last = open_meteo(json.dumps({"hourly": hourly}).encode()).hours
    assert (first.temperature_c, first.visibility_m, last.temperature_c, last.visibility_m) == (12.5, None, None, None)


@pytest.mark.parametrize("bare", ["nan", "-nan", "NaN", "inf", "-Infinity", "null"])
def test_numbers_that_are_none_cost_nothing_else(bare: str) -> None:
    answer = (
        f'{{"latitude":{bare}, "hourly_units": {{"time": "iso8601"}}, "hourly": {{"time": ["2026-05-01T00:00",'
        f' "2026-05-01T01:00"], "temperature_2m": [{bare}, 4.5], "precipitation": [0.0,{bare}]}}}}'
    )
    first, last = open_meteo(answer.encode()).hours
    assert (first.temperature_c, first.precipitation_mm) == (None, 0.0)
    assert (last.temperature_c, last.precipitation_mm) == (4.5, None)


@pytest.mark.parametrize(("unit", "speed_ms"), [("km/h", 5.0), ("m/s", 18.0), ("mp/h", 8.047), ("kn", 9.26)])
def test_wind_is_converted_from_the_unit_that_the_answer_names(unit: str, speed_ms: float) -> None:
    current = {"time": 1_777_000_000, "temperature_2m": 50.0, "wind_speed_10m": 18.0}
    units = {"temperature_2m": "°F", "wind_speed_10m": unit}
    now = open_meteo(json.dumps({"current": current, "current_units": units}).encode()).now
    assert now is not None
    assert (now.temperature_c, now.wind_speed_ms) == (10.0, pytest.approx(speed_ms, abs=0.001))


@pytest.mark.parametrize(
    ("status", "kind"),
    [(429, "rate_limited"), (400, "provider_rejected"), (404, "provider_rejected"), (502, "http_status")],
)
def test_the_status_is_read_before_the_body(status: int, kind: str) -> None:
    good = json.dumps({"current": {"time": 1_777_000_000, "temperature_2m": 9.0}})
    trouble = refused(status, good, None)
    assert trouble is not None
    assert trouble.kind == kind


@pytest.mark.parametrize(
    ("reason", "seconds"),
    [("Minutely API request limit exceeded.", 60), ("Hourly API request limit exceeded.", 3600), ("Daily …", 43_200)],
)
def test_a_limit_that_names_its_period_is_waited_for(reason: str, seconds: float) -> None:
    trouble = refused(429, reason, None)
    assert trouble is not None
    assert wait_s(trouble, 1, 0.0) == seconds
