"""What the answers of `/api/v1/` are made of, in JSON Schema, and one example of each."""

from __future__ import annotations

from typing import Any, Final

Schema = dict[str, Any]
TEXT: Final[Schema] = {"type": "string"}
TEXT_OR_NULL: Final[Schema] = {"type": ["string", "null"]}
MOMENT: Final[Schema] = {"type": "string", "format": "date-time"}
MOMENT_OR_NULL: Final[Schema] = {"type": ["string", "null"], "format": "date-time"}
COUNT: Final[Schema] = {"type": "integer", "minimum": 0}
COUNT_OR_NULL: Final[Schema] = {"type": ["integer", "null"], "minimum": 0}
NUMBER_OR_NULL: Final[Schema] = {"type": ["number", "null"]}
YES_NO_OR_NULL: Final[Schema] = {"type": ["boolean", "null"]}


def record(**fields: Schema) -> Schema:
    return {"type": "object", "required": list(fields), "properties": fields}


def some(of: Schema) -> Schema:
    return {"type": "array", "items": of}


def ref(name: str) -> Schema:
    return {"$ref": f"#/components/schemas/{name}"}


_HEADLINE: Final = record(
    id=TEXT,
    title=TEXT,
    link=TEXT_OR_NULL,
    at=MOMENT_OR_NULL,
    feed=TEXT,
    source=TEXT,
    summary=TEXT_OR_NULL,
    language=TEXT_OR_NULL,
)

SCHEMAS: Final[Schema] = {
    "Site": record(site=TEXT, title=TEXT, description=TEXT, place=TEXT_OR_NULL, page=TEXT),
    "Headline": _HEADLINE,
    "Story": record(**_HEADLINE["properties"], sources=COUNT, why=TEXT, also=some(ref("Headline"))),
    "Feed": record(
        feed=TEXT,
        title=TEXT,
        home=TEXT_OR_NULL,
        state={"enum": ["fresh", "stale", "failing", "empty"]},
        why=TEXT_OR_NULL,
        since=MOMENT_OR_NULL,
        published_at=MOMENT_OR_NULL,
        fetched_at=MOMENT_OR_NULL,
        checked_at=MOMENT_OR_NULL,
        next_at=MOMENT_OR_NULL,
    ),
    "Entry": record(
        id=TEXT,
        title=TEXT_OR_NULL,
        link=TEXT_OR_NULL,
        published=MOMENT_OR_NULL,
        updated=MOMENT_OR_NULL,
        first_seen=MOMENT_OR_NULL,
        authors=some(TEXT),
        categories=some(TEXT),
        summary=TEXT_OR_NULL,
        content_html=TEXT_OR_NULL,
        image=TEXT_OR_NULL,
        enclosures=some(record(url=TEXT, type=TEXT_OR_NULL, length_bytes=COUNT_OR_NULL)),
        language=TEXT_OR_NULL,
    ),
    "Weather": record(
        cell=TEXT,
        place=TEXT_OR_NULL,
        timezone=TEXT,
        utc_offset_s={"type": "integer"},
        fetched_at=MOMENT,
        provider=TEXT,
        attribution=TEXT,
        now={"anyOf": [ref("WeatherNow"), {"type": "null"}]},
        hours=some(ref("WeatherHour")),
        days=some(ref("WeatherDay")),
    ),
    "WeatherNow": record(
        at=MOMENT,
        temperature_c=NUMBER_OR_NULL,
        feels_like_c=NUMBER_OR_NULL,
        wind_speed_ms=NUMBER_OR_NULL,
        wind_from_deg=NUMBER_OR_NULL,
        humidity_pct=NUMBER_OR_NULL,
        precipitation_mm=NUMBER_OR_NULL,
        condition=TEXT_OR_NULL,
        is_day=YES_NO_OR_NULL,
    ),
    "WeatherHour": record(
        time=MOMENT,
        temperature_c=NUMBER_OR_NULL,
        precipitation_mm=NUMBER_OR_NULL,
        precipitation_pct=NUMBER_OR_NULL,
        wind_speed_ms=NUMBER_OR_NULL,
        visibility_m=NUMBER_OR_NULL,
        condition=TEXT_OR_NULL,
    ),
    "WeatherDay": record(
        date={"type": "string", "format": "date"},
        temperature_min_c=NUMBER_OR_NULL,
        temperature_max_c=NUMBER_OR_NULL,
        precipitation_mm=NUMBER_OR_NULL,
        sunrise=MOMENT_OR_NULL,
        sunset=MOMENT_OR_NULL,
        condition=TEXT_OR_NULL,
    ),
    "Place": record(name=TEXT, region=TEXT, country=TEXT, full_name=TEXT, cell=TEXT, timezone=TEXT),
    "Problem": record(title=TEXT, status=COUNT, detail=TEXT),
}

_AT: Final = "2026-11-24T11:52:00Z"
HEADLINE: Final = {
    "id": "https://kernel-notes.example/tiers",
    "title": "A look at memory tiers in the next kernel",
    "link": "https://kernel-notes.example/tiers",
    "at": _AT,
    "feed": "kernel-notes",
    "source": "Kernel Notes",
    "summary": "Slow memory is here to stay.",
    "language": "en",
}
SITE: Final = {
    "site": "linux",
    "title": "Linux",
    "description": "Kernels, desktops, servers",
    "place": "Utrecht",
    "page": "https://press.example/s/linux",
}
STORY: Final = HEADLINE | {
    "sources": 2,
    "why": "2 sources",
    "also": [HEADLINE | {"feed": "bench-report", "source": "Bench Report"}],
}
FEED: Final = {
    "feed": "kernel-notes",
    "title": "Kernel Notes",
    "home": "https://kernel-notes.example/",
    "state": "stale",
    "why": "the site answers 503",
    "since": "2026-11-24T09:20:00Z",
    "published_at": "2026-11-24T08:41:00Z",
    "fetched_at": "2026-11-24T08:50:00Z",
    "checked_at": "2026-11-24T11:50:00Z",
    "next_at": "2026-11-24T12:10:00Z",
}
ENTRY: Final = {
    "id": "https://kernel-notes.example/tiers",
    "title": "A look at memory tiers in the next kernel",
    "link": "https://kernel-notes.example/tiers",
    "published": _AT,
    "updated": None,
    "first_seen": "2026-11-24T11:58:00Z",
    "authors": ["R. Example"],
    "categories": ["memory"],
    "summary": "Slow memory is here to stay.",
    "content_html": "<p>Slow memory is <em>here to stay</em>.</p>",
    "image": None,
    "enclosures": [{"url": "https://kernel-notes.example/tiers.mp3", "type": "audio/mpeg", "length_bytes": 4194304}],
    "language": "en",
}
WEATHER: Final = {
    "cell": "52.1_5.1",
    "place": "Utrecht",
    "timezone": "Europe/Amsterdam",
    "utc_offset_s": 3600,
    "fetched_at": "2026-11-24T11:48:00Z",
    "provider": "open-meteo",
    "attribution": "Weather data by Open-Meteo.com",
    "now": {
        "at": "2026-11-24T11:45:00Z",
        "temperature_c": 7.3,
        "feels_like_c": 3.9,
        "wind_speed_ms": 5.2,
        "wind_from_deg": 315.0,
        "humidity_pct": 82.0,
        "precipitation_mm": None,
        "condition": "cloudy",
        "is_day": True,
    },
    "hours": [
        {
            "time": "2026-11-24T12:00:00Z",
            "temperature_c": 7.0,
            "precipitation_mm": 0.0,
            "precipitation_pct": 10.0,
            "wind_speed_ms": None,
            "visibility_m": None,
            "condition": "cloudy",
        }
    ],
    "days": [
        {
            "date": "2026-11-24",
            "temperature_min_c": 2.0,
            "temperature_max_c": 8.0,
            "precipitation_mm": 0.0,
            "sunrise": "2026-11-24T07:20:00Z",
            "sunset": "2026-11-24T15:36:00Z",
            "condition": "rain",
        }
    ],
}
PLACE: Final = {
    "name": "Wien",
    "region": "Vienna",
    "country": "Austria",
    "full_name": "Wien, Vienna, Austria",
    "cell": "48.2_16.4",
    "timezone": "Europe/Vienna",
}
