"""The careful reader: feedparser's reading of a document, as the same raw fields that the quick reader fills."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from services.fetcher.parsing.raw import Kind, RawEntry, RawFeed, RawLink, RawMedia, RawText, rel_of

_TEXTS: Final = (
    "encoded",
    "content",
    "body",
    "xhtml_body",
    "description",
    "dc_description",
    "summary",
    "itunes_summary",
    "media_description",
)
_HTML_BY_DEFAULT: Final = frozenset({"encoded", "body", "description", "dc_description"})
_XHTML: Final = "application/xhtml+xml"


def read_carefully(xml: bytes, url: str | None, entries_max: int) -> RawFeed:
    """What feedparser finds in a well-formed document in UTF-8. Raises xml.sax.SAXException on any other."""
    from services.fetcher.parsing import reference  # noqa: PLC0415  # only the few documents in doubt pay for feedparser

    found = reference.read(xml, url)
    atom = found.version.startswith("atom")
    feed = found.feeddata
    return RawFeed(
        atom=atom,
        title=_text(feed, "title", url, "text" if atom else "either"),
        links=_links(feed),
        authors=_authors(feed) if atom else [],
        language=_string(_get(feed, "language")),
        ttl=_string(_get(feed, "ttl")),
        update_period=_string(_get(feed, "sy_updateperiod")),
        update_frequency=_string(_get(feed, "sy_updatefrequency")),
        skip_hours=_strings(_get(feed, "pressroom_hours")),
        skip_days=_strings(_get(feed, "pressroom_days")),
        entries=[_entry(entry, url, atom=atom) for entry in found.entries[:entries_max]],
    )


def _entry(found: Any, url: str | None, *, atom: bool) -> RawEntry:
    return RawEntry(
        title=_text(found, "title", url, "text" if atom else "either"),
        media_title=_text(found, "pressroom_media_title", url, "either"),
        guid=_string(_get(found, "pressroom_guid")),
        guid_is_permalink=(_string(_get(found, "pressroom_permalink")) or "true").strip().lower() != "false",
        atom_id=_string(_get(found, "id")),
        links=_links(found),
        original_link=_string(_get(found, "feedburner_origlink")),
        published=_string(_get(found, "published")),
        updated=_string(_get(found, "updated")),
        created=_string(_get(found, "created")),
        date=_string(_get(found, "pressroom_date")),
        authors=_authors(found),
        categories=_strings(_get(found, "pressroom_terms")),
        texts=dict(_texts(found, url, atom=atom)),
        media=[_media(one) for one in _dicts(_get(found, "media_content"))],
        thumbnails=[_string(_get(one, "url")) or "" for one in _dicts(_get(found, "media_thumbnail"))],
        itunes_image=_itunes_image(_get(found, "image")),
        picture=_string(_get(found, "pressroom_image")),
        language=_string(_get(found, "language")) or _string(_get(found, "pressroom_lang")),
    )


def _texts(found: Any, url: str | None, *, atom: bool) -> Iterable[tuple[str, RawText]]:
    for name in _TEXTS:
        if name in _HTML_BY_DEFAULT:
            untyped: Kind = "html"
        else:
            untyped = "text" if atom and name != "media_description" else "either"
        text = _text(found, f"pressroom_{name}", url, untyped)
        if text is not None:
            yield name, text


def _text(found: Any, name: str, url: str | None, untyped: Kind) -> RawText | None:
    value, detail = _get(found, name), _get(found, f"{name}_detail")
    if not isinstance(value, str) or not isinstance(detail, dict):
        return None
    base = _string(_get(detail, "base"))
    base = base if base != (url or "") else None
    declared = _get(detail, "type")
    if declared == _XHTML:
        return RawText(value.replace("</br>", ""), "html", base)  # else each line break would count twice
    if untyped == "text" and declared == "text/html":
        return RawText(value, "html", base)
    if declared not in {"text/plain", "text/html"}:
        return None
    return RawText(value, untyped, base)


def _links(found: Any) -> list[RawLink]:
    return [
        RawLink(
            href=_string(_get(one, "href")) or "",
            rel=rel_of(_string(_get(one, "rel"))),
            type=_string(_get(one, "type")),
            length=_string(_get(one, "length")),
            own="pressroom_own" in one,
        )
        for one in _dicts(_get(found, "links"))
    ]


def _authors(found: Any) -> list[str]:
    people = _dicts(_get(found, "authors"))
    return [_string(_get(one, "name")) or _string(_get(one, "email")) or "" for one in people]


def _media(one: dict[str, Any]) -> RawMedia:
    return RawMedia(
        _string(_get(one, "url")) or "",
        _string(_get(one, "type")),
        _string(_get(one, "medium")),
        _string(_get(one, "filesize")),
    )


def _itunes_image(image: Any) -> str | None:
    return _string(_get(image, "href")) if isinstance(image, dict) else None


def _get(found: Any, name: str) -> Any:
    """The field itself: FeedParserDict's own get() would answer with others that once had the name."""
    return dict.get(found, name)


def _dicts(found: Any) -> list[dict[str, Any]]:
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []


def _strings(found: Any) -> list[str]:
    return [one for one in found if isinstance(one, str)] if isinstance(found, list) else []


def _string(found: Any) -> str | None:
    return found if isinstance(found, str) else None
