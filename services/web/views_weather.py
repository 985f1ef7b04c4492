"""Where a reader's weather is of: search by name, a position when the reader gives one, and the choice kept."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from flask import Blueprint, Response, abort, redirect, request

from pressroom.address_book import open_book
from pressroom.cells import cell_at
from pressroom.places import CREDIT, Place
from services.web import wishes as wishing
from services.web.front import front_page
from services.web.limits import address_of
from services.web.views import missing, respond
from services.web.views_api import data_page
from services.web.views_reader import my_wishes, only_from_here, set_cookie, with_place

if TYPE_CHECKING:
    from services.web.application import Deps

FOUND_MAX: Final = 8


def blueprint(deps: Deps) -> Blueprint:
    views, room = Blueprint("weather", __name__), WeatherRoom(deps)
    views.add_url_rule("/weather/search", view_func=room.search)
    views.add_url_rule("/s/<site>/weather", view_func=room.page, methods=["GET"])
    views.add_url_rule("/s/<site>/weather", view_func=room.choose, methods=["POST"], endpoint="choose")
    return views


class WeatherRoom:
    """Nothing here waits for anybody: places are looked up in the bundled gazetteer and in a file."""

    def __init__(self, deps: Deps) -> None:
        self._deps = deps
        self._book = open_book(deps.settings.weather_addresses)

    def search(self) -> Response:
        """The same for everybody who asks the same."""
        found = [
            {"name": place.name, "region": place.region, "country": place.country, "full_name": place.full_name}
            | {"cell": place.cell.id, "timezone": place.timezone}
            for place in self._found(request.args.get("q", ""))
        ]
        return respond(data_page({"places": found, "credit": CREDIT}, self._deps))

    def page(self, site: str) -> Response:
        return self._page(site)

    def _page(self, site: str, *, not_guessed: bool = False) -> Response:
        desk, wished = self._deps.press.desk(site), my_wishes()
        if desk is None:
            missing(self._deps)
        now, query = self._deps.clock.now(), request.args.get("q", "")
        view = front_page(with_place(self._deps, desk, wished), now, wished)
        facts = {"query": query[:80], "found": self._found(query), "guesses": self._book is not None}
        return respond(self._deps.press.page("weather_place.html", view, now, wished, not_guessed=not_guessed, **facts))

    def choose(self, site: str) -> Any:
        """Keep a place by its name, or the cell of a position or an address: these themselves are kept nowhere."""
        only_from_here()
        desk = self._deps.press.desk(site)
        if desk is None:
            missing(self._deps)
        place = self._place()
        if place is None:
            return self._page(site, not_guessed=True)
        wished = replace(my_wishes(), place=place)
        text = wishing.written(wished)
        if len(text) > wishing.COOKIE_CHARS_MAX:
            abort(413)
        # The page that the reader is sent to may find the weather here already.
        with_place(self._deps, desk, wished)
        answer = redirect(f"/s/{site}", 303)
        set_cookie(answer, text)
        return answer

    def _place(self) -> str | None:
        """None: asked to guess by the address, and nothing is known of it."""
        form = request.form
        if "guess" in form:
            cell = self._book.cell_of(address_of(request.environ) or "") if self._book is not None else None
            return cell.id if cell is not None else None
        if "latitude" in form:
            try:
                return cell_at(float(form["latitude"]), float(form.get("longitude", ""))).id
            except ValueError:
                abort(400)
        place = " ".join(form.get("place", "").split())[: wishing.PLACE_CHARS_MAX]
        if place and self._deps.cell_of(place) is None:
            abort(400)
        return place

    def _found(self, query: str) -> list[Place]:
        return self._deps.places.search(query, FOUND_MAX) if self._deps.places is not None else []
