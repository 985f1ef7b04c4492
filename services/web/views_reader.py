"""Pages for readers with settings, and the page where they set them."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final, NoReturn

from flask import Blueprint, Response, abort, jsonify, redirect, request

from schemas.keys import short_hash
from services.web import wishes as wishing
from services.web.addresses import OWN_MAX, BadAddress
from services.web.desk import Desk
from services.web.front import front_page, titles_of
from services.web.limits import address_of, is_bot
from services.web.pages import Page
from services.web.views import missing, respond
from services.web.wishes import COOKIE, COOKIE_CHARS_MAX, NONE, Wishes

if TYPE_CHECKING:
    from services.web.application import Deps

YEAR: Final = timedelta(days=365)
OWN_FORM_CHARS_MAX: Final = 4_000
_CHOICES: Final = {
    "schemes": wishing.SCHEMES,
    "contrasts": wishing.CONTRASTS,
    "sizes": wishing.SIZES,
    "units": wishing.UNITS,
    "clocks": wishing.CLOCKS,
    "lines_max": wishing.LINES_MAX,
}


def blueprint(deps: Deps) -> Blueprint:
    views, reader = Blueprint("reader", __name__), Reader(deps)
    views.add_url_rule("/", view_func=reader.front)
    views.add_url_rule("/s/<site>", view_func=reader.front)
    views.add_url_rule("/version/<site>", view_func=reader.version)
    views.add_url_rule("/s/<site>/all", view_func=reader.stream)
    views.add_url_rule("/s/<site>/settings", view_func=reader.settings, methods=["GET"])
    views.add_url_rule("/s/<site>/settings", view_func=reader.save, methods=["POST"], endpoint="save")
    return views


class Reader:
    """Readers without settings get the pages that are there; the others theirs, from the same copies."""

    def __init__(self, deps: Deps) -> None:
        self._deps = deps

    def front(self, site: str = "") -> Response:
        wished, page = my_wishes(), self._deps.table.get(request.path)
        if wished == NONE:
            return respond(page) if page is not None else self._not_yet(site)
        desk = self._desk(site or self._first_site(), wished)
        site, generation = desk.status.site, self._deps.table.generation(desk.status.site)
        version = self._version(desk)

        def make_page() -> Page:
            return self._deps.press.front(desk, self._deps.clock.now(), wished, version)

        # Time alone changes a page too: the hours ahead, and what has become old.
        quarter = int(self._deps.clock.now().timestamp() // 900)
        return respond(self._deps.kept.page(("front", site, wished, generation, version, quarter), make_page))

    def _not_yet(self, site: str) -> NoReturn:
        """A node that has begun a moment ago may know of sites whose pages it has not made: that is no 404."""
        if not site or site in self._deps.sites():
            abort(503)
        missing(self._deps)

    def stream(self, site: str) -> Response:
        wished, table = my_wishes(), self._deps.table
        page = table.get(request.path) if wished == NONE else None
        if page is None:
            generation = table.generation(site)
            page = self._deps.press.stream(self._desk(site, wished), self._deps.clock.now(), wished)
            if wished == NONE:
                table.keep(site, request.path, page, generation)
        return respond(page)

    def settings(self, site: str) -> Response:
        return respond(self._settings(site, my_wishes()))

    def _settings(self, site: str, wished: Wishes, own: str = "", wrong: str = "") -> Page:
        """`own` and `wrong`: addresses as they were given, and what is wrong with them."""
        desk, now = self._desk(site, wished), self._deps.clock.now()
        everything = replace(wished, hidden=())
        titles = titles_of(desk)
        return self._deps.press.page(
            "settings.html",
            front_page(desk, now, wished),
            now,
            wished,
            choices=_CHOICES | {"own_max": OWN_MAX if self._deps.settings.reader_feeds_max else 0},
            boxes=[(box.feed, titles[box.feed]) for box in front_page(desk, now, everything).boxes],
            text=wishing.written(wished),
            unknown_place=bool(wished.place) and self._deps.cell_of(wished.place) is None,
            own=own or "\n".join(wished.own),
            wrong=wrong,
        )

    def save(self, site: str) -> Any:
        only_from_here()
        before, act = my_wishes(), request.form.get("act", "")
        desk = self._desk(site, before)
        if act == "forget":
            wished = NONE
        elif act == "import":
            wished = wishing.read(request.form.get("text", "").strip())
        else:
            boxes = front_page(desk, self._deps.clock.now(), replace(before, hidden=())).boxes
            try:
                wished = wishing.from_form(request.form, [box.feed for box in boxes], before)
            except BadAddress as error:
                return self._refused(site, before, str(error))
        text = wishing.written(wished)
        if len(text) > COOKIE_CHARS_MAX:
            abort(413)
        unknown = wished.place and self._deps.cell_of(wished.place) is None
        answer = redirect(f"/s/{site}/settings" if unknown else f"/s/{site}", 303)
        set_cookie(answer, text)
        return answer

    def _refused(self, site: str, before: Wishes, why: str) -> Response:
        """The settings page again, with what was typed and what is wrong with it; nothing was saved."""
        answer = respond(self._settings(site, before, request.form["own"][:OWN_FORM_CHARS_MAX], why))
        answer.status_code = 400
        answer.headers["Cache-Control"] = "no-store"
        del answer.headers["CDN-Cache-Control"]
        return answer

    def _desk(self, site: str, wished: Wishes) -> Desk:
        desk = self._deps.press.desk(site)
        if desk is None:
            missing(self._deps)
        return with_own(self._deps, with_place(self._deps, desk, wished), wished)

    def _first_site(self) -> str:
        sites = self._deps.sites()
        return sites[0] if sites else ""

    def version(self, site: str) -> Response:
        """For the live update. A reader with a place or feeds of their own has a version of their own."""
        page, wished = self._deps.table.get(f"/version/{site}"), my_wishes()
        if page is None or not (wished.place or wished.own):
            return respond(page) if page is not None else missing(self._deps)
        answer = jsonify(version=self._version(self._desk(site, wished)))
        answer.headers["Cache-Control"] = "private, no-store"
        return answer

    def _version(self, desk: Desk) -> str:
        """Everybody's page names the version that the live update compares with; the reader's own adds to it."""
        page = self._deps.table.get(f"/version/{desk.status.site}")
        version = page.variants["identity"].body.decode().split('"')[3] if page is not None else ""
        seen = _weather_seen(desk) + desk.own_seen
        return f"{version}-{short_hash(seen)}" if seen else version


def _weather_seen(desk: Desk) -> str:
    if desk.shown is None:
        return ""
    record = desk.shown.record
    seen = f"{desk.shown.rung} {record.cell} {record.turn} {record.fetched_at}" if record is not None else "none"
    return f"{desk.place} {seen} {desk.shown.awaited}"


def with_own(deps: Deps, desk: Desk, wished: Wishes) -> Desk:
    """The desk with the reader's own feeds behind the site's; one that the site shows anyway comes once."""
    if not wished.own or not deps.settings.reader_feeds_max:
        return desk
    asks = not is_bot(request.user_agent.string)
    there = {row.feed for row in desk.status.feeds}
    own = [
        one for one in deps.own.shown(wished.own, address_of(request.environ), ask=asks) if one.row.feed not in there
    ]
    rows = (*desk.status.feeds, *(one.row for one in own))
    return replace(
        desk,
        status=desk.status.model_copy(update={"feeds": rows}),
        heads={**desk.heads, **{one.row.feed: one.head for one in own if one.head is not None}},
        notes={one.row.feed: one.note for one in own if one.note},
        own_seen=" ".join(one.seen for one in own),
    )


def with_place(deps: Deps, desk: Desk, wished: Wishes) -> Desk:
    """The desk with the weather that a reader's own place has now; when that is not of now, better is asked for."""
    cell = deps.cell_of(wished.place) if wished.place else None
    if cell is None:
        return desk
    shown = deps.weather.shown(cell, desk.weather, ask=not is_bot(request.user_agent.string))
    name = (shown.record.place or "") if wished.place == cell and shown.rung in {"own", "old"} and shown.record else ""
    return replace(desk, shown=shown, place=name if wished.place == cell else wished.place.partition(",")[0])


def my_wishes() -> Wishes:
    return wishing.read(request.cookies.get(COOKIE, ""))


def only_from_here() -> None:
    """A form counts only when our own page sent it: browsers say where a request comes from, and scripts of other
    sites cannot make them lie (Fetch Metadata; over plain http, and from older browsers, Origin). Ends in 403.
    """
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None:
        if site not in {"same-origin", "none"}:
            abort(403)
        return
    origin = request.headers.get("Origin")
    # The scheme is left out: an edge that speaks TLS for us asks in plain http.
    if origin is not None and origin.partition("://")[2] != request.host:
        abort(403)


def set_cookie(answer: Any, text: str) -> None:
    if text:
        answer.set_cookie(COOKIE, text, max_age=YEAR, secure=request.is_secure, httponly=True, samesite="Lax")
    else:
        answer.delete_cookie(COOKIE, secure=request.is_secure, httponly=True, samesite="Lax")
