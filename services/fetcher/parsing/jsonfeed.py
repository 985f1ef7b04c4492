"""JSON Feed 1.0 and 1.1 (jsonfeed.org/version/1.1), with the deviations that its readers have learnt to take."""

from __future__ import annotations

import json
from typing import Any, Final

from schemas.errors import ErrorKind
from services.fetcher.parsing.characters import FORBIDDEN
from services.fetcher.parsing.model import ParseError
from services.fetcher.parsing.raw import RawEntry, RawFeed, RawLink, RawText

_FEED_FIELDS: Final = frozenset({"title", "home_page_url", "feed_url"})


def read_json(text: str, entries_max: int) -> RawFeed:
    """The feed in `text`. Raises `ParseError`: BAD_JSON when it is no JSON, NOT_A_FEED when it is another JSON."""
    try:
        found = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ParseError(ErrorKind.BAD_JSON, f"the document is no valid JSON: {error}"[:200]) from None
    if not isinstance(found, dict) or not isinstance(found.get("items"), list) or not _is_feed(found):
        raise ParseError(ErrorKind.NOT_A_FEED, "the document is JSON, but no JSON Feed")
    items = [item for item in found["items"] if isinstance(item, dict)]
    return RawFeed(
        atom=False,
        title=RawText(_string(found.get("title")), "text"),
        links=[_own(found.get("home_page_url")), RawLink(_address(found.get("feed_url")), rel="self")],
        authors=_authors(found),
        language=_string(found.get("language")),
        entries=[_entry(item) for item in items[:entries_max]],
    )


def _is_feed(found: dict[str, Any]) -> bool:
    return "jsonfeed.org" in _string(found.get("version")) or bool(_FEED_FIELDS & found.keys())


def _entry(item: dict[str, Any]) -> RawEntry:
    entry = RawEntry(
        title=RawText(_string(item.get("title")), "text"),
        atom_id=_string(item.get("id")).strip(),
        links=[_own(item.get("url")), _own(item.get("external_url")), *_attachments(item)],
        published=_string(item.get("date_published")),
        updated=_string(item.get("date_modified")),
        authors=_authors(item),
        categories=[tag for tag in _list(item.get("tags")) if isinstance(tag, str)],
        itunes_image=_address(item.get("image")) or _address(item.get("banner_image")),
        language=_string(item.get("language")),
    )
    for field, name, kind in (
        ("content_html", "encoded", "html"),
        ("content_text", "content", "text"),
        ("summary", "summary", "text"),
    ):
        value = _string(item.get(field)).strip()
        if value:
            entry.texts[name] = RawText(value, "html" if kind == "html" else "text")
    return entry


def _own(address: Any) -> RawLink:
    return RawLink(_address(address), own=True)


def _attachments(item: dict[str, Any]) -> list[RawLink]:
    found = [one for one in _list(item.get("attachments")) if isinstance(one, dict)]
    return [
        RawLink(
            href=_address(one.get("url")),
            rel="enclosure",
            type=_string(one.get("mime_type")).lower(),
            length=_string(one.get("size_in_bytes")),
        )
        for one in found
    ]


def _authors(item: dict[str, Any]) -> list[str]:
    """`authors` of version 1.1, `author` of 1.0; one author alone may stand where a list belongs (miniflux/v2#3991)."""
    several = item.get("authors")
    found = [*(_list(several) or [several]), item.get("author")]
    return [_string(one.get("name")) for one in found if isinstance(one, dict)]


def _list(found: Any) -> list[Any]:
    return found if isinstance(found, list) else []


def _string(found: Any) -> str:
    """Text as it is, numbers as text (an id may be one: version 1.0 asks readers to coerce), all else nothing."""
    if isinstance(found, bool):
        return ""
    if isinstance(found, float) and found.is_integer() and abs(found) < 1e15:
        found = int(found)
    if isinstance(found, int | float):
        return str(found)
    if not isinstance(found, str):
        return ""
    # JSON can escape half of a surrogate pair, which no encoding of ours could write, and control codes.
    text = found if found.isascii() else found.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return FORBIDDEN.sub("", text)


def _address(found: Any) -> str:
    """A number is no address, though it would make a relative one."""
    return _string(found) if isinstance(found, str) else ""
