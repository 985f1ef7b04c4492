"""What parsing takes and gives: the limits, the result, the error."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from schemas.errors import ErrorKind
from schemas.records import ENTRIES_MAX, Entry, Hints, Source

TRUNCATED: Final = "truncated"
MALFORMED_XML: Final = "malformed_xml"
ENCODING_REPLACED: Final = "encoding_replaced"
"""The documented warnings: cut off before its end; not well-formed XML, read all the same; bytes that no encoding
explains became U+FFFD or were read as windows-1252."""

Reader = Literal["quick", "careful", "json"]


class ParseError(Exception):
    """The document gives no record. `kind` is of the documented list, the text says what was found and where."""

    def __init__(self, kind: ErrorKind, message: str) -> None:
        super().__init__(message)
        self.kind = kind


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds on what one document may cost and give. Characters are Unicode code points."""

    body_bytes_max: int = 10_000_000
    entries_max: int = ENTRIES_MAX
    title_chars_max: int = 1000
    summary_chars_max: int = 2000
    content_chars_max: int = 65_536
    html_chars_max: int = 3_000_000
    """How much HTML of one document is cleaned, all entries together; after that entries come without texts."""
    faults_max: int = 300_000
    """How many references, comments and other places of repair a document may have; with more, only its beginning
    is repaired."""
    repair_chars_max: int = 2_000_000
    """How much of a broken document is balanced; what follows is cut off and the result says so."""
    tags_quick_max: int = 400_000
    """Over so many, no tree is built of a document at once (100 bytes and more for each)."""
    tags_careful_max: int = 100_000
    """How many tags the careful reader is given; it needs 10 µs for each element."""


@dataclass(frozen=True, slots=True)
class ParsedFeed:
    """A document read and cleaned. Entries keep the document's order; `complete` is false when it was cut off."""

    source: Source
    entries: tuple[Entry, ...]
    hints: Hints
    warnings: tuple[str, ...]
    self_url: str | None
    """The address that the feed gives as its own (atom:link rel=self, JSON feed_url); not trusted, only told."""
    reader: Reader

    @property
    def complete(self) -> bool:
        return TRUNCATED not in self.warnings
