"""`/api/v1/` over HTTP: ETags, CORS for GET, problems as RFC 9457 says."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from flask import Blueprint, Response, request
from werkzeug.exceptions import BadRequest, NotFound

from schemas import keys
from schemas.documents import Head, SiteIndex
from services.web import api
from services.web.api_document import DOCUMENT
from services.web.desk import Desk
from services.web.pages import Headers, Page, make
from services.web.parts import removed_of, without_any
from services.web.views import base_address, respond

if TYPE_CHECKING:
    from services.web.application import Deps

CORS: Final[Headers] = [
    ("Access-Control-Allow-Origin", "*"),
    ("Access-Control-Expose-Headers", "ETag"),
    ("X-Content-Type-Options", "nosniff"),
]


def blueprint(deps: Deps) -> Blueprint:
    views, api_of = Blueprint("api", __name__, url_prefix="/api/v1"), Api(deps)
    views.add_url_rule("/openapi.json", view_func=api_of.document)
    views.add_url_rule("/sites", view_func=api_of.sites)
    for name in ("headlines", "top", "status", "weather"):
        views.add_url_rule(f"/sites/<site>/{name}", view_func=getattr(api_of, name), endpoint=name)
    views.add_url_rule("/feeds/<feed>/entries", view_func=api_of.entries)
    return views


class Api:
    """One method for each path; each answers from this node's copies."""

    def __init__(self, deps: Deps) -> None:
        self._deps = deps

    def document(self) -> Response:
        return self._answer(DOCUMENT)

    def sites(self) -> Response:
        index = self._deps.copies.value(keys.SITES_INDEX, SiteIndex)
        return self._answer(api.sites(index.sites if index is not None else (), base_address(self._deps)))

    def headlines(self, site: str) -> Response:
        limit, feed = _limit(), request.args.get("feed") or None
        return self._answer(api.headlines(self._desk(site), self._deps.clock.now(), feed=feed, limit=limit))

    def top(self, site: str) -> Response:
        return self._answer(api.top(self._desk(site), self._deps.clock.now()))

    def status(self, site: str) -> Response:
        return self._answer(api.status(self._desk(site), self._deps.clock.now()))

    def weather(self, site: str) -> Response:
        found = api.weather(self._desk(site))
        if found is None:
            raise NotFound("no weather is known for this site")
        return self._answer(found)

    def entries(self, feed: str) -> Response:
        key = keys.head(feed)
        whole = self._deps.copies.whole(key) if key in self._deps.public_keys() else None
        if not isinstance(whole, Head):
            raise NotFound("this node has no such feed")
        removed = [removed_of(self._deps.copies, site) for site in self._deps.sites()]
        return self._answer(api.entries(without_any(whole, removed)))

    def _desk(self, site: str) -> Desk:
        found = self._deps.press.desk(site)
        if found is None:
            raise NotFound("this node has no such site")
        return found

    def _answer(self, content: Any) -> Response:
        return respond(data_page(content, self._deps))


def data_page(content: Any, deps: Deps) -> Page:
    """JSON that any page may read, the same for everybody."""
    body = json.dumps(content, ensure_ascii=False).encode("utf-8", "replace")
    return make(body, deps.clock.now(), content_type="application/json", vary="Accept-Encoding", extra=CORS)


def _limit() -> int:
    text = request.args.get("limit", str(api.HEADLINES_DEFAULT))
    if not (text.isascii() and text.isdecimal() and 1 <= int(text[:9]) <= api.HEADLINES_MAX):
        raise BadRequest(f"limit must be a number from 1 to {api.HEADLINES_MAX}, got {text[:40]!r}")
    return int(text)
