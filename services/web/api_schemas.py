"""What the answers of `/api/v1/` are made of, in JSON Schema, and one example of each."""

from __future__ import annotations

from typing import Any, Final

Schema = dict[str, Any]


def record(**fields: Schema) -> Schema:
    return {"type": "object", "required": list(fields), "properties": fields}


def some(of: Schema) -> Schema:
    return {"type": "array", "items": of}


def ref(name: str) -> Schema:
    return {"$ref": f"#/components/schemas/{name}"}


def or_null(of: Schema) -> Schema:
    return of | {"type": [of["type"], "null"]}


def each(of: Schema, *names: str) -> dict[str, Schema]:
    return dict.fromkeys(names, of)


TEXT: Final[Schema] = {"type": "string"}
TEXT_OR_NULL: Final = or_null(TEXT)
MOMENT: Final[Schema] = {"type": "string", "format": "date-time"}
MOMENT_OR_NULL: Final = or_null(MOMENT)
COUNT: Final[Schema] = {"type": "integer", "minimum": 0}
NUMBER_OR_NULL: Final = or_null({"type": "number"})

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
        **each(MOMENT_OR_NULL, "since", "published_at", "fetched_at", "checked_at", "next_at"),
    ),
    "Entry": record(
        id=TEXT,
        title=TEXT_OR_NULL,
        link=TEXT_OR_NULL,
        **each(MOMENT_OR_NULL, "published", "updated", "first_seen"),
        authors=some(TEXT),
        categories=some(TEXT),
        summary=TEXT_OR_NULL,
        content_html=TEXT_OR_NULL,
        image=TEXT_OR_NULL,
        enclosures=some(record(url=TEXT, type=TEXT_OR_NULL, length_bytes=or_null(COUNT))),
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
        condition=TEXT_OR_NULL,
        is_day=or_null({"type": "boolean"}),
        **each(NUMBER_OR_NULL, "temperature_c", "feels_like_c", "wind_speed_ms", "wind_from_deg"),
        **each(NUMBER_OR_NULL, "humidity_pct", "precipitation_mm"),
    ),
    "WeatherHour": record(
        time=MOMENT,
        condition=TEXT_OR_NULL,
        **each(NUMBER_OR_NULL, "temperature_c", "precipitation_mm", "precipitation_pct"),
        **each(NUMBER_OR_NULL, "wind_speed_ms", "visibility_m"),
    ),
    "WeatherDay": record(
        date={"type": "string", "format": "date"},
        condition=TEXT_OR_NULL,
        **each(NUMBER_OR_NULL, "temperature_min_c", "temperature_max_c", "precipitation_mm"),
        **each(MOMENT_OR_NULL, "sunrise", "sunset"),
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
    **{name: HEADLINE[name] for name in ("id", "title", "link", "summary", "language")},
    "published": _AT,
    "updated": None,
    "first_seen": "2026-11-24T11:58:00Z",
    "authors": ["R. Example"],
    "categories": ["memory"],
    "content_html": "<p>Slow memory is <em>here to stay</em>.</p>",
    "image": None,
    "enclosures": [{"url": "https://kernel-notes.example/tiers.mp3", "type": "audio/mpeg", "length_bytes": 4194304}],
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
