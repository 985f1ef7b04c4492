"""From a site's copies to its pages: where desk, view and template meet."""

from __future__ import annotations

import hashlib
import json
from datetime import datetime
from typing import Any, Final

from services.web import security
from services.web.archive import DayPage
from services.web.copies import Copies
from services.web.desk import CellOf, Desk, Outage, lay
from services.web.front import FrontPage, front_page
from services.web.pages import Headers, Page, make
from services.web.renderer import Rendered
from services.web.rendering import Templates
from services.web.searching import SearchPage
from services.web.stream import stream

_VERSION: Final = "0" * 16
_VERSION_CACHING: Final[Headers] = [("Cache-Control", "public, max-age=2")]
_NO_CACHING: Final[Headers] = [("Cache-Control", "no-store")]

_ERRORS: Final = {
    400: ("Not understood", "This request makes no sense to us."),
    404: ("Not here", "There is no such page. The address may have been mistyped, or the site was renamed."),
    405: ("Not like this", "This address does not take such requests."),
    413: ("Too much", "That was more than this address takes."),
    429: ("A little slower", "That was many requests in a short time. Try again in a minute."),
    500: ("Something broke", "This page could not be made. It has been noted; the other pages are not affected."),
    503: ("Just a moment", "This node has just started and has no pages yet. They come by themselves, in seconds."),
}


class Press:
    """Renders. `outage` is part of what pages say; whoever watches store and broker sets it."""

    def __init__(self, copies: Copies, templates: Templates, cell_of: CellOf, *, assets_url: str) -> None:
        self._copies = copies
        self._templates = templates
        self._cell_of = cell_of
        self._headers = security.headers(assets_url)
        self.outage = Outage()

    def desk(self, site: str) -> Desk | None:
        return lay(self._copies, site, self._cell_of, self.outage)

    def render_site(self, site: str, now: datetime) -> Rendered | None:
        """The pages that are made ahead: the front page and its version address."""
        desk = self.desk(site)
        if desk is None:
            return None
        view = front_page(desk, now)
        body, version = self._front(view)
        front = self._page(body, now)
        pages = {f"/s/{site}": front, f"/version/{site}": _version_page(version, now)}
        if desk.sites[0].site == site:
            pages["/"] = front
        return Rendered(pages, view.changes_at)

    def stream(self, site: str, now: datetime) -> Page | None:
        desk = self.desk(site)
        if desk is None:
            return None
        view = front_page(desk, now)
        return self._html("stream.html", now, page=view, days=stream(desk, now, view.zone))

    def archive(self, desk: Desk, day: DayPage, now: datetime) -> Page:
        return self._html("archive.html", now, page=front_page(desk, now), day=day)

    def search(self, desk: Desk, search: SearchPage, now: datetime) -> Page:
        return self._html("search.html", now, page=front_page(desk, now), search=search)

    def plain(self, name: str, now: datetime, **values: Any) -> Page:
        """A page that belongs to no site."""
        return self._html(name, now, **values)

    def error(self, code: int, now: datetime) -> Page:
        title, text = _ERRORS.get(code) or _ERRORS[400 if code < 500 else 500]
        body = self._templates.render("error.html", title=title, text=text)
        return make(body, now, caching=_NO_CACHING, extra=self._headers)

    def _html(self, name: str, now: datetime, **values: Any) -> Page:
        return self._page(self._templates.render(name, **values), now)

    def _page(self, body: bytes, now: datetime) -> Page:
        return make(body, now, extra=self._headers)

    def _front(self, view: FrontPage) -> tuple[bytes, str]:
        """The page names its own version: a digest of all the rest of it."""
        body = self._templates.render("front.html", page=view, version=_VERSION)
        version = hashlib.sha256(body).hexdigest()[: len(_VERSION)]
        return body.replace(_VERSION.encode(), version.encode(), 1), version


def _version_page(version: str, now: datetime) -> Page:
    body = json.dumps({"version": version}).encode()
    return make(body, now, content_type="application/json", caching=_VERSION_CACHING, vary="Accept-Encoding")
