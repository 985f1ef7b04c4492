"""Old headlines over HTTP: by day, and by words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask import Blueprint, Response, abort, redirect, request

from pressroom.objects.port import StoreError
from pressroom.outcomes import BackendUnavailable
from schemas import keys
from schemas.documents import ArchiveDay
from services.web.archive import day_page, parse_day
from services.web.desk import Desk
from services.web.front import front_page
from services.web.outputs import WRITERS, Output
from services.web.pages import make
from services.web.searching import SearchPage, question, search_page, wanted
from services.web.views import base_address, missing, respond
from services.web.views_reader import my_wishes

if TYPE_CHECKING:
    from services.web.application import Deps


def blueprint(deps: Deps) -> Blueprint:
    views, old = Blueprint("search", __name__), Old(deps)
    views.add_url_rule("/s/<site>/archive", view_func=old.newest)
    views.add_url_rule("/s/<site>/archive/<day>", view_func=old.day)
    views.add_url_rule("/s/<site>/search", view_func=old.search)
    views.add_url_rule(f"/s/<site>/search/<any({', '.join(WRITERS)}):name>", view_func=old.search_feed)
    return views


class Old:
    """Archive and search of one node."""

    def __init__(self, deps: Deps) -> None:
        self._deps = deps

    def newest(self, site: str) -> Any:
        self._desk(site)
        given = request.args.get("day", "")
        today = self._deps.clock.now().date()
        day = parse_day(given, today) or today
        return redirect(f"/s/{site}/archive/{day.isoformat()}")

    def day(self, site: str, day: str) -> Response:
        desk, now = self._desk(site), self._deps.clock.now()
        asked = parse_day(day, now.date())
        if asked is None:
            abort(404)
        try:
            copy = self._deps.copies.demand(keys.site_archive(site, asked))
        except (StoreError, BackendUnavailable, TimeoutError):
            abort(503)
        kept = copy.value if copy is not None and isinstance(copy.value, ArchiveDay) else None
        return self._page("archive.html", desk, day=day_page(desk, kept, asked, now))

    def search(self, site: str) -> Response:
        desk = self._desk(site)
        return self._page("search.html", desk, search=self._found(desk))

    def search_feed(self, site: str, name: str) -> Response:
        desk = self._desk(site)
        found, base = self._found(desk), base_address(self._deps)
        write, content_type = WRITERS[name]
        query = f"?{found.question.query}"
        title = f"{desk.status.title}: {found.question.text}"
        output = Output(title, f"{base}/s/{site}/search{query}", base + request.path + query, found.lines)
        page = make(write(output), self._deps.clock.now(), content_type=content_type, vary="Accept-Encoding")
        return respond(page)

    def _page(self, name: str, desk: Desk, **values: Any) -> Response:
        now, wished = self._deps.clock.now(), my_wishes()
        return respond(self._deps.press.page(name, front_page(desk, now, wished), now, wished, **values))

    def _found(self, desk: Desk) -> SearchPage:
        asked = question(request.args)
        return search_page(asked, self._deps.index.find(wanted(asked, desk)), desk)

    def _desk(self, site: str) -> Desk:
        desk = self._deps.press.desk(site)
        if desk is None:
            missing(self._deps)
        return desk
