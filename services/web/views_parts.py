"""A site's about page, which people write."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Blueprint, Response, abort, request

from services.web.front import front_page
from services.web.views import missing, respond
from services.web.views_reader import my_wishes
from services.web.wishes import NONE

if TYPE_CHECKING:
    from services.web.application import Deps


def blueprint(deps: Deps) -> Blueprint:
    views, about = Blueprint("parts", __name__), About(deps)
    views.add_url_rule("/s/<site>/about", view_func=about.page)
    return views


class About:
    """Made when it is asked for, and kept until the site has something new."""

    def __init__(self, deps: Deps) -> None:
        self._deps = deps

    def page(self, site: str) -> Response:
        deps, wished = self._deps, my_wishes()
        page = deps.table.get(request.path) if wished == NONE else None
        if page is None:
            generation, desk, now = deps.table.generation(site), deps.press.desk(site), deps.clock.now()
            if desk is None:
                missing(deps)
            if desk.parts.about is None:
                abort(404)
            page = deps.press.page("about.html", front_page(desk, now, wished), now, wished)
            if wished == NONE:
                deps.table.keep(site, request.path, page, generation)
        return respond(page)
