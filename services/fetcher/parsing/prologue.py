"""Where the feed begins and ends in a text, and what its DOCTYPE declares; or what it is instead of a feed."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Final

from schemas.errors import ErrorKind
from services.fetcher.parsing.doctype import Doctype, read_doctype
from services.fetcher.parsing.model import ParseError

HEAD_CHARS_MAX: Final = 100_000
"""So much junk may stand before a feed; a feed that has not begun by then is none."""

_ROOT: Final = re.compile(r"<((?:[A-Za-z_][\w.-]{0,30}:)?(?:rss|rdf|feed|channel|entry))(?=[\s/>])", re.IGNORECASE)
_ROOT_AFTER_JUNK: Final = re.compile(
    r"<\?xml\s[^<>]{0,200}>\s{0,200}(?=<[A-Za-z!?])|<rss>"
    r"|<(?:rss|(?:\w{1,30}:)?rdf|feed)\s(?=[^<>]{0,2000}(?:xmlns|version)\b)",
    re.IGNORECASE,
)
_WEB_PAGE: Final = re.compile(r"<(?:!doctype\s{1,20}html|html)\b", re.IGNORECASE)
_DECLARATION: Final = re.compile(r"<\?xml\s[^<>]{0,300}>", re.IGNORECASE)
"""With "?>" or, as some scripts write it, with ">" alone."""

_SPACE: Final = re.compile(r"[\s\ufeff\u200b\0]*")


@dataclass(frozen=True, slots=True)
class Document:
    """The feed's own part of a text: from the root's start tag to its end tag, or to the end where that is missing."""

    xml: str
    root: str
    entities: dict[str, str] = field(default_factory=dict)
    closed: bool = True
    junk: bool = False
    """Something that is no XML stood before or after."""


def start_of(text: str) -> int:
    """The place of the first character that is no white space. Raises `ParseError(EMPTY_BODY)`."""
    match = _SPACE.match(text)
    start = match.end() if match else 0
    if start == len(text):
        raise ParseError(ErrorKind.EMPTY_BODY, "the document is empty")
    return start


def open_document(text: str, start: int) -> Document:
    """Find the feed in `text`. Raises `ParseError` when there is none, or when its DOCTYPE is an attack."""
    place, doctype = _past_prologue(text, start)
    root = _ROOT.match(text, place)
    junk = root is None
    if root is None:
        place = _after_junk(text, place)
        place, doctype = _past_prologue(text, place)
        root = _ROOT.match(text, place)
    if root is None:
        raise _no_feed(text, start)
    end, closed, junk_after = _end(text, root)
    return Document(text[place:end], root[1], doctype.entities, closed, junk or junk_after)


def _past_prologue(text: str, place: int) -> tuple[int, Doctype]:
    """Past the XML declaration, comments, instructions and the DOCTYPE (XML 1.0 section 2.8)."""
    doctype = Doctype({}, place)
    while True:
        match = _SPACE.match(text, place)
        place = match.end() if match else place
        if declaration := _DECLARATION.match(text, place):
            end = after = declaration.end()
        elif text.startswith("<!--", place):
            end = text.find("-->", place + 4)
            after = end + 3
        elif text.startswith("<?", place):
            end = text.find("?>", place + 2)
            after = end + 2
        elif text[place : place + 9].upper() == "<!DOCTYPE":
            doctype = read_doctype(text, place)
            end = after = doctype.end
        else:
            return place, doctype
        if end < 0:
            return place, doctype
        place = after


def _after_junk(text: str, place: int) -> int:
    match = _ROOT_AFTER_JUNK.search(text, place, place + HEAD_CHARS_MAX)
    page = _WEB_PAGE.search(text, place, match.start() if match else place)
    if match is None or page is not None:
        raise _no_feed(text, place)
    return match.start()


def _end(text: str, root: re.Match[str]) -> tuple[int, bool, bool]:
    """(where the document ends, whether its root is closed, whether junk follows)."""
    name = root[1]
    close = f"</{name}"
    place = text.rfind(close)
    if place < root.end():
        place = text.lower().rfind(close.lower(), root.end())
    end = text.find(">", place) + 1 if place >= 0 else 0
    if place < 0 or end == 0 or text[place + len(close) : end - 1].strip():
        tag_end = text.find(">", root.end())
        if tag_end > 0 and text[tag_end - 1] == "/":  # <rss/>
            return tag_end + 1, True, False
        return len(text), False, False
    after = text[end:].strip("\ufeff\0 \t\r\n")
    return end, True, bool(after) and not after.startswith(("<!--", "<?"))


def _no_feed(text: str, place: int) -> ParseError:
    what = "a web page" if _WEB_PAGE.search(text, place, place + 2000) else "something else"
    first = " ".join(text[place : place + 80].split())
    return ParseError(ErrorKind.NOT_A_FEED, f"the document is no feed but {what}; it begins with {first!r}")
