"""The OpenAPI 3.1 document of `/api/v1/`, and of the search for places. Tests hold the answers to it."""

from __future__ import annotations

from typing import Any, Final

from services.web import api_schemas as of
from services.web.api import HEADLINES_DEFAULT, HEADLINES_MAX
from services.web.api_schemas import Schema, record, ref, some


def _parameter(where: str, name: str, example: Any, text: str, schema: Schema = of.TEXT) -> Schema:
    required = {"required": True} if where == "path" else {}
    return {"name": name, "in": where, **required, "schema": schema, "example": example, "description": text}


_SITE: Final = _parameter("path", "site", "linux", "as `/api/v1/sites` names it")
_FEED: Final = _parameter("path", "feed", "kernel-notes", "as headlines and statuses name it")
_LIMIT: Final = _parameter(
    "query",
    "limit",
    20,
    "at most so many",
    {"type": "integer", "minimum": 1, "maximum": HEADLINES_MAX, "default": HEADLINES_DEFAULT},
)
_ONE_FEED: Final = _parameter("query", "feed", "kernel-notes", "only this feed's headlines")
_WORDS: Final = _parameter("query", "q", "wien", "the beginning of a town's name, in any of its languages")
_KNOWN_ETAG: Final = _parameter(
    "header", "If-None-Match", '"0c2d9f6f5f3b4b1f8a7e6d5c"', "the ETag of the answer that the client has"
)
_ETAG: Final = {"ETag": {"description": "strong; changes with the content", "schema": of.TEXT}}


def _get(
    name: str, summary: str, schema: Schema, example: Any, *parameters: Schema, problems: tuple[int, ...] = ()
) -> Schema:
    answers: dict[str, Any] = {
        "200": {
            "description": summary,
            "headers": _ETAG,
            "content": {"application/json": {"schema": schema, "example": example}},
        },
        "304": {"description": "the client has it already", "headers": _ETAG},
    }
    for code in (*problems, 429):
        title, detail = _PROBLEMS[code]
        answers[str(code)] = {
            "description": detail,
            "content": {
                "application/problem+json": {
                    "schema": ref("Problem"),
                    "example": {"title": title, "status": code, "detail": detail},
                }
            },
        }
    return {
        "get": {
            "operationId": name,
            "summary": summary,
            "parameters": [*parameters, _KNOWN_ETAG],
            "responses": answers,
        }
    }


_PROBLEMS: Final = {
    400: ("Bad Request", "a parameter is not what it must be"),
    404: ("Not Found", "there is no such thing here"),
    429: ("Too Many Requests", "too many requests from one network; a minute later there is room again"),
}

DOCUMENT: Final[Schema] = {
    "openapi": "3.1.0",
    "info": {
        "title": "Pressroom",
        "version": "1",
        "description": "What this node's pages show, as data. Names of fields stay; new ones may come. "
        "Every answer has an ETag: send it back as If-None-Match.",
    },
    "paths": {
        "/api/v1/sites": _get("sites", "the sites there are", record(sites=some(ref("Site"))), {"sites": [of.SITE]}),
        "/api/v1/sites/{site}/headlines": _get(
            "headlines",
            "a site's headlines, newest first",
            record(site=of.TEXT, headlines=some(ref("Headline"))),
            {"site": "linux", "headlines": [of.HEADLINE]},
            _SITE,
            _ONE_FEED,
            _LIMIT,
            problems=(400, 404),
        ),
        "/api/v1/sites/{site}/top": _get(
            "top",
            "a site's top stories and why they are",
            record(site=of.TEXT, stories=some(ref("Story"))),
            {"site": "linux", "stories": [of.STORY]},
            _SITE,
            problems=(404,),
        ),
        "/api/v1/sites/{site}/status": _get(
            "status",
            "how each feed of a site is doing",
            record(
                site=of.TEXT,
                store_down_since=of.MOMENT_OR_NULL,
                broker_down_since=of.MOMENT_OR_NULL,
                feeds=some(ref("Feed")),
            ),
            {"site": "linux", "store_down_since": None, "broker_down_since": None, "feeds": [of.FEED]},
            _SITE,
            problems=(404,),
        ),
        "/api/v1/sites/{site}/weather": _get(
            "weather", "the weather of a site's place", ref("Weather"), of.WEATHER, _SITE, problems=(404,)
        ),
        "/api/v1/feeds/{feed}/entries": _get(
            "entries",
            "a feed's entries, whole",
            record(
                feed=of.TEXT,
                version=of.TEXT,
                fetched_at=of.MOMENT,
                title=of.TEXT_OR_NULL,
                home=of.TEXT_OR_NULL,
                entries=some(ref("Entry")),
            ),
            {
                "feed": "kernel-notes",
                "version": "3787ffdbdcbeeecbfc0b06f01e97a82bffb0a4ceec88f54ecaa22ad25966e24a",
                "fetched_at": "2026-11-24T11:58:00Z",
                "title": "Kernel Notes",
                "home": "https://kernel-notes.example/",
                "entries": [of.ENTRY],
            },
            _FEED,
            problems=(404,),
        ),
        "/weather/search": _get(
            "places",
            "places by name, the best first: their `cell` is what a reader's weather is kept by",
            record(places=some(ref("Place")), credit=of.TEXT),
            {"places": [of.PLACE], "credit": "Places by GeoNames"},
            _WORDS,
        ),
    },
    "components": {"schemas": of.SCHEMAS},
}
