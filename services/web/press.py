"""From a site's copies to its pages: where desk, view and template meet."""

from __future__ import annotations

import hashlib
import json
from datetime import datetime
from typing import Final

from services.web import security
from services.web.copies import Copies
from services.web.desk import CellOf, Desk, Outage, lay
from services.web.front import FrontPage, front_page
from services.web.pages import Headers, Page, make
from services.web.renderer import Rendered
from services.web.rendering import Templates

_VERSION: Final = "0" * 16
_VERSION_CACHING: Final[Headers] = [("Cache-Control", "public, max-age=2")]


class Press:
    """Renders. `outage` is asked each time: it is part of what a page says."""

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
        front = self.page(body, now)
        pages = {f"/s/{site}": front, f"/version/{site}": _version_page(version, now)}
        if desk.sites[0].site == site:
            pages["/"] = front
        return Rendered(pages, view.changes_at)

    def page(self, body: bytes, now: datetime) -> Page:
        """A page of ours for any reader without cookies."""
        return make(body, now, extra=self._headers)

    def _front(self, view: FrontPage) -> tuple[bytes, str]:
        """The page names its own version: a digest of all the rest of it."""
        body = self._templates.render("front.html", page=view, version=_VERSION)
        version = hashlib.sha256(body).hexdigest()[: len(_VERSION)]
        return body.replace(_VERSION.encode(), version.encode(), 1), version


def _version_page(version: str, now: datetime) -> Page:
    body = json.dumps({"version": version}).encode()
    return make(body, now, content_type="application/json", caching=_VERSION_CACHING, vary="Accept-Encoding")
