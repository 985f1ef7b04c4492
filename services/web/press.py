"""From a site's copies to its pages: where desk, view and template meet."""

from __future__ import annotations

import hashlib
import json
from datetime import datetime
from typing import Any, Final

from services.web import security
from services.web.copies import Copies
from services.web.desk import CellOf, Desk, Outage, lay
from services.web.front import FrontPage, front_page
from services.web.pages import EDGE, PRIVATE, Headers, Page, make
from services.web.renderer import Rendered
from services.web.rendering import Templates
from services.web.stream import stream
from services.web.wishes import NONE, Wishes

_VERSION: Final = "0" * 16
_VERSION_CACHING: Final[Headers] = [("Cache-Control", "public, max-age=2")]
_NO_CACHING: Final[Headers] = [("Cache-Control", "no-store")]

_ERRORS: Final = {
    400: ("Not understood", "This request makes no sense to us."),
    403: ("Not from there", "This form must be sent from its own page. Open the page again and send it once more."),
    404: ("Not here", "There is no such page. The address may have been mistyped, or the site was renamed."),
    405: ("Not like this", "This address does not take such requests."),
    413: ("Too much", "That was more than this address takes."),
    429: ("A little slower", "That was many requests in a short time. Try again in a minute."),
    500: ("Something broke", "This page could not be made. It has been noted; the other pages are not affected."),
    503: ("Just a moment", "This is not to be had right now. It comes back by itself, usually within seconds."),
}


class Press:
    """Renders. `outage` is part of what pages say; whoever watches store and broker sets it."""

    def __init__(self, copies: Copies, templates: Templates, cell_of: CellOf, *, assets_url: str) -> None:
        self._copies = copies
        self._templates = templates
        self._cell_of = cell_of
        self.headers = security.headers(assets_url)
        self.outage = Outage()

    def desk(self, site: str) -> Desk | None:
        return lay(self._copies, site, self._cell_of, self.outage)

    def render_site(self, site: str, now: datetime) -> Rendered | None:
        """The pages that are made ahead: the front page and its version address."""
        desk = self.desk(site)
        if desk is None:
            return None
        view = front_page(desk, now)
        body = self._templates.render("front.html", page=view, wishes=NONE, version=_VERSION)
        # The page names its own version: a digest of all the rest of it.
        version = hashlib.sha256(body).hexdigest()[: len(_VERSION)]
        front = make(body.replace(_VERSION.encode(), version.encode(), 1), now, extra=self.headers)
        pages = {f"/s/{site}": front, f"/version/{site}": _version_page(version, now)}
        if desk.sites[0].site == site:
            pages["/"] = front
        return Rendered(pages, view.changes_at)

    def front(self, desk: Desk, now: datetime, wishes: Wishes, version: str) -> Page:
        """One reader's front page. Its version is that of everybody's page: when that changes, this may have too."""
        return self.page("front.html", front_page(desk, now, wishes), now, wishes, version=version)

    def stream(self, desk: Desk, now: datetime, wishes: Wishes = NONE) -> Page:
        view = front_page(desk, now, wishes)
        return self.page("stream.html", view, now, wishes, days=stream(desk, now, view.zone))

    def page(self, name: str, view: FrontPage, now: datetime, wishes: Wishes, **values: Any) -> Page:
        """A page under a site's masthead."""
        body = self._templates.render(name, page=view, wishes=wishes, **values)
        return make(body, now, caching=EDGE if wishes == NONE else PRIVATE, extra=self.headers)

    def plain(self, name: str, now: datetime, **values: Any) -> Page:
        """A page that belongs to no site."""
        return make(self._templates.render(name, **values), now, extra=self.headers)

    def error(self, code: int, now: datetime) -> Page:
        title, text = _ERRORS.get(code) or _ERRORS[400 if code < 500 else 500]
        body = self._templates.render("error.html", title=title, text=text)
        return make(body, now, caching=_NO_CACHING, extra=self.headers)


def _version_page(version: str, now: datetime) -> Page:
    body = json.dumps({"version": version}).encode()
    return make(body, now, content_type="application/json", caching=_VERSION_CACHING, vary="Accept-Encoding")
