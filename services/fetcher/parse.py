"""A feed's bytes → its record: right on what publishers really send, bounded in time and memory, and quick.

The way of a document: its encoding is decided, its beginning and end are found, small faults are repaired. What is
well-formed and of a usual shape then goes through the quick reader; what is broken is balanced and, like everything
that is in doubt, read by feedparser (the careful reader). Both give the same raw fields, which are finished once.
"""

from __future__ import annotations

from typing import Any, Final
from xml.sax import SAXException

from lxml import etree

from schemas.errors import ErrorKind
from services.fetcher.parsing.balance import balanced
from services.fetcher.parsing.careful import read_carefully
from services.fetcher.parsing.encoding import decode
from services.fetcher.parsing.finish import finish
from services.fetcher.parsing.jsonfeed import read_json
from services.fetcher.parsing.model import (
    ENCODING_REPLACED,
    MALFORMED_XML,
    TRUNCATED,
    Limits,
    ParsedFeed,
    ParseError,
)
from services.fetcher.parsing.page import Doubt
from services.fetcher.parsing.prologue import Document, open_document, start_of
from services.fetcher.parsing.quick import read_quickly, tree_of
from services.fetcher.parsing.raw import RawFeed
from services.fetcher.parsing.repair import repaired

__all__ = ["Limits", "ParseError", "ParsedFeed", "normal_form", "parse"]

_DEFAULT: Final = Limits()


def parse(body: bytes, *, content_type: str | None, url: str | None, limits: Limits = _DEFAULT) -> ParsedFeed:
    """The record of a feed. `body` is unpacked; `content_type` is the header as sent; `url` is where it came from.

    Raises `ParseError` with one of EMPTY_BODY, NOT_A_FEED, MALFORMED, TRUNCATED, TOO_LARGE, UNSAFE_XML, BAD_JSON;
    nothing else, whatever the document holds.
    """
    try:
        return _parse(body, content_type, url, limits)
    except ParseError:
        raise
    except Exception as error:  # a document must never stop a worker
        raise ParseError(
            ErrorKind.MALFORMED, f"the document cannot be read: {type(error).__name__}: {error}"[:300]
        ) from error


def _parse(body: bytes, content_type: str | None, url: str | None, limits: Limits) -> ParsedFeed:
    if len(body) > limits.body_bytes_max:
        raise ParseError(ErrorKind.TOO_LARGE, f"the document has {len(body)} bytes, over {limits.body_bytes_max}")
    decoded = decode(body, content_type)
    warnings = {ENCODING_REPLACED} if decoded.replaced else set()
    start = start_of(decoded.text)
    if decoded.text[start] in "{[":
        return finish(read_json(decoded.text[start:], limits.entries_max), url, limits, warnings, "json")
    document = open_document(decoded.text, start)
    return _parse_xml(document, url, limits, warnings)


def _parse_xml(document: Document, url: str | None, limits: Limits, warnings: set[str]) -> ParsedFeed:
    xml = document.xml
    if document.junk:
        warnings.add(MALFORMED_XML)
    if document.entities:
        xml = repaired(xml, document.entities)
    root = _tree(xml, limits) if document.closed else None
    if root is None:
        warnings.add(MALFORMED_XML)
        xml = repaired(xml, document.entities)
        root = _tree(xml, limits) if document.closed else None
    if root is not None:
        try:
            return finish(_quick(root, xml, url, limits), url, limits, warnings, "quick")
        except Doubt:
            pass
    else:
        xml = _balanced(xml, limits, warnings)
    return finish(_careful(xml, url, limits, warnings), url, limits, warnings, "careful")


def _tree(xml: str, limits: Limits) -> etree._Element | None:
    return tree_of(xml.encode()) if xml.count("<") <= limits.tags_max else None


def _quick(root: etree._Element, xml: str, url: str | None, limits: Limits) -> RawFeed:
    return read_quickly(root, url, bases="xml:base" in xml, langs="xml:lang" in xml, entries_max=limits.entries_max)


def _balanced(xml: str, limits: Limits, warnings: set[str]) -> str:
    result = balanced(xml, limits)
    if result.cut:
        warnings.add(TRUNCATED)
        if result.entries == 0:
            raise ParseError(ErrorKind.TRUNCATED, "the document ends before its first entry does")
    return result.xml


def _careful(xml: str, url: str | None, limits: Limits, warnings: set[str]) -> RawFeed:
    try:
        return read_carefully(xml.encode(), url, limits.entries_max)
    except SAXException as error:
        raise ParseError(ErrorKind.MALFORMED, f"the document is too broken to read: {error}"[:300]) from None


def normal_form(parsed: ParsedFeed) -> dict[str, Any]:
    """The record as plain values, in the form that `pressroom parse` prints and the cases compare."""
    return {
        "feed": {"title": parsed.source.title, "link": parsed.source.home},
        "entries": [
            {
                "id": entry.id,
                "title": entry.title,
                "link": entry.link,
                "published": entry.published.strftime("%Y-%m-%dT%H:%M:%SZ") if entry.published else None,
                "summary": entry.summary,
                "content_html": entry.content_html,
            }
            for entry in parsed.entries
        ],
        "warnings": list(parsed.warnings),
    }
