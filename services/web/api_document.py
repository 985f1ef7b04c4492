"""The OpenAPI 3.1 document of `/api/v1/`. Tests hold the answers to it."""

from __future__ import annotations

from typing import Any, Final

Schema = dict[str, Any]
TEXT: Final[Schema] = {"type": "string"}
TEXT_OR_NULL: Final[Schema] = {"type": ["string", "null"]}
MOMENT: Final[Schema] = {"type": "string", "format": "date-time"}
MOMENT_OR_NULL: Final[Schema] = {"type": ["string", "null"], "format": "date-time"}
COUNT: Final[Schema] = {"type": "integer", "minimum": 0}


def _object(**fields: Schema) -> Schema:
    return {"type": "object", "required": list(fields), "properties": fields}


def _list(of: Schema) -> Schema:
    return {"type": "array", "items": of}


def _ref(name: str) -> Schema:
    return {"$ref": f"#/components/schemas/{name}"}


_HEADLINE: Final = _object(
    id=TEXT,
    title=TEXT,
    link=TEXT_OR_NULL,
    at=MOMENT_OR_NULL,
    feed=TEXT,
    source=TEXT,
    summary=TEXT_OR_NULL,
    language=TEXT_OR_NULL,
)
_STORY: Final = _object(**_HEADLINE["properties"], sources=COUNT, why=TEXT, also=_list(_ref("Headline")))
_FEED: Final = _object(
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
)
_ENTRY: Final = _object(
    id=TEXT,
    title=TEXT_OR_NULL,
    link=TEXT_OR_NULL,
    published=MOMENT_OR_NULL,
    updated=MOMENT_OR_NULL,
    first_seen=MOMENT_OR_NULL,
    authors=_list(TEXT),
    categories=_list(TEXT),
    summary=TEXT_OR_NULL,
    content_html=TEXT_OR_NULL,
    image=TEXT_OR_NULL,
    enclosures=_list({"type": "object"}),
    language=TEXT_OR_NULL,
)
_WEATHER: Final = _object(
    cell=TEXT,
    place=TEXT_OR_NULL,
    timezone=TEXT,
    utc_offset_s={"type": "integer"},
    fetched_at=MOMENT,
    provider=TEXT,
    attribution=TEXT,
    now={"type": ["object", "null"]},
    hours=_list({"type": "object"}),
    days=_list({"type": "object"}),
)
_SITE: Final = _object(site=TEXT, title=TEXT, description=TEXT, place=TEXT_OR_NULL, page=TEXT)

_SITE_PARAMETER: Final = {"name": "site", "in": "path", "required": True, "schema": TEXT, "example": "linux"}
_FEED_PARAMETER: Final = {"name": "feed", "in": "path", "required": True, "schema": TEXT}
_LIMIT: Final = {
    "name": "limit",
    "in": "query",
    "schema": {"type": "integer", "minimum": 1, "maximum": 500, "default": 100},
}
_ONE_FEED: Final = {"name": "feed", "in": "query", "schema": TEXT, "description": "only this feed's headlines"}


def _get(summary: str, schema: Schema, *parameters: Schema, may_be_bad: bool = False) -> Schema:
    answers: dict[str, Any] = {
        "200": {"description": summary, "content": {"application/json": {"schema": schema}}},
        "304": {"description": "the client has it already (If-None-Match)"},
    }
    problems = (
        {"404": "there is no such thing here", "429": "too many requests"}
        if parameters
        else {"429": "too many requests"}
    )
    if may_be_bad:
        problems["400"] = "a parameter is not what it must be"
    for code, text in problems.items():
        answers[code] = {"description": text, "content": {"application/problem+json": {"schema": _ref("Problem")}}}
    return {"get": {"summary": summary, "parameters": list(parameters), "responses": answers}}


DOCUMENT: Final[Schema] = {
    "openapi": "3.1.0",
    "info": {
        "title": "Pressroom",
        "version": "1",
        "description": "What this node's pages show, as data. Names of fields stay; new ones may come. "
        "Every answer has an ETag: send it back as If-None-Match.",
    },
    "paths": {
        "/api/v1/sites": _get("the sites there are", _object(sites=_list(_ref("Site")))),
        "/api/v1/sites/{site}/headlines": _get(
            "a site's headlines, newest first",
            _object(site=TEXT, headlines=_list(_ref("Headline"))),
            _SITE_PARAMETER,
            _ONE_FEED,
            _LIMIT,
            may_be_bad=True,
        ),
        "/api/v1/sites/{site}/top": _get(
            "a site's top stories and why they are", _object(site=TEXT, stories=_list(_ref("Story"))), _SITE_PARAMETER
        ),
        "/api/v1/sites/{site}/status": _get(
            "how each feed of a site is doing",
            _object(
                site=TEXT, store_down_since=MOMENT_OR_NULL, broker_down_since=MOMENT_OR_NULL, feeds=_list(_ref("Feed"))
            ),
            _SITE_PARAMETER,
        ),
        "/api/v1/sites/{site}/weather": _get("the weather of a site's place", _ref("Weather"), _SITE_PARAMETER),
        "/api/v1/feeds/{feed}/entries": _get(
            "a feed's entries, whole",
            _object(
                feed=TEXT,
                version=TEXT,
                fetched_at=MOMENT,
                title=TEXT_OR_NULL,
                home=TEXT_OR_NULL,
                entries=_list(_ref("Entry")),
            ),
            _FEED_PARAMETER,
        ),
    },
    "components": {
        "schemas": {
            "Site": _SITE,
            "Headline": _HEADLINE,
            "Story": _STORY,
            "Feed": _FEED,
            "Entry": _ENTRY,
            "Weather": _WEATHER,
            "Problem": _object(title=TEXT, status=COUNT, detail=TEXT),
        }
    },
}
