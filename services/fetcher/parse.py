"""A feed's bytes → its record: right on what publishers really send, bounded in time and memory, and quick.

The way of a document: its encoding is decided, its beginning and end are found, small faults are repaired. What is
well-formed and of a usual shape then goes through the quick reader; what is broken is balanced and, like everything
that is in doubt, read by feedparser (the careful reader). Both give the same raw fields, which are finished once.
"""

from __future__ import annotations

from typing import Any, Final

from schemas.errors import ErrorKind
from services.fetcher.parsing.encoding import decode
from services.fetcher.parsing.finish import finish
from services.fetcher.parsing.jsonfeed import read_json
from services.fetcher.parsing.model import ENCODING_REPLACED, Limits, ParsedFeed, ParseError
from services.fetcher.parsing.prologue import open_document, start_of
from services.fetcher.parsing.readers import prepare, read

__all__ = ["WHOLE", "Limits", "ParseError", "ParsedFeed", "normal_form", "parse"]

WHOLE: Final = Limits(entries_max=10_000)
"""For people who look at a document: all its entries, not only as many as a record carries."""

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
    prepared = prepare(open_document(decoded.text, start), limits)
    raw, reader = read(prepared, url, limits)
    return finish(raw, url, limits, warnings | prepared.warnings, reader)


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
