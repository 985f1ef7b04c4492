"""Feeds of our own and OPML, over HTTP."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING

from flask import Blueprint, Response, request

from services.web.desk import Desk
from services.web.folding import cluster
from services.web.front import front_page, news_of
from services.web.headlines import Headline, newest_first
from services.web.outputs import WRITERS, Output, iri, opml, site_map
from services.web.pages import Page, make
from services.web.views import base_address, missing, respond

if TYPE_CHECKING:
    from services.web.app import Deps

ITEMS_MAX = 50
_NAMES = ", ".join(WRITERS)


def blueprint(deps: Deps) -> Blueprint:
    views = Blueprint("outputs", __name__)

    @views.get(f"/s/<site>/<any({_NAMES}):name>")
    def news(site: str, name: str) -> Response:
        return output(site, name, "", _newest)

    @views.get(f"/s/<site>/top/<any({_NAMES}):name>")
    def top(site: str, name: str) -> Response:
        return output(site, name, ": top stories", _leads)

    @views.get("/s/<site>/feeds.opml")
    def feeds(site: str) -> Response:
        def write(desk: Desk) -> Page:
            rows = [(row.title or row.url, row.url, row.home) for row in desk.status.feeds]
            body = opml(desk.status.title, rows)
            return make(body, deps.clock.now(), content_type="text/x-opml; charset=utf-8", vary="Accept-Encoding")

        return keep(site, write)

    @views.get("/sitemap.xml")
    def sitemap() -> Response:
        body = site_map([f"{base_address(deps)}/s/{site}" for site in deps.sites()])
        return respond(make(body, deps.started_at, content_type="application/xml", vary="Accept-Encoding"))

    def output(site: str, name: str, of: str, choose: Callable[[Desk, datetime], list[Headline]]) -> Response:
        write_as, content_type = WRITERS[name]

        def write(desk: Desk) -> Page:
            base = base_address(deps)
            chosen = {iri(item): item for item in reversed(choose(desk, deps.clock.now())[:ITEMS_MAX])}
            items = tuple(reversed(chosen.values()))
            own = Output(desk.status.title + of, f"{base}/s/{site}", base + request.path, items)
            return make(
                write_as(own),
                deps.clock.now(),
                content_type=content_type,
                vary="Accept-Encoding",
                extra=[("X-Content-Type-Options", "nosniff"), ("Access-Control-Allow-Origin", "*")],
            )

        return keep(site, write)

    def keep(site: str, write: Callable[[Desk], Page]) -> Response:
        def make_page() -> Page:
            desk = deps.press.desk(site)
            return write(desk) if desk is not None else missing(deps)

        key = ("output", request.path, base_address(deps), deps.table.generation(site))
        return respond(deps.kept.page(key, make_page))

    return views


def _newest(desk: Desk, now: datetime) -> list[Headline]:
    """Each story once, by who tells it best."""
    stories = cluster([line for lines in news_of(desk, now).values() for line in lines], now)
    return sorted((story.lead for story in stories), key=newest_first)


def _leads(desk: Desk, now: datetime) -> list[Headline]:
    return [story.lead for story in front_page(desk, now).top]
