"""The picture that stands beside an entry: what the feed names as such, else the first fitting one of the content."""

from __future__ import annotations

import re
from html import unescape
from typing import Final

from services.fetcher.parsing.links import web_link
from services.fetcher.parsing.raw import RawEntry

SIDE_PX_MIN: Final = 48
_IMAGE: Final = re.compile(r'<img(?: [a-z]+="[^"]*")*>')
_ATTRIBUTE: Final = re.compile(r' (src|width|height)="([^"]*)"')
_NO_PICTURE: Final = re.compile(
    r"feedburner|/pixel|stats\.|tracker|gravatar|emoji|smil|doubleclick|feedsportal", re.IGNORECASE
)


def image_of(raw: RawEntry, content_html: str | None, base: str | None) -> str | None:
    """The first of media:content, media:thumbnail, an enclosed image, itunes:image, an image element, the content."""
    for href in _named(raw):
        found = web_link(href, base)
        if found:
            return found
    return _of_content(content_html) if content_html and "<img" in content_html else None


def _named(raw: RawEntry) -> list[str]:
    if not (raw.thumbnails or raw.media or raw.links or raw.itunes_image or raw.picture):
        return []
    pictures = [one.url for one in raw.media if one.medium == "image" or (one.type or "").startswith("image/")]
    enclosed = [one.href for one in raw.links if one.rel == "enclosure" and (one.type or "").startswith("image/")]
    return [href for href in (*pictures, *raw.thumbnails, *enclosed, raw.itunes_image, raw.picture) if href]


def _of_content(html: str) -> str | None:
    """The first image that is no pixel, no smiley and no counter. `html` is clean: every address in it is absolute."""
    for match in _IMAGE.finditer(html):
        attributes = dict(_ATTRIBUTE.findall(match[0]))
        src = unescape(attributes.get("src", ""))
        if src and not _is_small(attributes) and _NO_PICTURE.search(src) is None:
            return web_link(src, None)
    return None


def _is_small(attributes: dict[str, str]) -> bool:
    sides = (attributes.get("width", ""), attributes.get("height", ""))
    return any(side.isdigit() and int(side[:6]) < SIDE_PX_MIN for side in sides)
