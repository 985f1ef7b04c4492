"""A site's headlines as Atom (RFC 4287), RSS 2.0 and JSON Feed 1.1."""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any, Final
from xml.etree import ElementTree as ET

from pressroom.xml_text import clean, document
from services.web.headlines import Headline
from services.web.rendering import iso, safe_link

ATOM: Final = "http://www.w3.org/2005/Atom"
_IRI: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[^\s<>\"{}|\\^`]+")


@dataclass(frozen=True, slots=True)
class Output:
    """What a feed of ours says of itself, with absolute addresses, and its items, newest first."""

    title: str
    home: str
    own: str
    items: tuple[Headline, ...]

    @property
    def updated(self) -> datetime:
        return max((item.at for item in self.items if item.at is not None), default=datetime(2000, 1, 1, tzinfo=UTC))


def atom(output: Output) -> bytes:
    """Items without any time are left out: an entry must have one."""
    feed = ET.Element("feed", xmlns=ATOM)
    _add(feed, "id", output.own)
    _add(feed, "title", output.title)
    _add(feed, "updated", iso(output.updated))
    ET.SubElement(feed, "link", rel="self", type="application/atom+xml", href=output.own)
    ET.SubElement(feed, "link", rel="alternate", type="text/html", href=output.home)
    _add(ET.SubElement(feed, "author"), "name", output.title)
    for item in output.items:
        if item.at is None:
            continue
        entry = ET.SubElement(feed, "entry")
        _add(entry, "id", iri(item))
        _add(entry, "title", item.title)
        _add(entry, "updated", iso(item.at))
        if safe_link(item.link):
            ET.SubElement(entry, "link", rel="alternate", href=clean(item.link or ""))
        else:
            _add(entry, "content", item.title)
        _add(ET.SubElement(entry, "author"), "name", item.source)
        if item.summary:
            _add(entry, "summary", item.summary)
    return document(feed)


def rss(output: Output) -> bytes:
    """RSS 2.0 with the Atom self link that its validators ask for."""
    ET.register_namespace("atom", ATOM)
    root = ET.Element("rss", version="2.0")
    channel = ET.SubElement(root, "channel")
    _add(channel, "title", output.title)
    _add(channel, "link", output.home)
    _add(channel, "description", f"Headlines of {output.title}")
    _add(channel, "lastBuildDate", format_datetime(output.updated))
    ET.SubElement(channel, f"{{{ATOM}}}link", rel="self", type="application/rss+xml", href=output.own)
    for item in output.items:
        one = ET.SubElement(channel, "item")
        _add(one, "title", item.title)
        if safe_link(item.link):
            _add(one, "link", item.link or "")
        ET.SubElement(one, "guid", isPermaLink="false").text = iri(item)
        if item.at is not None:
            _add(one, "pubDate", format_datetime(item.at))
        _add(one, "description", f"{item.source}: {item.summary or item.title}")
    return document(root)


def json_feed(output: Output) -> bytes:
    items = [_json_item(item) for item in output.items]
    feed = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": output.title,
        "home_page_url": output.home,
        "feed_url": output.own,
        "items": items,
    }
    return json.dumps(feed, ensure_ascii=False).encode("utf-8", "replace")


def site_map(pages: Iterable[str]) -> bytes:
    root = ET.Element("urlset", xmlns="http://www.sitemaps.org/schemas/sitemap/0.9")
    for page in pages:
        _add(ET.SubElement(root, "url"), "loc", page)
    return document(root)


Write = Callable[[Output], bytes]
WRITERS: Final[dict[str, tuple[Write, str]]] = {
    "atom.xml": (atom, "application/atom+xml; charset=utf-8"),
    "rss.xml": (rss, "application/rss+xml; charset=utf-8"),
    "feed.json": (json_feed, "application/feed+json; charset=utf-8"),
}
"""File name → how it is written, and its media type."""


def iri(item: Headline) -> str:
    """The source's own id where it is an address of some kind; else one made of it, the same for ever."""
    if _IRI.fullmatch(item.id):
        return item.id
    return uuid.uuid5(uuid.NAMESPACE_URL, f"{item.feed} {item.id}").urn


def _json_item(item: Headline) -> dict[str, Any]:
    one: dict[str, Any] = {"id": iri(item), "title": item.title, "content_text": item.summary or item.title}
    if safe_link(item.link):
        one["url"] = item.link
    if item.at is not None:
        one["date_published"] = iso(item.at)
    one["authors"] = [{"name": item.source}]
    if item.language:
        one["language"] = item.language
    return one


def _add(parent: ET.Element, tag: str, text: str) -> None:
    ET.SubElement(parent, tag).text = clean(text)
