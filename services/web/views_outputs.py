"""Feeds of our own and OPML, over HTTP."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from itertools import chain
from typing import TYPE_CHECKING

from flask import Blueprint, Response, request

from pressroom.opml import Listed, written
from services.web.desk import Desk
from services.web.folding import cluster
from services.web.front import front_page, news_of, titles_of
from services.web.headlines import Headline, newest_first
from services.web.outputs import WRITERS, Output, iri, site_map
from services.web.pages import EDGE, PRIVATE, Headers, Page, make
from services.web.views import base_address, missing, respond
from services.web.views_reader import my_wishes, with_own

if TYPE_CHECKING:
    from services.web.application import Deps

ITEMS_MAX = 50
_NAMES = ", ".join(WRITERS)


def blueprint(deps: Deps) -> Blueprint:
    views, outputs = Blueprint("outputs", __name__), Outputs(deps)
    views.add_url_rule(f"/s/<site>/<any({_NAMES}):name>", view_func=outputs.news)
    views.add_url_rule(f"/s/<site>/top/<any({_NAMES}):name>", view_func=outputs.top)
    views.add_url_rule("/s/<site>/feeds.opml", view_func=outputs.feeds)
    views.add_url_rule("/sitemap.xml", view_func=outputs.sitemap)
    return views


class Outputs:
    """The same for everybody, but for the list of feeds of a reader who has brought some."""

    def __init__(self, deps: Deps) -> None:
        self._deps = deps

    def news(self, site: str, name: str) -> Response:
        return self._output(site, name, "", _newest)

    def top(self, site: str, name: str) -> Response:
        return self._output(site, name, ": top stories", _leads)

    def feeds(self, site: str) -> Response:
        """What the page shows, for any feed reader."""
        desk, wished = self._deps.press.desk(site), my_wishes()
        if desk is None or not wished.own:
            return self._kept(site, lambda desk: self._feed_list(desk, EDGE))
        return respond(self._feed_list(with_own(self._deps, desk, wished), PRIVATE))

    def sitemap(self) -> Response:
        deps = self._deps
        body = site_map([f"{base_address(deps)}/s/{site}" for site in deps.sites()])
        return respond(make(body, deps.started_at, content_type="application/xml", vary="Accept-Encoding"))

    def _feed_list(self, desk: Desk, caching: Headers) -> Page:
        titles = titles_of(desk)
        feeds = [Listed(row.url, titles[row.feed], row.home) for row in desk.status.feeds]
        body = written(desk.status.title, [("", feeds)])
        return make(body, self._deps.clock.now(), content_type="text/x-opml; charset=utf-8", caching=caching)

    def _output(self, site: str, name: str, of: str, choose: Callable[[Desk, datetime], list[Headline]]) -> Response:
        write_as, content_type = WRITERS[name]

        def write(desk: Desk) -> Page:
            now, base = self._deps.clock.now(), base_address(self._deps)
            chosen = {iri(item): item for item in reversed(choose(desk, now)[:ITEMS_MAX])}
            items = tuple(reversed(chosen.values()))
            own = Output(desk.status.title + of, f"{base}/s/{site}", base + request.path, items)
            return make(
                write_as(own),
                now,
                content_type=content_type,
                vary="Accept-Encoding",
                extra=[("X-Content-Type-Options", "nosniff"), ("Access-Control-Allow-Origin", "*")],
            )

        return self._kept(site, write)

    def _kept(self, site: str, write: Callable[[Desk], Page]) -> Response:
        def make_page() -> Page:
            desk = self._deps.press.desk(site)
            return write(desk) if desk is not None else missing(self._deps)

        key = ("output", request.path, base_address(self._deps), self._deps.table.generation(site))
        return respond(self._deps.kept.page(key, make_page))


def _newest(desk: Desk, now: datetime) -> list[Headline]:
    """Each story once, by who tells it best."""
    stories = cluster(tuple(chain.from_iterable(news_of(desk, now).values())))
    return sorted((story.lead for story in stories), key=newest_first)


def _leads(desk: Desk, now: datetime) -> list[Headline]:
    return [story.lead for story in front_page(desk, now).top]
