"""Short feeds for one point each, and the record that comes of them."""

from __future__ import annotations

from schemas.records import Entry
from services.fetcher.parse import ParsedFeed, parse

URL = "http://paper.example/blog/feed.xml"
NAMESPACES = (
    ' xmlns:content="http://purl.org/rss/1.0/modules/content/" xmlns:dc="http://purl.org/dc/elements/1.1/"'
    ' xmlns:media="http://search.yahoo.com/mrss/" xmlns:itunes="http://www.itunes.com/dtds/podcast-1.0.dtd"'
    ' xmlns:atom="http://www.w3.org/2005/Atom" xmlns:sy="http://purl.org/rss/1.0/modules/syndication/"'
    ' xmlns:feedburner="http://rssnamespace.org/feedburner/ext/1.0"'
)


def rss(
    *items: str, channel: str = "<title>Paper</title><link>http://paper.example/</link>", declaration: str = ""
) -> str:
    inside = "".join(f"<item>{item}</item>" for item in items)
    return f'{declaration}<rss version="2.0"{NAMESPACES}><channel>{channel}{inside}</channel></rss>'


def atom(*entries: str, feed: str = "<title>Paper</title><id>urn:paper</id>", attributes: str = "") -> str:
    inside = "".join(f"<entry>{entry}</entry>" for entry in entries)
    return f'<feed xmlns="http://www.w3.org/2005/Atom"{attributes}>{feed}{inside}</feed>'


def read(document: str | bytes, content_type: str | None = None, url: str | None = URL) -> ParsedFeed:
    body = document.encode() if isinstance(document, str) else document
    return parse(body, content_type=content_type, url=url)


def entries(document: str | bytes, content_type: str | None = None, url: str | None = URL) -> tuple[Entry, ...]:
    return read(document, content_type, url).entries


def entry(document: str | bytes, content_type: str | None = None, url: str | None = URL) -> Entry:
    """The document's one entry."""
    (only,) = entries(document, content_type, url)
    return only


def titles(document: str | bytes, content_type: str | None = None) -> list[str | None]:
    return [one.title for one in entries(document, content_type)]


def rss_title(title: str) -> str | None:
    return entry(rss(f"<title>{title}</title><link>http://paper.example/1</link>")).title


def atom_title(kind: str, title: str) -> str | None:
    return entry(atom(f'<id>urn:1</id><title type="{kind}">{title}</title>')).title
