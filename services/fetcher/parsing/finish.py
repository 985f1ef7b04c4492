"""What a reader took from a document → the record: texts cleaned, dates and addresses read, ids given, all bounded."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from html import escape
from typing import Final

from schemas.records import Enclosure, Entry, Source
from services.fetcher.clean import clean_html, text_of_clean
from services.fetcher.dates import parse_date
from services.fetcher.parsing.headlines import headline, looks_like_html, shortened
from services.fetcher.parsing.hints import hints_of
from services.fetcher.parsing.identity import Traits, ids_of
from services.fetcher.parsing.images import image_of
from services.fetcher.parsing.links import web_link, without_tracking
from services.fetcher.parsing.model import Limits, ParsedFeed, Reader
from services.fetcher.parsing.people import language_of, names_of, terms_of
from services.fetcher.parsing.raw import RawEntry, RawFeed, RawLink, RawText

_SUMMARIES: Final = ("description", "summary", "dc_description", "itunes_summary", "media_description")
_CONTENTS: Final = ("encoded", "content", "body", "xhtml_body", *_SUMMARIES)
_HTML_TYPES: Final = frozenset({"text/html", "application/xhtml+xml"})
ENCLOSURES_MAX: Final = 20


@dataclass(slots=True)
class Context:
    """What all entries of a document share: bounds, the addresses to resolve against, and HTML still affordable."""

    limits: Limits
    url: str | None
    home: str | None
    atom: bool
    authors: tuple[str, ...]
    html_chars_left: int

    @property
    def base(self) -> str | None:
        """Without xml:base, an Atom document's own address counts (RFC 4287), in RSS the site's, as readers do."""
        return self.url if self.atom else self.home or self.url


def finish(feed: RawFeed, url: str | None, limits: Limits, warnings: Iterable[str], reader: Reader) -> ParsedFeed:
    """The record of what was read; `url` is where the document came from."""
    home = _home(feed.links, url)
    context = Context(limits, url, home, feed.atom, names_of(feed.authors), limits.html_chars_max)
    drafts = [_draft(raw, context) for raw in feed.entries if _says_something(raw)]
    ids = ids_of([draft.traits for draft in drafts])
    source = Source(title=headline(feed.title, limits.title_chars_max), home=home, language=language_of(feed.language))
    return ParsedFeed(
        source=source,
        entries=tuple(_entry(one, draft, context) for one, draft in zip(ids, drafts, strict=True)),
        hints=hints_of(feed),
        warnings=tuple(sorted(set(warnings))),
        self_url=_first_link(feed.links, {"self"}, url),
        reader=reader,
    )


@dataclass(slots=True)
class Draft:
    """An entry whose id is not decided yet."""

    raw: RawEntry
    link: str | None
    link_clean: str | None
    title: str | None
    content_html: str | None
    summary: str | None
    traits: Traits


def _says_something(raw: RawEntry) -> bool:
    """An item with neither title, text, link nor id is none (RSS 2.0: one of title and description is required)."""
    return bool(
        (raw.title and raw.title.value)
        or any(text.value for text in raw.texts.values())
        or any(link.href for link in raw.links)
        or raw.guid
        or raw.atom_id
    )


def _draft(raw: RawEntry, context: Context) -> Draft:
    limits = context.limits
    link = _link_of(raw, context)
    clean_link = without_tracking(link)
    title = headline(raw.title or raw.media_title, limits.title_chars_max)
    content, summary = _texts_of(raw, link, context)
    guid = (raw.atom_id or raw.guid) if context.atom else (raw.guid or raw.atom_id)
    traits = Traits(guid or None, link, title, raw.published or raw.updated, summary or content)
    return Draft(raw, link, clean_link, title, content, summary, traits)


def _entry(one_id: str, draft: Draft, context: Context) -> Entry:
    raw = draft.raw
    published, updated = _dates_of(raw)
    return Entry(
        id=one_id,
        title=draft.title,
        link=draft.link,
        link_clean=draft.link_clean,
        published=published,
        updated=updated,
        authors=names_of(raw.authors) or context.authors,
        categories=terms_of(raw.categories),
        summary=draft.summary,
        content_html=draft.content_html,
        image=image_of(raw, draft.content_html, context.base),
        enclosures=_enclosures_of(raw, context),
        language=language_of(raw.language),
    )


def _dates_of(raw: RawEntry) -> tuple[datetime | None, datetime | None]:
    """(published, updated). The first date that can be read stands in for a publication date that cannot."""
    updated = parse_date(raw.updated)
    return parse_date(raw.published) or updated or parse_date(raw.created) or parse_date(raw.date), updated


def _home(links: list[RawLink], url: str | None) -> str | None:
    own = [link for link in links if link.own]
    return _first_link(own, {"alternate"}, url) or _first_alternate(links, url)


def _link_of(raw: RawEntry, context: Context) -> str | None:
    original = web_link(raw.original_link, context.base)
    if original:
        return original
    own = [link for link in raw.links if link.own]
    return (
        _first_link(own, {"alternate"}, context.base)
        or _first_alternate(raw.links, context.base)
        or (_permalink(raw, context) if not context.atom else None)
    )


def _first_alternate(links: list[RawLink], base: str | None) -> str | None:
    pages = [link for link in links if link.type in _HTML_TYPES]
    return _first_link(pages, {"alternate"}, base) or _first_link(links, {"alternate"}, base)


def _first_link(links: list[RawLink], rels: set[str], base: str | None) -> str | None:
    for link in links:
        if link.rel in rels and (found := web_link(link.href, base)):
            return found
    return None


def _permalink(raw: RawEntry, context: Context) -> str | None:
    """RSS 2.0: a guid is the entry's address unless it says that it is not. A bare word is no address all the same."""
    guid = raw.guid or ""
    looks_like_address = guid.startswith("/") or guid.lower().startswith(("http:", "https:", "www."))
    return web_link(guid, context.base) if raw.guid_is_permalink and looks_like_address else None


def _texts_of(raw: RawEntry, link: str | None, context: Context) -> tuple[str | None, str | None]:
    """(content_html, summary): the fullest text as clean HTML, and the shortest as plain text."""
    full, short = _first_text(raw, _CONTENTS), _first_text(raw, _SUMMARIES)
    content = _clean(full, link, context) if full else ""
    told = content if short is None or short is full else _clean(short, link, context)
    summary = shortened(text_of_clean(told or content), context.limits.summary_chars_max)
    return content or None, summary or None


def _first_text(raw: RawEntry, names: tuple[str, ...]) -> RawText | None:
    for name in names:
        text = raw.texts.get(name)
        if text is not None and text.value:
            return text
    return None


def _clean(text: RawText, link: str | None, context: Context) -> str:
    value = text.value[: min(context.limits.content_chars_max, context.html_chars_left)]
    context.html_chars_left -= len(value)
    if len(value) < len(text.value):
        value = value[: max(value.rfind("<"), value.rfind(" "), 0)]
    if text.kind == "text" or ("&" not in value and ("<" not in value or _is_plain(text, value))):
        cleaned = escape(value, quote=False)
    else:
        cleaned = clean_html(value, text.base or link or context.base)
    return cleaned if len(cleaned) <= context.limits.content_chars_max else _shorter(value, text, link, context)


def _is_plain(text: RawText, value: str) -> bool:
    return text.kind == "either" and not looks_like_html(value)


def _shorter(value: str, text: RawText, link: str | None, context: Context) -> str:
    """HTML that grew over the bound in cleaning, cut to where it fits; a third is enough even for nothing but "&"."""
    part = value[: context.limits.content_chars_max // 6]
    part = part[: max(part.rfind("<"), part.rfind(" "), 0)]
    cleaned = escape(part, quote=False) if text.kind == "text" else clean_html(part, text.base or link or context.base)
    return cleaned if len(cleaned) <= context.limits.content_chars_max else ""


def _enclosures_of(raw: RawEntry, context: Context) -> tuple[Enclosure, ...]:
    if not any(link.rel == "enclosure" for link in raw.links):
        return ()
    found: dict[str, Enclosure] = {}
    for link in raw.links:
        url = web_link(link.href, context.base) if link.rel == "enclosure" else None
        if url and len(found) < ENCLOSURES_MAX:
            kind = " ".join((link.type or "").split())[:200]
            found.setdefault(url, Enclosure(url=url, type=kind or None, length_bytes=_bytes(link.length)))
    return tuple(found.values())


def _bytes(text: str | None) -> int | None:
    text = (text or "").strip()
    return int(text) if text.isascii() and text.isdigit() and len(text) < 15 else None
