"""Small answers that no copy changes: robots.txt, the web manifest."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Final

from services.web.assets import Assets
from services.web.pages import Headers, Page, make

_CACHING: Final[Headers] = [("Cache-Control", "public, max-age=86400")]


def fixed_pages(assets: Assets, public_url: str, now: datetime) -> dict[str, Page]:
    """Path → page. Crawlers are asked to leave alone what costs a node work for each of them."""
    costly = ("/api/", "/s/*/settings", "/s/*/search", "/s/*/weather", "/weather/")
    robots = "".join(["User-agent: *\n", *(f"Disallow: {path}\n" for path in costly)])
    if public_url:
        robots += f"Sitemap: {public_url.rstrip('/')}/sitemap.xml\n"
    icon = {"src": assets.url("icon.svg"), "sizes": "any", "type": "image/svg+xml"}
    manifest = {"name": "Pressroom", "start_url": "/", "display": "minimal-ui", "icons": [icon]}
    icon_page = assets.pages[assets.path("icon.svg")]
    return {
        "/robots.txt": _page(robots.encode(), "text/plain; charset=utf-8", now),
        "/manifest.webmanifest": _page(json.dumps(manifest).encode(), "application/manifest+json", now),
        "/favicon.ico": _page(icon_page.variants["identity"].body, "image/svg+xml", now),
    }


def _page(body: bytes, content_type: str, now: datetime) -> Page:
    return make(body, now, content_type=content_type, caching=_CACHING, vary="Accept-Encoding")
